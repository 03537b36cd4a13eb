/**
 * Received datagrams, compared with those of a capture as they arrive. Pure.
 *
 * @module
 */
import type { Answers, AnswerState } from "./answers.ts";
import { mask, type Masked } from "./ignore.ts";

/** How many datagrams are kept that the capture has not: a peer may send for ever. */
const MAX_EXTRA = 1000;
/** How many answers ahead one may come. */
const MAX_AHEAD = 16;

/** A datagram that was lost, that came in addition, or that differs from the captured one. */
export interface DatagramDifference {
  /** Which of the captured datagrams, from 1; 0 for one that came in addition. */
  readonly datagram: number;
  /** The first byte that differs, from 0, in the captured datagram and in the received one; 0 if there is only one of them. */
  readonly offset: number;
  readonly receivedOffset: number;
  /** `null`: none like it is in the capture. */
  readonly expected: Uint8Array | null;
  /** `null`: it did not arrive. */
  readonly received: Uint8Array | null;
}

/** All datagrams of a flow, compared. */
export interface DatagramComparison {
  readonly differences: readonly DatagramDifference[];
  /** How many datagrams the capture received, and how many bytes in them. */
  readonly datagrams: number;
  readonly bytes: number;
  /** How many were received, and how many bytes in them. */
  readonly received: number;
  readonly receivedBytes: number;
  /** How many came after one that followed them in the capture. UDP promises no order, so they count as equal. */
  readonly late: number;
  /** How many parts `--ignore` has left out. */
  readonly ignored: number;
}

/** A captured datagram; its number counts from 0. */
interface Expected {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly masked: Masked;
  arrived: boolean;
}

/** A received datagram that is like no captured one, and during which answer it came. */
interface Other {
  readonly bytes: Uint8Array;
  readonly masked: Masked;
  readonly answer: number;
}

/**
 * Takes received datagrams and compares them one by one. Each is looked for among the captured ones that have not arrived, so that one
 * that is lost, or comes late, makes no other look different.
 *
 * @example Usage
 * ```ts
 * import { DatagramAnswers } from "./datagram_answers.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = new DatagramAnswers([["one"], ["two"]].map((answer) => answer.map(encodeText)));
 * answers.next();
 * answers.push(encodeText("two"));
 * const { differences } = answers.result();
 * assertEquals(differences.map(({ datagram, received }) => [datagram, received]), [[1, null]]);
 * ```
 */
export class DatagramAnswers implements Answers {
  #answers: readonly (readonly Expected[])[];
  #ignore: readonly RegExp[];
  /** Which answer is due. */
  #index = 0;
  /** Those of earlier answers that have not arrived. */
  #lost = new Set<Expected>();
  #others: Other[] = [];
  /** How many others came during the answer that is due. */
  #substitutes = 0;
  /** The number of the last captured datagram that has arrived. */
  #last = -1;
  #counts = { received: 0, receivedBytes: 0, late: 0, ignored: 0 };

  /**
   * @param expected The captured answers, each with its datagrams.
   * @param ignore What may differ.
   */
  constructor(expected: readonly (readonly Uint8Array[])[], ignore: readonly RegExp[] = []) {
    this.#ignore = ignore;
    let number = 0;
    this.#answers = expected.map((answer) =>
      answer.map((bytes) => ({ number: number++, bytes, masked: mask(bytes, ignore), arrived: false }))
    );
  }

  get received(): number {
    return this.#counts.received;
  }

  /** `complete` also with another datagram in the place of a captured one; `settling` once one was lost. */
  get state(): AnswerState {
    if (this.#missing.length <= this.#substitutes) return "complete";
    return this.#lost.size > 0 ? "settling" : "open";
  }

  get #missing(): readonly Expected[] {
    return (this.#answers[this.#index] ?? []).filter(({ arrived }) => !arrived);
  }

  push(datagram: Uint8Array): void {
    this.#counts.received++;
    this.#counts.receivedBytes += datagram.length;
    const bytes = datagram.slice();
    const masked = mask(bytes, this.#ignore);
    const found = this.#find((each) => equal(each.masked, masked));
    if (found === undefined) {
      this.#substitutes++;
      if (this.#others.length < MAX_EXTRA) this.#others.push({ bytes, masked, answer: this.#index });
      return;
    }
    found.arrived = true;
    this.#lost.delete(found);
    this.#counts.ignored += masked.ignored;
    if (found.number < this.#last) this.#counts.late++;
    this.#last = Math.max(this.#last, found.number);
  }

  /** Looks in the answer that is due, then among the lost ones, then ahead. */
  #find(like: (each: Expected) => boolean): Expected | undefined {
    const ahead = this.#answers.slice(this.#index + 1, this.#index + 1 + MAX_AHEAD).flat();
    return this.#missing.find(like) ?? [...this.#lost].find(like) ?? ahead.find((each) => !each.arrived && like(each));
  }

  next(): void {
    for (const each of this.#missing) this.#lost.add(each);
    this.#substitutes = 0;
    this.#index++;
  }

  /** Ends all answers. One that is missing and one that came in its place are told as one difference. */
  result(): DatagramComparison {
    const others = [...this.#others];
    const differences: DatagramDifference[] = [];
    for (const [answer, expected] of this.#answers.entries()) {
      for (const each of expected) {
        if (each.arrived) continue;
        const place = others.findIndex((other) => other.answer === answer);
        differences.push(difference(each, place < 0 ? undefined : others.splice(place, 1)[0]));
      }
    }
    for (const { bytes } of others) {
      differences.push({ datagram: 0, offset: 0, receivedOffset: 0, expected: null, received: bytes });
    }
    const all = this.#answers.flat();
    const bytes = all.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return { differences, datagrams: all.length, bytes, ...this.#counts };
  }
}

function difference({ number, bytes, masked }: Expected, other: Other | undefined): DatagramDifference {
  const same = other === undefined ? 0 : sharedLength(masked, other.masked);
  return {
    datagram: number + 1,
    offset: masked.offsetOf(same),
    receivedOffset: other?.masked.offsetOf(same) ?? 0,
    expected: bytes,
    received: other?.bytes ?? null,
  };
}

/** How many symbols are the same at the start of both. */
function sharedLength({ symbols: one }: Masked, { symbols: other }: Masked): number {
  let same = 0;
  while (same < one.length && same < other.length && one[same] === other[same]) same++;
  return same;
}

function equal(one: Masked, other: Masked): boolean {
  return one.symbols.length === other.symbols.length && sharedLength(one, other) === one.symbols.length;
}
