/**
 * Time limits on a slow or silent peer.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "./time.ts";

/** How long we wait for a peer, in milliseconds; 0 = for ever. */
export interface WaitLimits {
  /** Idle limit: no data in either direction while a read is pending. */
  readonly idle: number;
  /** A write is stalled: the peer does not read. */
  readonly stall: number;
  /** A message is still incomplete, even if its bytes keep trickling in. */
  readonly message?: number;
}

/** Checks per stall limit: a stall is noticed at most a quarter of the limit late. */
const CHECKS_PER_STALL = 4;
/** A timer that fires this late (ms) means that the process did not run: it was stopped, or the machine was suspended. */
export const SUSPEND_THRESHOLD = 500;
/** Time to read what is already buffered after such a suspension (ms); less if the limit itself is shorter. */
const GRACE = 1000;

/**
 * Watches one connection with one timer. Activity only updates timestamps; the timer checks them when it fires and re-arms itself,
 * unless only writes are limited and none is pending: thousands of idle connections would wake the process all the time.
 * A busy connection therefore sets no timer per message and reads the clock only if it has an idle limit. Time during which the
 * process was suspended does not count.
 */
export class Deadlines {
  #limits: WaitLimits;
  #onExpired: (limit: keyof WaitLimits, ms: number) => void;
  #activeAt = 0;
  #reading = false;
  #writing = false;
  /** Counts the progress of all writes; a stalled write leaves it unchanged. */
  #steps = 0;
  #stepsSeen = -1;
  #stalledSince = 0;
  /** When the current message began; `null` = between messages. */
  #messageStart: number | null = null;
  /** When the timer should fire; `Infinity` = there is none yet, `-Infinity` = there will be none. */
  #due = Infinity;
  #time: TimeSource;
  #cancel: (() => void) | null = null;

  /**
   * @param onExpired Called once, with the limit that expired and its length.
   * @param time The system clock; tests pass their own.
   */
  constructor(limits: WaitLimits, onExpired: (limit: keyof WaitLimits, ms: number) => void, time = SYSTEM_TIME) {
    this.#time = time;
    this.#limits = limits;
    this.#onExpired = onExpired;
    if (!this.#always) return;
    this.#activeAt = this.#time.now();
    this.#check();
  }

  /** A read starts (`true`) or has completed. */
  reading(on: boolean): void {
    this.#reading = on;
    if (on && this.#limits.idle > 0) this.#activeAt = this.#time.now();
  }

  /** A write starts or makes progress (`true`), or is complete. */
  writing(on: boolean): void {
    this.#writing = on;
    this.#steps++;
    if (on && this.#due === Infinity && this.#limits.stall > 0) this.#check();
    if (this.#limits.idle > 0) this.#activeAt = this.#time.now();
  }

  /** The next message has begun (`true`; repeated calls are harmless), or is complete. */
  message(begun: boolean): void {
    if (!begun) this.#messageStart = null;
    else if (this.#limits.message) this.#messageStart ??= this.#time.now();
  }

  /** A read has completed, and with it the message. */
  received(): void {
    this.reading(false);
    this.message(false);
  }

  /** Cancels the timer for good. */
  stop(): void {
    this.#cancel?.();
    this.#due = -Infinity;
  }

  /** Whether the timer runs all the time: without an idle or message limit, only a write needs it. */
  get #always(): boolean {
    return this.#limits.idle > 0 || (this.#limits.message ?? 0) > 0;
  }

  #check(): void {
    if (!this.#writing && !this.#always) {
      this.#due = Infinity;
      // It holds the timer that has fired.
      this.#cancel = null;
      return;
    }
    const now = this.#time.now();
    if (now - this.#due > SUSPEND_THRESHOLD) this.#wakeUp(now);
    const untilIdle = this.#untilIdle(now);
    const untilStall = this.#untilStall(now);
    const untilMessageDue = this.#untilMessageDue(now);
    if (untilStall <= 0) return this.#expired("stall");
    if (untilIdle <= 0) return this.#expired("idle");
    if (untilMessageDue <= 0) return this.#expired("message");
    const next = Math.min(untilIdle, untilStall, untilMessageDue, this.#limits.stall / CHECKS_PER_STALL || Infinity);
    this.#due = now + next;
    this.#cancel = this.#time.after(Math.max(1, next), () => this.#check());
  }

  #expired(limit: keyof WaitLimits): void {
    this.#onExpired(limit, this.#limits[limit] ?? 0);
  }

  /** Moves all timestamps forward by the time suspended, and far enough to leave the grace period. */
  #wakeUp(now: number): void {
    const suspended = now - this.#due;
    const moved = (mark: number, limit: number): number =>
      Math.min(now, Math.max(mark + suspended, now + Math.min(GRACE, limit) - limit));
    this.#activeAt = moved(this.#activeAt, this.#limits.idle);
    this.#stalledSince = moved(this.#stalledSince, this.#limits.stall);
    if (this.#messageStart !== null) this.#messageStart = moved(this.#messageStart, this.#limits.message ?? 0);
  }

  #untilIdle(now: number): number {
    const { idle } = this.#limits;
    if (idle === 0) return Infinity;
    return this.#reading ? this.#activeAt + idle - now : idle;
  }

  #untilStall(now: number): number {
    const { stall } = this.#limits;
    if (stall === 0) return Infinity;
    if (!this.#writing || this.#steps !== this.#stepsSeen) {
      this.#stepsSeen = this.#steps;
      this.#stalledSince = now;
    }
    return this.#stalledSince + stall - now;
  }

  #untilMessageDue(now: number): number {
    const { message = 0 } = this.#limits;
    if (message === 0) return Infinity;
    return this.#messageStart === null ? message : this.#messageStart + message - now;
  }
}
