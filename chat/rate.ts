/**
 * How fast one client may write. Pure: the caller brings the clock.
 *
 * @module
 */

/** How many seconds' worth of lines may come at once: a paste of 200 lines goes through at ten lines a second. */
const BURST = 20;

/**
 * A token bucket: a line costs a token, `rate` tokens come back per second, and as many as {@linkcode BURST} seconds bring are saved up.
 *
 * @example Usage
 * ```ts
 * import { RateLimit } from "./rate.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const limit = new RateLimit(1, 0);
 * for (let line = 0; line < 20; line++) assertEquals(limit.take(0), 0);
 * assertEquals(limit.take(0), 1000); // the 21st waits a second
 * ```
 */
export class RateLimit {
  #rate: number;
  #tokens: number;
  #at: number;

  /**
   * @param rate Lines per second; 0 = as many as come.
   * @param now The time in milliseconds.
   */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#tokens = rate * BURST;
    this.#at = now;
  }

  /**
   * Counts a line.
   *
   * @param now The time in milliseconds; it never runs backwards.
   * @returns How many milliseconds the line has to wait.
   */
  take(now: number): number {
    if (this.#rate === 0) return 0;
    this.#tokens = Math.min(this.#rate * BURST, this.#tokens + (now - this.#at) / 1000 * this.#rate) - 1;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#rate * 1000;
  }
}
