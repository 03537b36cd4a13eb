/**
 * The recent answers of a UDP server. Pure.
 *
 * @module
 */

/** A longer question (in characters, with the peer's address) is not remembered; an honest one is far shorter. */
const MAX_QUESTION = 2000;

/** How often the same answer is given. No honest client asks that often; two servers do, if a forged datagram set them on each other. */
const MAX_GIVEN = 100;

/**
 * Remembers recent answers by peer and question. Over UDP an answer can be lost; the client then retries, and the server gives the
 * *same* answer instead of drawing a new number, so that the exchange happens once ("at most once", Birrell and Nelson 1984). Memory is
 * bounded by count, by question length and by time.
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
  /** Oldest first. */
  #answers = new Map<string, { readonly answer: string; readonly at: number; given: number }>();

  /** @param options How many to keep (1,000), for how long (60,000 ms), and the clock (monotonic). */
  constructor(options: { max?: number; keep?: number; now?: () => number } = {}) {
    this.#max = options.max ?? 1000;
    this.#keep = options.keep ?? 60_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#answers.size;
  }

  /** The remembered answer to a peer's question; `undefined` if there is none, `null` if the peer has got it too often. */
  find(peer: string, question: string): string | null | undefined {
    this.#forget(this.#now() - this.#keep, this.#max);
    const found = this.#answers.get(keyOf(peer, question));
    if (found === undefined) return undefined;
    return ++found.given > MAX_GIVEN ? null : found.answer;
  }

  /** Remembers an answer, and drops the oldest if there are too many. */
  add(peer: string, question: string, answer: string): void {
    const key = keyOf(peer, question);
    if (key.length > MAX_QUESTION) return;
    const at = this.#now();
    this.#forget(at - this.#keep, this.#max - 1);
    this.#answers.set(key, { answer, at, given: 1 });
  }

  /** Drops answers from before `since`, and the oldest until `most` are left. */
  #forget(since: number, most: number): void {
    for (const [key, { at }] of this.#answers) {
      if (at >= since && this.#answers.size <= most) return;
      this.#answers.delete(key);
    }
  }
}

/** A peer's address contains no space, so keys are unique. */
function keyOf(peer: string, question: string): string {
  return `${peer} ${question}`;
}
