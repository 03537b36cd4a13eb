/**
 * Keeps a crowd that comes or goes from drowning what is said: beyond a rate, only its number is told. Pure but for the clock.
 *
 * Each arrival goes to every member, so ten thousand at once would be a hundred million lines.
 *
 * @module
 */
import { RateLimit } from "./pace.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";

/** A room of so many hears every name: what is told grows with the square of the room only beyond. */
const SMALL_ROOM = 100;
/** How many arrivals and departures per second are told by name, and twenty times as many at once. */
const RATE = 5;
/** How long the others are counted before their number is told (ms). */
const COUNTED = 1000;

/** Decides which arrivals and departures are told by name. */
export class Crowd {
  #tell: (text: string) => void;
  #time: TimeSource;
  #limit: RateLimit;
  #joined = 0;
  #left = 0;
  /** Cancels the timer; `null` if nobody is counted. */
  #cancel: (() => void) | null = null;

  /** @param tell Tells how many have come or gone who were not told by name. */
  constructor(tell: (text: string) => void, time: TimeSource = SYSTEM_TIME) {
    this.#tell = tell;
    this.#time = time;
    this.#limit = new RateLimit(RATE, time.now());
  }

  /**
   * Whether to tell this one by name; if not, it was counted.
   *
   * @param hearers How many members there are to hear it.
   */
  passes(kind: "joined" | "left", hearers: number): boolean {
    const now = this.#time.now();
    // While some are counted, all are: their order would mean nothing.
    if (this.#cancel === null) {
      const within = this.#limit.tokens(now) >= 1;
      if (within) this.#limit.take(now);
      if (within || hearers <= SMALL_ROOM) return true;
    }
    if (kind === "joined") this.#joined++;
    else this.#left++;
    this.#cancel ??= this.#time.after(COUNTED, () => this.#report());
    return false;
  }

  /** Forgets those that were counted: nobody is here to be told. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#joined = this.#left = 0;
  }

  #report(): void {
    const parts = [];
    if (this.#joined > 0) parts.push(`${this.#joined} more joined`);
    if (this.#left > 0) parts.push(`${this.#left} more left`);
    this.close();
    this.#tell(parts.join(", "));
  }
}
