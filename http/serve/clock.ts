/**
 * One clock for all connections of a server: it knows the date, and tells those who wait when it has been too long.
 *
 * @module
 */
import { SUSPEND_THRESHOLD } from "../../lib/deadlines.ts";
import { Bag } from "../../lib/bag.ts";
import { dateLine } from "../answer/answer.ts";
import { ascii } from "../answer/bytes.ts";
import { NOTHING } from "../request/syntax.ts";

/** Somebody who waits now and then. */
export interface Waiting {
  /** Looks whether its wait has become too long. */
  look(): void;
}

/** The clock ticks so many times in the shortest limit. */
const TICKS = 10;
const SHORTEST_TICK = 10;
const LONGEST_TICK = 500;

/**
 * Ticks while somebody is watched. A timer per connection, or a look at the system's clock per request, would cost more than all
 * else that is done about time here; a tick late (a tenth of a limit, half a second at most) is early enough.
 */
export class Clock {
  /** Milliseconds in which this process ran, as of the last tick: a clock that only differences are taken of. */
  now = performance.now();
  /** When the clock was read last (monotonic). */
  #readAt = this.now;
  /** The `Date` field of an answer that is given now: a line of it. */
  date = NOTHING;
  #second = 0;
  readonly #tick: number;
  #watched = new Bag<Waiting>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param limits The limits to be kept, in milliseconds; 0 = none. */
  constructor(limits: readonly number[]) {
    const shortest = Math.min(LONGEST_TICK * TICKS, ...limits.filter((limit) => limit > 0));
    this.#tick = Math.max(SHORTEST_TICK, shortest / TICKS);
  }

  /** Begins to watch; returns what {@linkcode Clock.leave} wants to have. */
  watch(waiting: Waiting): number {
    const place = this.#watched.add(waiting);
    if (this.#timer !== undefined) return place;
    this.#read();
    this.#timer = setInterval(() => {
      this.#read();
      for (const each of this.#watched) each.look();
    }, this.#tick);
    return place;
  }

  /** Watches no longer; with the last one the clock stops. */
  leave(place: number): void {
    this.#watched.remove(place);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells whether a wait since `since` (a value of {@linkcode Clock.now}) has passed `limit`; never early. */
  isOver(since: number, limit: number): boolean {
    return limit > 0 && this.now - since >= limit + this.#tick;
  }

  #read(): void {
    const at = performance.now();
    const elapsed = at - this.#readAt;
    // Clients whose bytes wait already are not to blame for a process that was stopped.
    this.now += elapsed > this.#tick + SUSPEND_THRESHOLD ? this.#tick : elapsed;
    this.#readAt = at;
    const time = Date.now();
    const second = Math.floor(time / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.date = ascii(dateLine(time));
  }
}
