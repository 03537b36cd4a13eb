/**
 * Limits on a UDP server's automatic answers. Pure.
 *
 * The source address of a datagram is easy to forge. This file bounds the two attacks that this allows.
 *
 * **Loops.** One datagram with the forged address of another server makes the two servers answer each other for ever. Nothing in a
 * datagram distinguishes such a server from a client that generates load: both send again as soon as they are answered, from one
 * port, often the same bytes. Two things do:
 *
 * - A loop consists only of the datagrams in flight: it dies if all of them go unanswered for a moment. A client has a timer and
 *   retries. So a peer that exceeds `rate` is interrupted for {@linkcode BREAK} ms, first soon and then once every {@linkcode LOAD} ms:
 *   this ends a loop and costs a load test about one hundredth. (If a datagram takes longer than a break, the loop is slow anyway.)
 * - Systems assign high ports to clients. A peer on a port below {@linkcode CLIENT_PORTS} is most likely a server and gets `burst`
 *   answers, then `rate` a second: a loop ends with the burst, and forging the first datagram again and again yields no more than the
 *   rate.
 *
 * All peers together have a budget too (`total`), against floods that forge a new peer each time. No realistic crowd of people or
 * clients reaches it, and a peer that generates load hardly uses it up. A loop slower than `rate` continues, at a tolerable cost.
 *
 * **Amplification.** An answer that is longer than its request lets an attacker send a victim more traffic than it could send itself:
 * see {@linkcode amplificationLimit}.
 *
 * @module
 */
import { type Endpoint, isLoopback } from "../addr.ts";
import type { Events } from "../events.ts";
import { encodeText } from "../text.ts";

/** Linux assigns ephemeral ports from here up (`ip_local_port_range`), macOS and Windows from 49,152 (RFC 6335 6). */
export const CLIENT_PORTS = 32_768;
/** How long a client may generate load until the next break (ms), and until the first. */
export const LOAD = 2000;
export const FIRST = 500;
/** The length of a break (ms): longer than a round trip on a LAN, and as long as a load generator waits for an answer. */
export const BREAK = 20;

/** How much of its burst a peer must have regained (ms) to count as slow again; more than it regains in a break. */
const RECOVERY = 5 * BREAK;

/**
 * Peers are hashed by address and port into this many slots, so the memory is fixed. Forged peers cannot evict others, only share a
 * slot with them.
 */
const SLOTS = 4096;

/** The most answers under load that pass without reading the clock. */
const MAX_BATCH = 15;

/** The limits on answers. */
export interface AnswerBudgetOptions {
  /** Answers a second to one peer (an address and a port); 0 = no limit. */
  readonly rate: number;
  /** The burst for a peer that was silent (default: five seconds' worth). */
  readonly burst?: number;
  /** Whether a peer on an ephemeral port may exceed the rate, with breaks. */
  readonly load?: boolean;
  /** Answers a second to all peers together, with a burst of one second's worth; 0 = no limit (default). */
  readonly total?: number;
  /** Milliseconds of a monotonic clock, greater than 0. */
  readonly now?: () => number;
}

/**
 * Decides whether a peer gets another answer: a token bucket per peer, stored as the time at which it will be full again.
 *
 * @example Usage
 * ```ts
 * import { AnswerBudget } from "./answer_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let now = 1000;
 * const budget = new AnswerBudget({ rate: 1, burst: 2, now: () => now });
 * const peer = { hostname: "192.0.2.1", port: 7 };
 * assertEquals([1, 2, 3].map(() => budget.take(peer)), [true, true, false]);
 * now += 1000;
 * assertEquals(budget.take(peer), true);
 * ```
 */
export class AnswerBudget {
  /** The cost of one answer, and the burst (ms). */
  #cost: number;
  #burst: number;
  #load: boolean;
  /** The same for all peers together, and whether that limit refused the last answer. */
  #totalCost: number;
  #totalFull = 0;
  #totalExceeded = false;
  /** When the bucket of each slot will be full again. */
  #full = new Float64Array(SLOTS);
  /** Since when each slot has exceeded the rate; 0 = it does not. */
  #busySince = new Float64Array(SLOTS);
  #last: Endpoint = { hostname: "", port: 0 };
  #lastSlot = 0;
  /** How many more answers the last peer gets without a check: under load, the check would dominate the cost. */
  #unchecked = 0;
  /** The batch granted at the last check, and the time of that check. */
  #batch = 0;
  #checkedAt = 0;
  #now: () => number;

  constructor({ rate, burst = 5 * rate, load = false, total = 0, now = () => performance.now() }: AnswerBudgetOptions) {
    this.#now = now;
    this.#cost = rate === 0 ? 0 : 1000 / rate;
    this.#burst = burst * this.#cost;
    this.#load = load;
    this.#totalCost = total === 0 ? 0 : 1000 / total;
  }

  /** Whether the last refusal was due to the limit on all peers together. */
  get totalExceeded(): boolean {
    return this.#totalExceeded;
  }

