/**
 * Where a stream is cut into pieces: at the same offsets, however it was written. Pure.
 *
 * @module
 */
import type { Chance } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** A random piece is at most 2⁰ … 2¹⁰ bytes long, each limit equally likely: short messages get cut, and long ones not just into crumbs. */
const MAX_EXPONENT = 10;
/** The mean length of random pieces, and an estimate for text that is cut inside its characters (bytes). */
const MEAN_RANDOM = 94;
const MEAN_UTF8 = 2;

/** The cuts of one stream. */
export class Cuts {
  #chance: Chance;
  /** The current random piece: the offsets of its first byte and of the first byte after it. */
  #from = -1;
  #to = -1;
  /** Where the previous piece began. */
  #before = -1;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** How many of the bytes at an offset come before the next cut, at least one; all of them if there is no cut. */
  length(offset: number, bytes: Uint8Array, split: FaultPlan["split"]): number {
    if (split === null) return bytes.length;
    if (split === "utf8") return untilContinuation(bytes);
    return Math.min(
      bytes.length,
      (split === "random" ? this.#randomEnd(offset) : offset - offset % split + split) - offset,
    );
  }

  /** The length of the piece that a cut at this offset ends; 0 = no cut. A cut inside a character always returns 1. */
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

/** Roughly how many pieces a number of bytes is cut into. */
export function piecesIn(bytes: number, split: FaultPlan["split"]): number {
  if (split === null) return 1;
  return bytes / (split === "random" ? MEAN_RANDOM : split === "utf8" ? MEAN_UTF8 : split);
}

/** Whether a byte continues a UTF-8 character (RFC 3629 3). */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function untilContinuation(bytes: Uint8Array): number {
  const place = bytes.subarray(1).findIndex(isContinuation);
  return place < 0 ? bytes.length : place + 1;
}
