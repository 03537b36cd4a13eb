/**
 * What is remembered of the addresses from which browsers come. Pure: the caller supplies the clock.
 *
 * @module
 */
import { BoundedMap } from "../../../lib/bounded_map.ts";
import { RateLimit } from "../../room/pace.ts";

/** How many addresses to remember. */
const ADDRESSES = 1000;
/** How long a request is recent (ms). */
const RECENT = 10_000;

/**
 * Counts the requests of each address.
 *
 * @example Usage
 * ```ts
 * import { Visitors } from "./visitors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const visitors = new Visitors(1);
 * for (let request = 0; request < 20; request++) assertEquals(visitors.admit("192.0.2.7", 0), true);
 * assertEquals([visitors.admit("192.0.2.7", 0), visitors.admit("192.0.2.8", 0)], [false, true]);
 * assertEquals([visitors.isRecent("192.0.2.7", 9_000), visitors.isRecent("192.0.2.7", 11_000)], [true, false]);
 * ```
 */
export class Visitors {
  #rate: number;
  #visitors = new BoundedMap<string, { readonly limit: RateLimit; last: number }>(ADDRESSES);

  /** @param rate Requests per second from one address, after a burst of twenty times as many; 0 = no limit. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Counts a request; `false` if there were too many. */
  admit(address: string, now: number): boolean {
    const visitor = this.#visitors.get(address) ?? { limit: new RateLimit(this.#rate, now), last: now };
    this.#visitors.set(address, visitor);
    visitor.last = now;
    if (visitor.limit.until(now) > 0) return false;
    visitor.limit.take(now);
    return true;
  }

  /** Whether a request has come from an address within the last {@linkcode RECENT} ms. */
  isRecent(address: string, now: number): boolean {
    return now - (this.#visitors.get(address)?.last ?? -Infinity) < RECENT;
  }
}
