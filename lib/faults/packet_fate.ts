/**
 * What chance decides about a datagram. Pure.
 *
 * @module
 */
import { Chance, Losses } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** What is to happen to one datagram. */
export interface PacketFate {
  readonly lost: boolean;
  /** Which bit is flipped, counted from the highest of the first byte; `null` = none. */
  readonly flipped: number | null;
  readonly twice: boolean;
  /** How much later than planned the datagram and its copy arrive (ms); earlier, if negative. */
  readonly jitter: readonly [number, number];
  /** Whether it is to arrive after the next one. */
  readonly reordered: boolean;
}

/** Decides about the datagrams of one flow and direction, in their order. */
export class PacketChance {
  #losses: Losses;
  #corrupt: Chance;
  #duplicate: Chance;
  #jitter: Chance;
  #reorder: Chance;
  /** Whether the last datagram that was not lost is to arrive after the next. */
  #reordered = false;

  constructor(seed: number, flow: number, direction: "out" | "in") {
    const chance = (kind: string): Chance => new Chance(seed, flow, `${direction} ${kind}`);
    this.#losses = new Losses(chance("loss"));
    this.#corrupt = chance("corrupt");
    this.#duplicate = chance("duplicate");
    this.#jitter = chance("jitter");
    this.#reorder = chance("reorder");
  }

  /** Decides about the next datagram. Everything is drawn, needed or not: the next one's draws do not depend on it. */
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
 * The share among datagrams that follow one which is not reordered, so that `share` of all are. Never two in a row: each would wait for
 * the next, and all of them for ever. So half of all is the most.
 */
function reorderShare(share: number): number {
  return share < 0.5 ? share / (1 - share) : 1;
}

/** A copy with one bit flipped. */
export function withFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ 0x80 >> (bit & 7);
  return copy;
}
