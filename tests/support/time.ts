/**
 * Time that a test advances.
 *
 * @module
 */
import type { TimeSource } from "../../lib/time.ts";

/** Waits for one turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Waits until promises have settled that only wait for each other: a turn for code without I/O, many times as fast. */
export async function quickTurn(): Promise<void> {
  for (let step = 0; step < 1000; step++) await Promise.resolve();
}

/** A fake clock with timers. */
export class TestTime implements TimeSource {
  #turn: () => Promise<void>;
  #now = 0;
  #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  /** @param turned Waits for what a timer has set off. */
  constructor(turned: () => Promise<void> = turn) {
    this.#turn = turned;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Advances the clock, timer by timer, with a turn of the event loop before the first and after each. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.#turn();
      const [next] = [...this.#timers].toSorted((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.callback();
    }
    this.#now = end;
  }

  /** Advances the clock without running timers, as while the process is suspended: timers that fall due fire late. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
