/**
 * Follows the numbers in the datagrams of one direction: which are missing, late, or there twice. Pure.
 *
 * @module
 */
import { decodeText } from "../../text.ts";

/** What a datagram's number tells. */
export type SequenceFinding =
  | { readonly found: "gap"; readonly missing: readonly [number, number] }
  | { readonly found: "late" | "again"; readonly number: number; readonly after: number };

/** How many steps of one are needed before the numbers count as a sequence: readings and prices vary too. */
const CERTAIN = 3;
/** How far back numbers are remembered. */
const WINDOW = 1024;
/** A jump of more than this is a new beginning. */
const JUMP = 1000;
/** The most of a datagram that is searched (bytes). */
const SEARCHED = 256;

/**
 * Finds the sequence: datagrams that are alike but for their numbers, of which one goes up by one.
 *
 * @example Usage
 * ```ts
 * import { Sequence } from "./sequence.ts";
 * import { encodeText } from "../../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sequence = new Sequence();
 * for (const number of [1, 2, 3, 4]) sequence.take(encodeText(`ping ${number}`));
 * assertEquals(sequence.take(encodeText("ping 7")), [{ found: "gap", missing: [5, 6] }]);
 * assertEquals(sequence.take(encodeText("ping 6")), [{ found: "late", number: 6, after: 7 }]);
 * ```
 */
export class Sequence {
  #template = "";
  #columns: Column[] = [];

  /** Takes the next datagram; returns what its number tells. */
  take(bytes: Uint8Array): SequenceFinding[] {
    const start = decodeText(bytes.subarray(0, SEARCHED));
    const template = start.replace(/\d+/g, "#");
    // A number has its place between the same words; where the words change, nothing can be compared.
    const numbers = Array.from(start.matchAll(/\d+/g), ([digits]) => digits.length > 15 ? NaN : Number(digits));
    if (template !== this.#template) {
      this.#template = template;
      this.#columns = numbers.slice(0, 8).map((number) => new Column(number));
      return [];
    }
    const found = this.#columns.map((column, index) => column.take(numbers[index] ?? NaN));
    const certain = this.#columns.findIndex(({ certain }) => certain);
    return found[certain] ?? [];
  }
}

/** One number's place in the datagrams. */
class Column {
  #highest: number;
  #seen: Set<number>;
  #steps = 0;
  #broken = false;
  /** What was found before it was certain that this is a sequence. */
  #early: SequenceFinding[] = [];

  constructor(first: number) {
    this.#highest = first;
    this.#seen = new Set([first]);
    this.#broken = !Number.isSafeInteger(first);
  }

  get certain(): boolean {
    return !this.#broken && this.#steps >= CERTAIN;
  }

  take(number: number): SequenceFinding[] {
    if (this.#broken) return [];
    const step = number - this.#highest;
    if (!(Math.abs(step) <= JUMP)) {
      // Not a sequence, or one that begins again.
      if (!this.certain) this.#broken = true;
      else this.#restart(number);
      return [];
    }
    const finding = this.#compare(number, step);
    if (!this.certain) {
      if (finding !== null && this.#early.push(finding) > CERTAIN) this.#broken = true;
      return [];
    }
    const findings = [...this.#early, ...(finding === null ? [] : [finding])];
    this.#early = [];
    return findings;
  }

  #compare(number: number, step: number): SequenceFinding | null {
    const after = this.#highest;
    if (step > 0) {
      this.#highest = number;
      this.#remember(number);
      if (step === 1) this.#steps++;
      return step === 1 ? null : { found: "gap", missing: [after + 1, number - 1] };
    }
    const again = this.#seen.has(number);
    this.#remember(number);
    return { found: again ? "again" : "late", number, after };
  }

  #remember(number: number): void {
    this.#seen.add(number);
    if (this.#seen.size <= WINDOW) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      return;
    }
  }

  #restart(number: number): void {
    this.#highest = number;
    this.#seen = new Set([number]);
  }
}
