/**
 * The answers on a stream, compared with those of a capture as they arrive. Pure.
 *
 * @module
 */
import type { Answers, AnswerState } from "./answers.ts";
import { ByteQueue } from "./byte_queue.ts";
import { mask, type Masked } from "./ignore.ts";

/** How much is kept of bytes that the capture has not (bytes): a peer may send for ever. */
const MAX_EXTRA = 64 * 1024;
/** By how much ignored parts shorten an answer (bytes), as far as it is worth looking: each look goes through all that has arrived. */
const MAX_SHRINK = 64 * 1024;
/** By how many bytes the start of an answer is recognised. */
const LOOK_AHEAD = 64;

/** An answer that differs from the captured one. */
export interface AnswerDifference {
  /** Which answer, from 1; for what comes after the last, one more than there are. */
  readonly answer: number;
  /** The first byte that differs, from 0: in the captured answer, and in all that the capture received. */
  readonly offset: number;
  readonly streamOffset: number;
  /** The same place in what was received; another number only behind an ignored part of another length. */
  readonly receivedOffset: number;
  readonly expected: Uint8Array;
  readonly received: Uint8Array;
  /** How many bytes were received; of very many, `received` holds the first. */
  readonly length: number;
}

/** All answers of a stream, compared. */
export interface StreamComparison {
  readonly differences: readonly AnswerDifference[];
  /** How many answers the capture has, and how many bytes in them. */
  readonly answers: number;
  readonly bytes: number;
  /** How many bytes were received. */
  readonly received: number;
  /** How many parts `--ignore` has left out. */
  readonly ignored: number;
}

/**
 * Takes received bytes in whatever chunks, and compares them answer by answer.
 *
 * The captured length tells where an answer ends. Of one that differs, everything belongs to it that has arrived by
 * {@linkcode StreamAnswers.next}, so that a longer or shorter one does not make all that follow look different.
 *
 * @example Usage
 * ```ts
 * import { StreamAnswers } from "./stream_answers.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = new StreamAnswers(["one\n", "two\n"].map(encodeText));
 * answers.push(encodeText("one\nt"));
 * answers.next();
 * answers.push(encodeText("oo\n"));
 * const [difference] = answers.result().differences;
 * assertEquals([difference?.answer, difference?.offset, difference?.streamOffset], [2, 1, 5]);
 * ```
 */
export class StreamAnswers implements Answers {
  #expected: readonly Uint8Array[];
  #ignore: readonly RegExp[];
  /** Which answer is arriving, its captured bytes, and where these start in the stream. */
  #index = 0;
  #current: Masked;
  #streamOffset = 0;
  #arrived = new ByteQueue();
  /** How many symbols of the current answer are known to be equal; only without patterns. */
  #same = 0;
  /** How many bytes the rest of the capture has. */
  #left: number;
  #differences: AnswerDifference[] = [];
  #ignored = 0;
  #received = 0;

  /**
   * @param expected The captured answers.
   * @param ignore What may differ.
   */
  constructor(expected: readonly Uint8Array[], ignore: readonly RegExp[] = []) {
    this.#expected = expected;
    this.#ignore = ignore;
    this.#left = expected.reduce((sum, { length }) => sum + length, 0);
    this.#current = mask(this.#answer, ignore);
  }

  get received(): number {
    return this.#received;
  }

  get state(): AnswerState {
    if (this.#ignore.length > 0 && this.#arrived.length < this.#answer.length - MAX_SHRINK) return "open";
    const { equal, whole } = this.#compare();
    if (this.#current.endsIgnored && whole && this.#arrived.length < this.#answer.length) return "settling";
    return whole ? "complete" : equal ? "open" : "settling";
  }

  push(bytes: Uint8Array): void {
    this.#received += bytes.length;
    this.#arrived.push(bytes, this.#left + MAX_EXTRA);
  }

  next(): void {
    const { equal, whole, offset, receivedOffset, end } = this.#compare();
    const answer = this.#answer;
    const good = equal && whole;
    const length = good ? end : this.#endOfOther();
    if (!good) {
      this.#differences.push({
        answer: this.#index + 1,
        offset,
        streamOffset: this.#streamOffset + offset,
        receivedOffset,
        expected: answer,
        received: this.#arrived.bytes.slice(0, length),
        length,
      });
    }
    this.#ignored += this.#current.ignored;
    this.#arrived.drop(length);
    this.#left -= answer.length;
    this.#streamOffset += answer.length;
    this.#index++;
    this.#same = 0;
    this.#current = mask(this.#answer, this.#ignore);
  }

  /** Ends all answers; what is left has none in the capture. */
  result(): StreamComparison {
    while (this.#index < this.#expected.length) this.next();
    if (this.#arrived.length > 0) this.next();
    return {
      differences: this.#differences,
      answers: this.#expected.length,
      bytes: this.#expected.reduce((sum, { length }) => sum + length, 0),
      received: this.#received,
      ignored: this.#ignored,
    };
  }

  get #answer(): Uint8Array {
    return this.#expected[this.#index] ?? new Uint8Array();
  }

  /** Compares what has arrived with the current answer. `end` is where that ends in what has arrived, if it is `whole`. */
  #compare(): { equal: boolean; whole: boolean; offset: number; receivedOffset: number; end: number } {
    const { symbols, offsetOf } = this.#current;
    const arrived = this.#ignore.length === 0 ? null : mask(this.#arrived.bytes, this.#ignore);
    const now = arrived?.symbols ?? this.#arrived.bytes;
    const shared = Math.min(symbols.length, now.length);
    let same = this.#same;
    while (same < shared && symbols[same] === now[same]) same++;
    // Behind a pattern, more bytes can change what has been compared.
    if (arrived === null) this.#same = same;
    const receivedOffset = (symbol: number): number => arrived?.offsetOf(symbol) ?? symbol;
    return {
      // After the last answer, nothing is equal.
      equal: same === shared && this.#index < this.#expected.length,
      whole: now.length >= symbols.length,
      offset: offsetOf(same),
      receivedOffset: receivedOffset(same),
      end: receivedOffset(symbols.length),
    };
  }

  /** Where an answer that differs ends: everything belongs to it, unless the next one follows as in the capture. */
  #endOfOther(): number {
    const { length } = this.#answer;
    const next = this.#expected[this.#index + 1] ?? new Uint8Array();
    const rest = this.#arrived.bytes.subarray(length, length + Math.min(LOOK_AHEAD, next.length));
    const follows = rest.length > 0 && rest.every((byte, index) => byte === next[index]);
    return follows ? length : this.#arrived.length;
  }
}
