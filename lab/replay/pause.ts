/**
 * Waiting, for a time or for something else.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";

/** What may end a pause sooner. */
export interface PauseOptions {
  readonly signal?: AbortSignal | undefined;
  readonly until?: Promise<void> | undefined;
  readonly time?: TimeSource;
}

/**
 * Waits `ms` (`Infinity`: for ever), or until a promise resolves; returns whether it has.
 *
 * @throws The signal's reason.
 */
export async function pause(
  ms: number,
  { signal, until, time = SYSTEM_TIME }: PauseOptions = {},
): Promise<boolean> {
  signal?.throwIfAborted();
  if (ms <= 0) return false;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  const cancel = ms === Infinity ? () => {} : time.after(ms, () => resolve(false));
  until?.then(() => resolve(true));
  try {
    return await promise;
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
  }
}
