/**
 * Events of several threads in the order of their time.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "../time.ts";

/** How long an event waits for earlier ones of other threads, which send them in batches (ms), and how often that is checked. */
const WAIT = 50;
const TICK = 40;
/** The most events that wait: under load, holding them costs more than their order is worth. */
const MOST = 500;

/**
 * Passes events on in the order of their time, each at most {@linkcode WAIT} + {@linkcode TICK} ms after it arrived, and sooner if
 * {@linkcode MOST} wait. One that arrives later than that is passed on late. Events of the same millisecond stay in the order in which
 * they arrived.
 *
 * @example Usage
 * ```ts
 * import { TimeOrder } from "./time_order.ts";
 * import type { NetEvent } from "../events.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told: string[] = [];
 * const order = new TimeOrder<NetEvent>(({ event }) => told.push(event));
 * const now = Date.now();
 * order.push({ event: "stopping", signal: "SIGINT", at: now });
 * order.push({ event: "accepted", id: 1, peer: "192.0.2.1:50000", at: now - 3 });
 * order.flush();
 * assertEquals(told, ["accepted", "stopping"]);
 * ```
 */
export class TimeOrder<T extends { readonly at?: number }> {
  #pass: (event: T) => void;
  #time: TimeSource;
  #clock: () => number;
  /** By their millisecond, which costs less than sorting them. */
  #waiting = new Map<number, T[]>();
  #count = 0;
  #cancel: (() => void) | null = null;

  /**
   * @param pass Called for each event.
   * @param options The timers, and the clock from which events have their time (`Date.now`).
   */
  constructor(pass: (event: T) => void, options: { time?: TimeSource; clock?: () => number } = {}) {
    this.#pass = pass;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#clock = options.clock ?? Date.now;
  }

  /** Takes an event; without a time, it gets the current one. */
  push(event: T): void {
    const { at = this.#clock() } = event;
    const timed = event.at === undefined ? { ...event, at } : event;
    const millisecond = Math.floor(at);
    const others = this.#waiting.get(millisecond);
    if (others === undefined) this.#waiting.set(millisecond, [timed]);
    else others.push(timed);
    if (++this.#count >= MOST) return this.#passOn(() => true);
    this.#cancel ??= this.#time.after(TICK, () => this.#tick());
  }

  /** Passes on everything. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#passOn(() => true);
  }

  #tick(): void {
    this.#cancel = null;
    const now = this.#clock();
    // What seems to come from the future was stamped before the clock was set back: it must not wait until then.
    this.#passOn((at) => at <= now - WAIT || at > now);
    if (this.#waiting.size > 0) this.#cancel = this.#time.after(TICK, () => this.#tick());
  }

  #passOn(isDue: (at: number) => boolean): void {
    for (const at of [...this.#waiting.keys()].sort((one, other) => one - other)) {
      if (!isDue(at)) continue;
      const events = this.#waiting.get(at) ?? [];
      this.#waiting.delete(at);
      this.#count -= events.length;
      for (const event of events) this.#pass(event);
    }
  }
}
