/**
 * Limits on how much a UDP server answers automatically. Pure.
 *
 * Anybody can forge the sender of a datagram. That leads to two abuses, and this file bounds both.
 *
 * **Loops.** One datagram with the forged address of another server makes the two answer each other for ever. Nothing in a datagram tells
 * such a server from a client under load: both send again as soon as they are answered, from one port, often the same bytes. Two
 * things do tell them apart:
 *
 * - A loop lives on the datagrams that are under way. It does not survive a moment in which all of them go unanswered; a client has a
 *   timer and asks again. So a peer that goes on faster than `rate` is interrupted for {@linkcode BREAK} ms, soon and then once in
 *   {@linkcode LOAD} ms: a loop ends there, a load test loses about one hundredth. (Where a datagram takes longer than such a break, a
 *   loop is slow by itself.)
 * - Systems give their clients high ports. A peer on a port below {@linkcode CLIENT_PORTS} is most likely a server, and gets `burst`
 *   answers and then `rate` a second: there a loop ends with the burst, and somebody who forges its first datagram again and again
 *   gets no more than the rate.
 *
 * All peers together have a budget as well (`all`), for a flood that forges a new peer each time. It is so large that no crowd of people
 * or clients meets it, and a peer under load hardly counts. A loop that is slower than `rate` goes on, at a cost that can be borne.
 *
 * **Amplification.** An answer that is longer than its question lets a forger send a third party more than the forger could itself:
 * see {@linkcode amplificationLimit}.
 *
 * @module
 */
import { type Endpoint, isLoopback } from "../addr.ts";
import type { Events } from "../events.ts";
import { encodeText } from "../text.ts";

/** Linux gives its clients ports from here up (`ip_local_port_range`), macOS and Windows from 49,152 (RFC 6335 6). */
export const CLIENT_PORTS = 32_768;
/** How long a client may keep a server busy until the next break (ms), and until the first. */
export const LOAD = 2000;
export const FIRST = 500;
/** How long a break lasts (ms): longer than a datagram takes to a neighbour and back, and as long as a load generator waits. */
export const BREAK = 20;

/** How much of what it used up ahead a peer has to have won back (ms) to count as slow again; more than it does in a break. */
const SLACK = 5 * BREAK;

/**
 * Peers share so many places by a hash of their address and port: the memory is fixed. Forged peers evict nobody; they can only share a
 * place.
 */
const PLACES = 4096;

/** How many answers under load pass at most between two looks at the clock. */
const AT_A_TIME = 15;

/** How much a peer may get. */
export interface AnswerBudgetOptions {
  /** Answers a second to one peer (an address and a port); 0 = as many as it asks for. */
  readonly rate: number;
  /** How many a peer that was silent gets at once (as many as in five seconds). */
  readonly burst?: number;
  /** Whether a peer on a client's port may get more, with breaks. */
  readonly load?: boolean;
  /** Answers a second to all peers together, with as many as in a second at once; 0 = no limit (default). */
  readonly all?: number;
  /** Milliseconds of a monotonic clock, above 0. */
  readonly now?: () => number;
}

