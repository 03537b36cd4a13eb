/**
 * Which of several servers to try next, when, and for how long. Pure.
 *
 * @module
 */

/** The wait after the first round in which no server answered, and the longest (ms). */
const FIRST_WAIT = 200;
const MAX_WAIT = 5000;
/** A connection that lasted this long (ms) was a good one: after it the waits start anew. */
const LASTING = 5000;

/** Options of {@linkcode Rounds}. */
export interface RoundsOptions {
  /** How many servers there are. */
  readonly servers: number;
  /** How long to go on without a connection (ms); may be infinite. */
  readonly giveUp: number;
  /** When it begins (ms, monotonic). */
  readonly now: number;
  /** A random number, 0 up to 1: clients that lost the same server should not all come back in the same moment. */
  readonly random?: () => number;
}

/** The next attempt. */
export interface Attempt {
  /** Which server. */
  readonly server: number;
  /** How long to wait before (ms). */
  readonly wait: number;
}

/**
 * Goes round the servers: at once to the next one, and with a growing wait after each round without an answer.
 *
 * @example Usage
 * ```ts
 * import { Rounds } from "./rounds.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rounds = new Rounds({ servers: 2, giveUp: 60_000, now: 0, random: () => 1 });
 * assertEquals(rounds.next(0), { server: 0, wait: 0 });
 * assertEquals(rounds.next(1), { server: 1, wait: 0 });
 * assertEquals(rounds.next(2), { server: 0, wait: 200 });
 * assertEquals(rounds.next(60_000), null);
 * ```
 */
export class Rounds {
  #options: RoundsOptions;
  #server = -1;
  /** Attempts since the last connection that lasted. */
  #attempts = 0;
  /** Since when there has been no connection; `null` = there is one. */
  #without: number | null;
  #connectedAt = 0;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#without = options.now;
  }

  /** There is a connection. */
  connected(now: number): void {
    this.#connectedAt = now;
    this.#without = null;
  }

  /** The next attempt, the last one having failed or its connection being lost; `null` = give up. */
  next(now: number): Attempt | null {
    const { servers, giveUp } = this.#options;
    if (this.#without === null) {
      this.#without = now;
      if (now - this.#connectedAt >= LASTING) this.#attempts = 0;
    }
    const left = this.#without + giveUp - now;
    if (left <= 0) return null;
    const wait = Math.min(this.#wait(), left);
    this.#attempts++;
    this.#server = (this.#server + 1) % servers;
    return { server: this.#server, wait };
  }

  /** After each round a wait, twice as long as the last one; half of it is left to chance. */
  #wait(): number {
    const { servers, random = Math.random } = this.#options;
    const round = this.#attempts / servers;
    if (round < 1 || !Number.isInteger(round)) return 0;
    const wait = Math.min(FIRST_WAIT * 2 ** (round - 1), MAX_WAIT);
    return Math.round(wait * (0.5 + random() / 2));
  }
}
