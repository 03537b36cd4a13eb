/**
 * Rate limits for what clients send. Pure: the caller supplies the clock.
 *
 * @module
 */
import { encodeText } from "../../lib/text.ts";
import { escapeText } from "../protocol.ts";

/** A line costs one token per this many bytes sent on: a burst of 200 short lines equals one of 25 lines of 4 kB. */
export const BYTES_PER_TOKEN = 512;
/** The most bytes that one UTF-16 code unit of a line can become: those of an escaped `\u2028`. */
const MOST_PER_UNIT = 6;

/** The burst, in seconds of the rate: at ten lines a second, a paste of 200 lines passes without delay. */
const BURST = 20;

/** The cost of a line in tokens: it depends on the bytes that the others get, after escaping. */
export function lineCost(line: string): number {
  if (line.length * MOST_PER_UNIT <= BYTES_PER_TOKEN) return 1;
  return Math.max(1, Math.ceil(encodeText(escapeText(line)).length / BYTES_PER_TOKEN));
}

/**
 * A token bucket: a short line costs one token (see {@linkcode lineCost}), and `rate` tokens are added per second, up to
 * {@linkcode BURST} seconds' worth.
 *
 * @example Usage
 * ```ts
 * import { RateLimit } from "./pace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const limit = new RateLimit(1, 0);
 * for (let line = 0; line < 20; line++) assertEquals(limit.take(0), 0);
 * assertEquals(limit.take(0), 1000); // the 21st waits a second
 * ```
 */
export class RateLimit {
  #rate: number;
  #tokens: number;
  #at: number;

  /**
   * @param rate Lines per second; 0 = no limit.
   * @param now The time in milliseconds.
   * @param tokens The initial tokens (default: a full bucket, {@linkcode BURST} seconds' worth).
   */
  constructor(rate: number, now: number, tokens = rate * BURST) {
    this.#rate = rate;
    this.#tokens = tokens;
    this.#at = now;
  }

  /** The tokens available at a time. */
  tokens(now: number): number {
    return Math.min(this.#rate * BURST, this.#tokens + (now - this.#at) / 1000 * this.#rate);
  }

  /** How long (ms), from a time on, until a line may pass. */
  until(now: number): number {
    return this.#rate === 0 ? 0 : Math.max(0, (1 - this.tokens(now)) / this.#rate * 1000);
  }

  /**
   * Takes the tokens for a line.
   *
   * @param now The time in milliseconds; it never runs backwards.
   * @param cost Its cost in tokens.
   * @returns How long the line has to wait (ms).
   */
  take(now: number, cost = 1): number {
    if (this.#rate === 0) return 0;
    this.#tokens = this.tokens(now) - cost;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#rate * 1000;
  }
}

/** The longest that a new connection waits (ms); if it would be longer, it is refused. */
const LONGEST_WAIT = 5000;
/** With more addresses than this, those whose bucket is full again are forgotten; then again when there are twice as many as are left. */
const MANY = 1000;

/** Rate limits across connections: reconnecting does not refill a client's bucket. */
export class RateLimits {
  #rate: number;
  /** Per address, the emptiest bucket among the connections that have ended. */
  #left = new Map<string, RateLimit>();
  /** Arrivals per address: all its connections share one bucket, since each arrival is announced to the whole room. */
  #arrivals = new Map<string, RateLimit>();
  #many = { left: MANY, arrivals: MANY };

  /** @param rate Lines per second and connection; 0 = no limit. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** The limit for a new connection. Each connection from an address has its own, so that a class behind one router can talk. */
  enter(address: string, now: number): RateLimit {
    return new RateLimit(this.#rate, now, this.#left.get(address)?.tokens(now));
  }

  /**
   * Counts a new connection from an address: a class behind one router gets in at once, a client that reconnects in a loop does not.
   *
   * @returns How long (ms) to wait before announcing it; `null` = too long: refuse it (it is not counted).
   */
  arrive(address: string, now: number): number | null {
    if (this.#rate === 0) return 0;
    const limit = this.#arrivals.get(address) ?? new RateLimit(this.#rate, now);
    if (limit.until(now) > LONGEST_WAIT) return null;
    this.#arrivals.set(address, limit);
    if (this.#arrivals.size > this.#many.arrivals) this.#many.arrivals = this.#forget(this.#arrivals, now);
    return limit.take(now);
  }

  /** A connection has ended. That is announced, so it costs as much as a line. */
  leave(address: string, limit: RateLimit, now: number): void {
    if (this.#rate === 0) return;
    limit.take(now);
    const before = this.#left.get(address);
    if (before === undefined || limit.tokens(now) < before.tokens(now)) this.#left.set(address, limit);
    if (this.#left.size > this.#many.left) this.#many.left = this.#forget(this.#left, now);
  }

  /** Forgets those whose bucket is full; returns with how many addresses to do it again. */
  #forget(limits: Map<string, RateLimit>, now: number): number {
    for (const [address, limit] of limits) {
      if (limit.tokens(now) >= this.#rate * BURST) limits.delete(address);
    }
    return Math.max(MANY, limits.size * 2);
  }
}
