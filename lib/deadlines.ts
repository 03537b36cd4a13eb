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

/**
 * Watches one connection with one timer. Activity only notes the time; the timer looks at it when it fires and sleeps on for what
 * is left, so that a busy connection pays for a clock reading and not for a timer per message.
 */
export class Deadlines {
  #patience: Patience;
  #onExpired: (limit: keyof Patience) => void;
  #on: boolean;
  #activeAt = performance.now();
  #wroteAt = this.#activeAt;
  #reading = false;
  #writing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onExpired Called once, with the limit that was reached. */
  constructor(patience: Patience, onExpired: (limit: keyof Patience) => void) {
    this.#patience = patience;
    this.#onExpired = onExpired;
    this.#on = patience.idle > 0 || patience.stall > 0;
    this.#look();
  }

  /** A read begins (`true`) or has ended. */
  reading(on: boolean): void {
    this.#reading = on;
    if (this.#on) this.#activeAt = performance.now();
  }

  /** A write begins or has made progress (`true`), or all is written. */
  writing(on: boolean): void {
    this.#writing = on;
    if (this.#on) this.#activeAt = this.#wroteAt = performance.now();
  }

  /** Ends the watch. */
  stop(): void {
    this.#on = false;
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (!this.#on) return;
    const now = performance.now();
    const { idle, stall } = this.#patience;
    const untilIdle = idle === 0 ? Infinity : this.#reading ? this.#activeAt + idle - now : idle;
    const untilStall = stall === 0 ? Infinity : this.#writing ? this.#wroteAt + stall - now : stall;
    const left = Math.min(untilIdle, untilStall);
    if (left > 0) {
      this.#timer = setTimeout(() => this.#look(), Math.max(1, left));
      return;
    }
    this.stop();
    this.#onExpired(untilStall <= 0 ? "stall" : "idle");
  }
}
