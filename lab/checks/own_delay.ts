/**
 * How long this program was kept from running.
 *
 * @module
 */
import { cpuUsage } from "node:process";

/** How late this program may be (ms) until what it did not see in time says nothing, and how often it then looks in all. */
export const LATE = 150;
export const TRIES = 3;
/** How often the clock ticks (ms). */
const TICK = 25;

/** How long this program was kept from running at worst (ms), until now. */
export interface Delay extends Disposable {
  readonly worst: number;
}

/**
 * Measures how long this program was kept from running, from now until it is disposed of. Where that was a second, a second in which
 * nothing was read says nothing about who was to send. What it worked itself, however long, does not count: that is the same each time.
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
export class OwnDelay implements Delay {
  #worst = 0;
  #last = performance.now();
  #worked = worked();
  #timer = setInterval(() => this.#tick(), TICK);

  /** The worst delay until now (ms). */
  get worst(): number {
    this.#tick();
    return this.#worst;
  }

  #tick(): void {
    const [now, all] = [performance.now(), worked()];
    this.#worst = Math.max(this.#worst, now - this.#last - TICK - (all - this.#worked));
    [this.#last, this.#worked] = [now, all];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** How long this program has worked (ms). */
function worked(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
