/**
 * How fast one client may write. Pure: the caller brings the clock.
 *
 * @module
 */
import { encodeText, escapeControls } from "../../lib/text.ts";

/** A line costs a token for each so many bytes of it that are sent: a burst of 200 short lines is one of 25 lines of 4 kB. */
export const BYTES_PER_TOKEN = 512;
/** The most bytes that one UTF-16 unit of a line becomes: `\u2028`. */
const MOST_PER_UNIT = 6;

/** How many seconds' worth of lines may come at once: a paste of 200 lines goes through at ten lines a second. */
const BURST = 20;

/** How many tokens a line costs: what counts are the bytes that the others get of it, escaped. */
export function lineCost(line: string): number {
  if (line.length * MOST_PER_UNIT <= BYTES_PER_TOKEN) return 1;
  return Math.max(1, Math.ceil(encodeText(escapeControls(line)).length / BYTES_PER_TOKEN));
}

/**
 * A token bucket: a short line costs a token (see {@linkcode lineCost}), `rate` tokens come back per second, and as many as
 * {@linkcode BURST} seconds bring are saved up.
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
   * @param rate Lines per second; 0 = as many as come.
   * @param now The time in milliseconds.
   * @param tokens How many lines may come at once; {@linkcode BURST} seconds' worth, if nothing else is known.
   */
  constructor(rate: number, now: number, tokens = rate * BURST) {
    this.#rate = rate;
    this.#tokens = tokens;
    this.#at = now;
  }

  /** How many lines may come at once, at a time. */
  tokens(now: number): number {
    return Math.min(this.#rate * BURST, this.#tokens + (now - this.#at) / 1000 * this.#rate);
  }

  /** How many milliseconds it takes, from a time on, until a line may come. */
  until(now: number): number {
    return this.#rate === 0 ? 0 : Math.max(0, (1 - this.tokens(now)) / this.#rate * 1000);
  }

  /**
   * Counts a line.
   *
   * @param now The time in milliseconds; it never runs backwards.
   * @param cost How many tokens it costs.
   * @returns How many milliseconds the line has to wait.
   */
  take(now: number, cost = 1): number {
    if (this.#rate === 0) return 0;
    this.#tokens = this.tokens(now) - cost;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#rate * 1000;
  }
}

/** How long one that comes may wait (ms); others from its address are turned away meanwhile. */
const LONGEST_WAIT = 5000;
/** So many addresses are remembered; then those that have got everything back are forgotten. */
const MANY = 1000;

/** The rate limits of those who come and go: whoever has used up its lines does not get new ones by coming again. */
export class RateLimits {
  #rate: number;
  /** What the last to leave from an address had left. */
  #left = new Map<string, RateLimit>();
  /** How many may still come from an address: one limit for all of them, since everybody in the room hears of each. */
  #arrivals = new Map<string, RateLimit>();

  /** @param rate Lines per second and connection; 0 = as many as come. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** The limit of a new connection. Several from one address have one each, so that a class behind one router can talk. */
  enter(address: string, now: number): RateLimit {
    return new RateLimit(this.#rate, now, this.#left.get(address)?.tokens(now));
  }

  /**
   * Somebody comes from an address: a class behind one router at once, but nobody in a loop.
   *
   * @returns How many milliseconds it has to wait before the others hear of it; `null` = too long, and it is not counted.
   */
  arrive(address: string, now: number): number | null {
    if (this.#rate === 0) return 0;
    const limit = this.#arrivals.get(address) ?? new RateLimit(this.#rate, now);
    if (limit.until(now) > LONGEST_WAIT) return null;
    this.#arrivals.set(address, limit);
    if (this.#arrivals.size > MANY) this.#forget(this.#arrivals, now);
    return limit.take(now);
  }

  /** A connection has ended. The others hear of it, so that counts like a line. */
  leave(address: string, limit: RateLimit, now: number): void {
    if (this.#rate === 0) return;
    limit.take(now);
    const before = this.#left.get(address);
    if (before === undefined || limit.tokens(now) < before.tokens(now)) this.#left.set(address, limit);
    if (this.#left.size > MANY) this.#forget(this.#left, now);
  }

  #forget(limits: Map<string, RateLimit>, now: number): void {
    for (const [address, limit] of limits) {
      if (limit.tokens(now) >= this.#rate * BURST) limits.delete(address);
    }
  }
}
