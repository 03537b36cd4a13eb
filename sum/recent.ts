/**
 * What a UDP server answered lately. Pure.
 *
 * @module
 */

/** A question longer than this (in characters, the peer's address included) is not remembered; an honest one is far shorter. */
const MAX_QUESTION = 2000;

/** How often the same answer is given: no honest client asks that often, but two servers that a forged datagram has set upon each other. */
const MAX_GIVEN = 100;

/**
 * Remembers the latest answers by peer and question. Over UDP an answer can be lost; the client then asks again, and a server that
 * remembers gives the *same* answer instead of drawing a new number: the exchange happens once ("at most once", Birrell and Nelson
 * 1984). Memory is bounded by count, by the length of a question and by time.
 *
 * @example Usage
 * ```ts
 * import { RecentAnswers } from "./recent.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const recent = new RecentAnswers();
 * recent.add("192.0.2.1:5000", "Ada: 42", "Bob: 58");
 * assertEquals(recent.find("192.0.2.1:5000", "Ada: 42"), "Bob: 58");
 * assertEquals(recent.find("192.0.2.1:5001", "Ada: 42"), undefined); // another port is another client
 * ```
 */
export class RecentAnswers {
  #max: number;
  #keep: number;
  #now: () => number;
  /** The oldest first. */
  #answers = new Map<string, { readonly answer: string; readonly at: number; given: number }>();

  /** @param options How many are kept (1,000), for how long (60,000 ms), by which clock (the monotonic one). */
  constructor(options: { max?: number; keep?: number; now?: () => number } = {}) {
    this.#max = options.max ?? 1000;
    this.#keep = options.keep ?? 60_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many are remembered. */
  get size(): number {
    return this.#answers.size;
  }

  /** The answer that a peer got to a question, as long as it is remembered; `null` when it has got it often enough. */
  find(peer: string, question: string): string | null | undefined {
    this.#forget(this.#now() - this.#keep, this.#max);
    const found = this.#answers.get(keyOf(peer, question));
    if (found === undefined) return undefined;
    return ++found.given > MAX_GIVEN ? null : found.answer;
  }

  /** Remembers an answer, at the cost of the oldest. */
  add(peer: string, question: string, answer: string): void {
    const key = keyOf(peer, question);
    if (key.length > MAX_QUESTION) return;
    const at = this.#now();
    this.#forget(at - this.#keep, this.#max - 1);
    this.#answers.set(key, { answer, at, given: 1 });
  }

  /** Forgets what is older than `since`, and the oldest until `most` are left. */
  #forget(since: number, most: number): void {
    for (const [key, { at }] of this.#answers) {
      if (at >= since && this.#answers.size <= most) return;
      this.#answers.delete(key);
    }
  }
}

/** A peer's address has no space, so that no two pairs share a key. */
function keyOf(peer: string, question: string): string {
  return `${peer} ${question}`;
}