  /** Counts an answer; `false` if the peer must not get it. */
  take(peer: Endpoint): boolean {
    if (this.#cost === 0) return true;
    const same = peer.port === this.#last.port && peer.hostname === this.#last.hostname;
    if (same && this.#unchecked > 0) {
      this.#unchecked--;
      return true;
    }
    if (!same) this.#lastSlot = slotOf(peer);
    this.#last = peer;
    this.#unchecked = 0;
    const now = this.#now();
    const gap = same ? (now - this.#checkedAt) / (this.#batch + 1) : Infinity;
    this.#checkedAt = now;
    this.#batch = 0;
    this.#totalExceeded = false;
    // In this order, an answer refused to one peer costs the others nothing.
    if (!this.#check(peer, this.#lastSlot, { now, gap }) || !this.#takeTotal(now)) return false;
    this.#unchecked = this.#batch;
    return true;
  }

  #takeTotal(now: number): boolean {
    const full = Math.max(this.#totalFull, now) + this.#totalCost;
    this.#totalExceeded = full - now > 1000;
    if (!this.#totalExceeded) this.#totalFull = full;
    return !this.#totalExceeded;
  }

  /** @param gap The average interval between the peer's datagrams since the last check (ms). */
  #check({ port }: Endpoint, slot: number, { now, gap }: { now: number; gap: number }): boolean {
    const full = Math.max(this.#full[slot] ?? 0, now) + this.#cost;
    const withinBudget = full - now <= this.#burst;
    if (this.#load && port >= CLIENT_PORTS) {
      if (this.#onBreak(slot, full - now, now)) return false;
      if (!withinBudget) {
        // Several checks per break: a slow loop must not skip one.
        this.#batch = Math.min(MAX_BATCH, Math.floor(BREAK / 4 / gap));
        return true;
      }
    }
    if (withinBudget) this.#full[slot] = full;
    return withinBudget;
  }

  /** Whether a peer that may exceed the rate is in a break now. */
  #onBreak(slot: number, used: number, now: number): boolean {
    const since = this.#busySince[slot] ?? 0;
    if (since === 0) {
      if (used > this.#burst) this.#busySince[slot] = now - LOAD + FIRST;
    } else if (used < this.#burst - RECOVERY) {
      this.#busySince[slot] = 0;
    } else if (now - since >= LOAD) {
      if (now - since < LOAD + BREAK) return true;
      this.#busySince[slot] = now;
    }
    return false;
  }
}

/** Unpredictable: otherwise a forger could exhaust the slot of a chosen peer. */
const SEED = crypto.getRandomValues(new Int32Array(1))[0] ?? 0;

function slotOf({ hostname, port }: Endpoint): number {
  let hash = SEED ^ port;
  for (let at = 0; at < hostname.length; at++) hash = Math.imul(hash, 31) + hostname.charCodeAt(at) | 0;
  return (hash ^ hash >>> 13) & (SLOTS - 1);
}

/** The headers of IPv4 and UDP (RFC 791 3.1 without options, RFC 768), which count towards the traffic. */
const HEADER_BYTES = 28;
/** The maximum ratio of answer to request towards a peer whose address is not validated (RFC 9000 8.1). */
const AMPLIFICATION = 3;
/** The most bytes of an error message. */
const MAX_ERROR = 120;

/**
 * The most bytes of an answer that is, headers included, at most three times as long on the wire as its request.
 *
 * @example Usage
 * ```ts
 * import { amplificationLimit } from "./answer_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(amplificationLimit(0), 56);
 * assertEquals(amplificationLimit(10), 86);
 * ```
 */
export function amplificationLimit(request: number): number {
  return AMPLIFICATION * (HEADER_BYTES + request) - HEADER_BYTES;
}

/**
 * Warns if an answer that the operator chose is too long for the shortest requests. The answer is not truncated: the operator decides
 * what the server sends. On loopback it cannot flood others.
 *
 * @param answer The longest possible answer.
 * @param bind The address on which the server listens.
 * @param request The minimum length of a request in bytes.
 */
export function warnOfAmplification(answer: Uint8Array, bind: string, events: Events, request = 0): void {
  if (isLoopback(bind) || answer.length <= amplificationLimit(request)) return;
  const times = Math.ceil((HEADER_BYTES + answer.length) / (HEADER_BYTES + request));
  const message =
    `An answer can be ${times} times as long as its request, so forged requests can flood others through this ` +
    `server: keep it off the Internet, or keep its answers within ${amplificationLimit(request)} bytes`;
  events.emit({ event: "warning", message });
}

/**
 * The first of several wordings of an error that fits the limits for the request, in bytes.
 *
 * @param wordings The most informative first; the last one is truncated if necessary.
 * @param request The length of the request in bytes.
 */
export function fittingWording(wordings: readonly string[], request: number): string {
  const room = Math.min(amplificationLimit(request), MAX_ERROR);
  for (const wording of wordings) if (encodeText(wording).length <= room) return wording;
  const last = wordings.at(-1) ?? "";
  let cut = last.slice(0, room);
  // Do not leave half of a surrogate pair.
  while (encodeText(cut).length > room) cut = cut.slice(0, -1).replace(/[\ud800-\udbff]$/, "");
  return cut;
}
