/**
 * One clock for all connections of a server: it provides the date and checks time limits.
 *
 * @module
 */
import { SUSPEND_THRESHOLD } from "../../lib/deadlines.ts";
import { Bag } from "../../lib/bag.ts";
import { dateLine } from "../answer/answer.ts";
import { ascii } from "../answer/bytes.ts";
import { NOTHING } from "../request/syntax.ts";

/** A session with time limits. */
export interface TickListener {
  /** Checks the limits. */
  onTick(): void;
}

/** Ticks per shortest limit. */
const TICKS_PER_LIMIT = 10;
const MIN_TICK = 10;
const MAX_TICK = 500;

/**
 * Ticks while it has listeners. A timer per connection, or reading the system clock for each request, would cost more than all other
 * timekeeping here; to be a tick late (a tenth of a limit, at most half a second) is acceptable.
 */
export class Clock {
  /** Milliseconds that this process has run, as of the last tick; only differences are meaningful. */
  now = performance.now();
  /** The last reading of the monotonic clock. */
  #readAt = this.now;
  /** The current `Date` field line. */
  date = NOTHING;
  /** The time that it tells, in whole seconds since 1970. */
  second = 0;
  readonly #tick: number;
  #listeners = new Bag<TickListener>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param limits The limits to check, in milliseconds; 0 = none. */
  constructor(limits: readonly number[]) {
    const shortest = Math.min(MAX_TICK * TICKS_PER_LIMIT, ...limits.filter((limit) => limit > 0));
    this.#tick = Math.max(MIN_TICK, shortest / TICKS_PER_LIMIT);
  }

  /** Adds a listener; returns its place for {@linkcode Clock.unsubscribe}. */
  subscribe(listener: TickListener): number {
    const place = this.#listeners.add(listener);
    if (this.#timer !== undefined) return place;
    this.#read();
    this.#timer = setInterval(() => {
      this.#read();
      for (const each of this.#listeners) each.onTick();
    }, this.#tick);
    return place;
  }

  /** Removes a listener; the clock stops after the last one. */
  unsubscribe(place: number): void {
    this.#listeners.remove(place);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether a wait since `since` (a value of {@linkcode Clock.now}) has exceeded `limit`; never early. */
  hasPassed(since: number, limit: number): boolean {
    return limit > 0 && this.now - since >= limit + this.#tick;
  }

  #read(): void {
    const at = performance.now();
    const elapsed = at - this.#readAt;
    // Time in which the process was suspended does not count: the clients' bytes may have arrived meanwhile.
    this.now += elapsed > this.#tick + SUSPEND_THRESHOLD ? this.#tick : elapsed;
    this.#readAt = at;
    const time = Date.now();
    const second = Math.floor(time / 1000);
    if (second === this.second) return;
    this.second = second;
    this.date = ascii(dateLine(time));
  }
}
