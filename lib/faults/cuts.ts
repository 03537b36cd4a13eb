/**
 * Where a stream is cut into pieces: at the same bytes, however they were written. Pure.
 *
 * @module
 */
import type { Chance } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** A random piece is up to 2⁰ … 2¹⁰ bytes long, each as likely: short messages are cut, and long ones not into crumbs only. */
const MAX_EXPONENT = 10;
/** The mean length of random pieces, and a guess at that of pieces of text (bytes). */
const MEAN_RANDOM = 94;
const MEAN_UTF8 = 2;

/** The cuts of one stream. */
export class Cuts {
  #chance: Chance;
  /** The random piece that we are in: from its first byte to the first byte after it. */
  #from = -1;
  #to = -1;
  /** Where the one before it began. */
  #before = -1;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** How many bytes, of those at an offset, come before the next cut behind the first of them; all, if there is none. */
  length(offset: number, bytes: Uint8Array, split: FaultPlan["split"]): number {
    if (split === null) return bytes.length;
    if (split === "utf8") return untilContinuation(bytes);
    return Math.min(
      bytes.length,
      (split === "random" ? this.#randomEnd(offset) : offset - offset % split + split) - offset,
    );
  }

  /** How many bytes the piece before a cut at this offset has: 0 if there is no cut. Inside a character it is 1, whatever was before. */
  cutAt(offset: number, first: number, split: FaultPlan["split"]): number {
    if (split === null || offset === 0) return 0;
    if (split === "utf8") return isContinuation(first) ? 1 : 0;
    if (split !== "random") return offset % split === 0 ? split : 0;
    this.#randomEnd(offset);
    return offset === this.#from && this.#before >= 0 ? offset - this.#before : 0;
  }

  #randomEnd(offset: number): number {
    if (this.#to < 0) this.#to = offset;
    while (this.#to <= offset) {
      this.#before = this.#from;
      this.#from = this.#to;
      this.#to += 1 + this.#chance.below(2 ** this.#chance.below(MAX_EXPONENT + 1));
    }
    return this.#to;
  }
}

/** About how many pieces so many bytes make. */
export function piecesIn(bytes: number, split: FaultPlan["split"]): number {
  if (split === null) return 1;
  return bytes / (split === "random" ? MEAN_RANDOM : split === "utf8" ? MEAN_UTF8 : split);
}

/** Whether a byte is one of a UTF-8 character, but not its first (RFC 3629 3). */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function untilContinuation(bytes: Uint8Array): number {
  const place = bytes.subarray(1).findIndex(isContinuation);
  return place < 0 ? bytes.length : place + 1;
}
