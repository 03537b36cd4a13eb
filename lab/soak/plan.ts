/**
 * The plan of a soak: how long each part takes. Pure.
 *
 * @module
 */
import type { PhaseKind } from "./record.ts";

/** A part that is to come; its time in milliseconds. */
export interface Part {
  readonly kind: PhaseKind;
  readonly round: number;
  readonly time: number;
}

/** How much of the run a part of it gets, at least so long and at most (ms). */
const WARM_UP = { share: 0.06, least: 2000, most: 15_000 };
const CALM = { share: 0.06, least: 2000, most: 15_000 };
/** A round has idle connections, and then faulty clients; a run of up to this long (ms) is one round. */
const ROUND = 150_000;
/** The share of a round that the idle connections may take at most. */
const IDLE = 0.5;

/**
 * Divides the time of a run: good clients alone; rounds of idle connections and of faulty clients; good clients alone again. Times to
 * start, rest, settle and stop come on top, and are bounded.
 *
 * @example Usage
 * ```ts
 * import { partsOf } from "./plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = partsOf(120_000);
 * assertEquals(parts.map(({ kind }) => kind), ["warm-up", "rest", "idle", "faults", "calm", "settle"]);
 * assertEquals(parts.reduce((sum, { time }) => sum + time, 0), 120_000);
 * ```
 */
export function partsOf(time: number): Part[] {
  const warmUp = bounded(time, WARM_UP);
  const calm = bounded(time, CALM);
  const rounds = Math.max(1, Math.round(time / ROUND));
  const each = Math.max(2000, Math.floor((time - warmUp - calm) / rounds));
  const idle = Math.floor(each * IDLE);
  const round = (number: number): Part[] => [
    { kind: "idle", round: number, time: idle },
    { kind: "faults", round: number, time: each - idle },
  ];
  return [
    { kind: "warm-up", round: 0, time: warmUp },
    { kind: "rest", round: 0, time: 0 },
    ...Array.from({ length: rounds }, (_, index) => round(index + 1)).flat(),
    { kind: "calm", round: 0, time: calm },
    { kind: "settle", round: 0, time: 0 },
  ];
}

function bounded(time: number, { share, least, most }: { share: number; least: number; most: number }): number {
  return Math.round(Math.min(most, Math.max(least, time * share)));
}
