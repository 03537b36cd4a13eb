/**
 * How late this program itself was. Pure.
 *
 * @module
 */

/** How late this program may be (ms) until what it did not see in time says nothing, and how often it then looks in all. */
export const LATE = 250;
export const TRIES = 3;
/** How often the clock ticks (ms). */
const TICK = 25;

/**
 * Measures how late the event loop was, from now until it is disposed of. Where it did not run for a second, a second in which nothing
 * was read says nothing about who was to send.
 *
 * @example Usage
 * ```ts
 * import { OwnDelay } from "./own_delay.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using delay = new OwnDelay();
 * assertEquals(delay.worst < 1000, true);
 * ```
 */
export class OwnDelay implements Disposable {
  #worst = 0;
  #last = performance.now();
  #timer = setInterval(() => this.#tick(), TICK);

  /** The worst delay until now (ms). */
  get worst(): number {
    this.#tick();
    return this.#worst;
  }

  #tick(): void {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#last - TICK);
    this.#last = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