/**
 * Decides whether a peer gets one more answer: a token bucket for each peer, kept as the time at which it will be full again.
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
  /** How much time one answer uses up, and how much may be used up ahead (ms). */
  #cost: number;
  #ahead: number;
  #load: boolean;
  /** The same for all peers together, and whether it was this that refused the last answer. */
  #costOfAll: number;
  #allFull = 0;
  #totalExceeded = false;
  /** When each place's bucket will be full again. */
  #full = new Float64Array(PLACES);
  /** Since when a place's load has been above the rate; 0 = it is not. */
  #busy = new Float64Array(PLACES);
  #last: Endpoint = { hostname: "", port: 0 };
  #lastPlace = 0;
  /** How many more answers the last peer gets before anybody looks: under load, looking takes longer than all the rest here. */
  #granted = 0;
  /** How many it was given at the last look, and when that was. */
  #grant = 0;
  #lookedAt = 0;
  #now: () => number;

  constructor({ rate, burst = 5 * rate, load = false, all = 0, now = () => performance.now() }: AnswerBudgetOptions) {
    this.#now = now;
    this.#cost = rate === 0 ? 0 : 1000 / rate;
    this.#ahead = burst * this.#cost;
    this.#load = load;
    this.#costOfAll = all === 0 ? 0 : 1000 / all;
  }

  /** Whether the last refusal was for what all peers together get. */
  get totalExceeded(): boolean {
    return this.#totalExceeded;
  }

  /** Counts an answer; `false` when the peer is not to get it. */
  take(peer: Endpoint): boolean {
    if (this.#cost === 0) return true;
    const same = peer.port === this.#last.port && peer.hostname === this.#last.hostname;
    if (same && this.#granted > 0) {
      this.#granted--;
      return true;
    }
    if (!same) this.#lastPlace = placeOf(peer);
    this.#last = peer;
    this.#granted = 0;
    const now = this.#now();
    const gap = same ? (now - this.#lookedAt) / (this.#grant + 1) : Infinity;
    this.#lookedAt = now;
    this.#grant = 0;
    this.#totalExceeded = false;
    // In this order: what a peer is refused costs the others nothing.
    if (!this.#look(peer, this.#lastPlace, { now, gap }) || !this.#takeOfAll(now)) return false;
    this.#granted = this.#grant;
    return true;
  }

  #takeOfAll(now: number): boolean {
    const full = Math.max(this.#allFull, now) + this.#costOfAll;
    this.#totalExceeded = full - now > 1000;
    if (!this.#totalExceeded) this.#allFull = full;
    return !this.#totalExceeded;
  }

  /** @param gap Milliseconds between the peer's last datagrams, as far as they were looked at. */
  #look({ port }: Endpoint, place: number, { now, gap }: { now: number; gap: number }): boolean {
    const full = Math.max(this.#full[place] ?? 0, now) + this.#cost;
    const within = full - now <= this.#ahead;
    if (this.#load && port >= CLIENT_PORTS) {
      if (this.#onBreak(place, full - now, now)) return false;
      if (!within) {
        // Looked at several times within a break: a slow loop must not step over it.
        this.#grant = Math.min(AT_A_TIME, Math.floor(BREAK / 4 / gap));
        return true;
      }
    }
    if (within) this.#full[place] = full;
    return within;
  }

  /** Keeps the breaks of a peer that may get more than the rate. */
  #onBreak(place: number, used: number, now: number): boolean {
    const since = this.#busy[place] ?? 0;
    if (since === 0) {
      if (used > this.#ahead) this.#busy[place] = now - LOAD + FIRST;
    } else if (used < this.#ahead - SLACK) {
      this.#busy[place] = 0;
    } else if (now - since >= LOAD) {
      if (now - since < LOAD + BREAK) return true;
      this.#busy[place] = now;
    }
    return false;
  }
}

/** Not to be guessed: a forger could use up the place of a peer otherwise. */
const SEED = crypto.getRandomValues(new Int32Array(1))[0] ?? 0;

function placeOf({ hostname, port }: Endpoint): number {
  let hash = SEED ^ port;
  for (let at = 0; at < hostname.length; at++) hash = Math.imul(hash, 31) + hostname.charCodeAt(at) | 0;
  return (hash ^ hash >>> 13) & (PLACES - 1);
}

/** The headers of IPv4 and UDP (RFC 791 3.1 without options, RFC 768), which are part of what a datagram costs. */
const HEADERS = 28;
/** How many times as long as its question an answer may be, where the peer has not shown that it is there (RFC 9000 8.1). */
const AMPLIFICATION = 3;
/** The most bytes of an error: a few words. */
const ERROR = 120;

/**
 * How many bytes an answer may have so that, with its headers, it is at most three times as long on the wire as its question.
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
export function amplificationLimit(question: number): number {
  return AMPLIFICATION * (HEADERS + question) - HEADERS;
}

/**
 * Warns where an answer of the operator's own choice is too long for the shortest questions. It is not cut: what a server says is its
 * operator's decision, and on loopback nobody can be flooded with it.
 *
 * @param answer The longest answer there may be.
 * @param bind The address that the server listens on.
 * @param question How many bytes a question has at least.
 */
export function warnOfAmplification(answer: Uint8Array, bind: string, events: Events, question = 0): void {
  if (isLoopback(bind) || answer.length <= amplificationLimit(question)) return;
  const times = Math.ceil((HEADERS + answer.length) / (HEADERS + question));
  const message =
    `An answer can be ${times} times as long as its question, so forged questions can flood others through this ` +
    `server: keep it off the Internet, or its answers within ${amplificationLimit(question)} bytes`;
  events.emit({ event: "warning", message });
}

/**
 * The first of several wordings of an error that is short enough for the question, in bytes.
 *
 * @param wordings The most telling first; of the last, its beginning is taken if need be.
 * @param question The question's length in bytes.
 */
export function fittingWording(wordings: readonly string[], question: number): string {
  const room = Math.min(amplificationLimit(question), ERROR);
  for (const wording of wordings) if (encodeText(wording).length <= room) return wording;
  const last = wordings.at(-1) ?? "";
  let cut = last.slice(0, room);
  // No half of a surrogate pair stays behind.
  while (encodeText(cut).length > room) cut = cut.slice(0, -1).replace(/[\ud800-\udbff]$/, "");
  return cut;
}
