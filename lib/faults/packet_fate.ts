/**
 * What chance decides for each datagram. Pure.
 *
 * @module
 */
import { Chance, Losses } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** What happens to one datagram. */
export interface PacketFate {
  readonly lost: boolean;
  /** Which bit is flipped, counted from the most significant bit of the first byte; `null` = none. */
  readonly flipped: number | null;
  readonly twice: boolean;
  /** How much later than the delay the datagram and its copy arrive (ms); earlier if negative. */
  readonly jitter: readonly [number, number];
  /** Whether the next one overtakes it. */
  readonly reordered: boolean;
}

/** Decides the fate of each datagram of one flow and direction, in order. */
export class PacketChance {
  #losses: Losses;
  #corrupt: Chance;
  #duplicate: Chance;
  #jitter: Chance;
  #reorder: Chance;
  /** Whether the last datagram that was not lost is to be overtaken. */
  #reordered = false;

  constructor(seed: number, flow: number, direction: "out" | "in") {
    const chance = (kind: string): Chance => new Chance(seed, flow, `${direction} ${kind}`);
    this.#losses = new Losses(chance("loss"));
    this.#corrupt = chance("corrupt");
    this.#duplicate = chance("duplicate");
    this.#jitter = chance("jitter");
    this.#reorder = chance("reorder");
  }

  /** Decides the fate of the next datagram. Every draw is made, needed or not, so that the next one's do not depend on the plan. */
  next(plan: FaultPlan, length: number): PacketFate {
    const lost = this.#losses.next(plan.loss, plan.burst);
    const corrupt = this.#corrupt.happens(plan.corrupt);
    const bit = this.#corrupt.below(8 * length);
    const twice = this.#duplicate.happens(plan.duplicate);
    const jitter = [this.#jitter.spread(plan.jitter), this.#jitter.spread(plan.jitter)] as const;
    const reordered = this.#reorder.happens(this.#reordered ? 0 : reorderShare(plan.reorder));
    if (!lost) this.#reordered = reordered;
    return { lost, flipped: corrupt && length > 0 ? bit : null, twice, jitter, reordered };
  }
}

/**
 * With what probability to reorder a datagram that may be, so that `share` of all datagrams are. Never two in a row: each would wait for
 * the next, and none would ever arrive. So at most half of them are reordered.
 */
function reorderShare(share: number): number {
  return share < 0.5 ? share / (1 - share) : 1;
}

/** Returns a copy with one bit flipped. */
export function withFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ 0x80 >> (bit & 7);
  return copy;
}
