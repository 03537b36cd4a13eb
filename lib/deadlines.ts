/**
 * The two limits on a peer that keeps us waiting.
 *
 * @module
 */

/** How long a peer may keep a connection waiting, in milliseconds; 0 = for ever. */
export interface Patience {
  /** Nothing passes in either direction while we wait for the peer's word. */
  readonly idle: number;
  /** A write makes no progress: the peer does not read. */
  readonly stall: number;
}

/** The timer looks so many times per stall limit: the limit is kept to a quarter. */
const LOOKS = 4;

/**
 * Watches one connection with one timer. Activity only leaves a mark; the timer looks at the marks when it fires and sleeps on, so
 * that a busy connection pays for no timer per message, and for a clock reading only where there is an idle limit.
 */
export class Deadlines {
  #patience: Patience;
  #onExpired: (limit: keyof Patience) => void;
  #activeAt = 0;
  #reading = false;
  #writing = false;
  /** Counts the steps of all writes; a write that waits does not count on. */
  #steps = 0;
  #stepsSeen = -1;
  #stuckSince = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onExpired Called once, with the limit that was reached. */
  constructor(patience: Patience, onExpired: (limit: keyof Patience) => void) {
    this.#patience = patience;
    this.#onExpired = onExpired;
    if (patience.idle === 0 && patience.stall === 0) return;
    this.#activeAt = performance.now();
    this.#look();
  }

  /** A read begins (`true`), or the one that waited has ended. */
  reading(on: boolean): void {
    this.#reading = on;
    if (on && this.#patience.idle > 0) this.#activeAt = performance.now();
  }

  /** A write begins or has made progress (`true`), or all is written. */
  writing(on: boolean): void {
    this.#writing = on;
    this.#steps++;
    if (this.#patience.idle > 0) this.#activeAt = performance.now();
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const untilIdle = this.#untilIdle(now);
    const untilStall = this.#untilStall(now);
    if (untilStall <= 0) return this.#onExpired("stall");
    if (untilIdle <= 0) return this.#onExpired("idle");
    const next = Math.min(untilIdle, untilStall, this.#patience.stall / LOOKS || Infinity);
    if (next < Infinity) this.#timer = setTimeout(() => this.#look(), Math.max(1, next));
  }

  #untilIdle(now: number): number {
    const { idle } = this.#patience;
    if (idle === 0) return Infinity;
    return this.#reading ? this.#activeAt + idle - now : idle;
  }

  #untilStall(now: number): number {
    const { stall } = this.#patience;
    if (stall === 0) return Infinity;
    if (!this.#writing || this.#steps !== this.#stepsSeen) {
      this.#stepsSeen = this.#steps;
      this.#stuckSince = now;
    }
    return this.#stuckSince + stall - now;
  }
}
