/**
 * The limits on a peer that keeps us waiting.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "./time.ts";

/** How long a peer may keep a connection waiting, in milliseconds; 0 = for ever. */
export interface WaitLimits {
  /** Nothing passes in either direction while we wait for the peer's word. */
  readonly idle: number;
  /** A write makes no progress: the peer does not read. */
  readonly stall: number;
  /** A message that has begun is not complete, though its bytes may keep coming. */
  readonly message?: number;
}

/** The timer looks so many times per stall limit: the limit is kept to a quarter. */
const LOOKS = 4;
/** A timer that fires this late (ms) means that the process did not run: it was stopped, or the machine slept. */
export const SLEPT = 500;
/** How long after such a sleep a peer's words that already wait may take to be read (ms); less where the limit is shorter. */
const GRACE = 1000;

/**
 * Watches one connection with one timer. Activity only leaves a mark; the timer looks at the marks when it fires and sleeps on, so
 * that a busy connection pays for no timer per message, and for a clock reading only where there is an idle limit. Time in which the
 * process did not run does not count.
 */
export class Deadlines {
  #limits: Required<WaitLimits>;
  #onExpired: (limit: keyof WaitLimits, ms: number) => void;
  #activeAt = 0;
  #reading = false;
  #writing = false;
  /** Counts the steps of all writes; a write that waits does not count on. */
  #steps = 0;
  #stepsSeen = -1;
  #stuckSince = 0;
  /** When the message under way began; `null` = none is. */
  #begunAt: number | null = null;
  /** When the timer should fire. */
  #due = Infinity;
  #time: TimeSource;
  #cancel: () => void = () => {};

  /**
   * @param onExpired Called once, with the limit that was reached and how long it is.
   * @param time The system's, unless a test brings its own.
   */
  constructor(limits: WaitLimits, onExpired: (limit: keyof WaitLimits, ms: number) => void, time = SYSTEM_TIME) {
    this.#time = time;
    this.#limits = { message: 0, ...limits };
    this.#onExpired = onExpired;
    if (Object.values(limits).every((limit) => limit === 0)) return;
    this.#activeAt = this.#time.now();
    this.#look();
  }

  /** A read begins (`true`), or the one that waited has ended. */
  reading(on: boolean): void {
    this.#reading = on;
    if (on && this.#limits.idle > 0) this.#activeAt = this.#time.now();
  }

  /** A write begins or has made progress (`true`), or all is written. */
  writing(on: boolean): void {
    this.#writing = on;
    this.#steps++;
    if (this.#limits.idle > 0) this.#activeAt = this.#time.now();
  }

  /** The message that we wait for has begun (`true`, as often as that is noticed), or is complete. */
  message(begun: boolean): void {
    if (!begun) this.#begunAt = null;
    else if (this.#limits.message > 0) this.#begunAt ??= this.#time.now();
  }

  /** Ends the watch. */
  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const now = this.#time.now();
    if (now - this.#due > SLEPT) this.#wakeUp(now);
    const untilIdle = this.#untilIdle(now);
    const untilStall = this.#untilStall(now);
    const untilLate = this.#untilLate(now);
    if (untilStall <= 0) return this.#expired("stall");
    if (untilIdle <= 0) return this.#expired("idle");
    if (untilLate <= 0) return this.#expired("message");
    const next = Math.min(untilIdle, untilStall, untilLate, this.#limits.stall / LOOKS || Infinity);
    if (next === Infinity) return;
    this.#due = now + next;
    this.#cancel = this.#time.after(Math.max(1, next), () => this.#look());
  }

  #expired(limit: keyof WaitLimits): void {
    this.#onExpired(limit, this.#limits[limit]);
  }

  /** Moves all marks on by the time that was slept, and far enough to leave the grace. */
  #wakeUp(now: number): void {
    const slept = now - this.#due;
    const moved = (mark: number, limit: number): number =>
      Math.min(now, Math.max(mark + slept, now + Math.min(GRACE, limit) - limit));
    this.#activeAt = moved(this.#activeAt, this.#limits.idle);
    this.#stuckSince = moved(this.#stuckSince, this.#limits.stall);
    if (this.#begunAt !== null) this.#begunAt = moved(this.#begunAt, this.#limits.message);
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
      this.#stuckSince = now;
    }
    return this.#stuckSince + stall - now;
  }

  #untilLate(now: number): number {
    const { message } = this.#limits;
    if (message === 0) return Infinity;
    return this.#begunAt === null ? message : this.#begunAt + message - now;
  }
}
