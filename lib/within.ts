/**
 * Waiting with a limit.
 *
 * @module
 */

const LATE = Symbol("late");

/**
 * Waits for a promise, but no longer than `ms`; tells whether it was in time. Its timer ends with the wait.
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
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>((resolve) => timer = setTimeout(() => resolve(LATE), ms));
  try {
    return await Promise.race([promise, late]) !== LATE;
  } finally {
    clearTimeout(timer);
  }
}
