/**
 * Waiting for a promise with a limit: a time, or a signal.
 *
 * @module
 */

import { SYSTEM_TIME, type TimeSource } from "./time.ts";

const LATE = Symbol("late");

/**
 * Waits at most `ms` for a promise; returns whether it settled in time. The timer is cleared either way.
 *
 * @example Usage
 * ```ts
 * import { within } from "./within.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await within(Promise.resolve(), 1000), true);
 * assertEquals(await within(new Promise(() => {}), 1), false);
 * ```
 */
export async function within(
  promise: Promise<unknown>,
  ms: number,
  time: TimeSource = SYSTEM_TIME,
): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<typeof LATE>((resolve) => cancel = time.after(ms, () => resolve(LATE)));
  try {
    return await Promise.race([promise, late]) !== LATE;
  } finally {
    cancel();
  }
}

/**
 * Waits for a promise until the signal aborts, and then throws its reason: for what cannot be cancelled, such as a lookup by the system,
 * which can take many seconds.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  // One that has aborted before tells nobody.
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort);
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
