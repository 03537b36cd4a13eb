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

/** How much of the run good clients are alone, at its beginning and again at its end: a share, at least and at most so long (ms). */
const ALONE = { share: 0.06, least: 2000, most: 15_000 };
/** A round has idle connections, and then faulty clients; a run of up to this long (ms) is one round. */
const ROUND = 150_000;
/** The share of a round that the idle connections may take at most. */
const IDLE = 0.5;

/**
 * Divides the time of a run: good clients alone; rounds of idle connections and of faulty clients; good clients alone again. Times to
 * start, rest, settle and stop come on top, and are bounded.
 *
 * @param crowds Whether there are idle connections; without them the faulty clients have their time too.
 *
 * @example Usage
 * ```ts
 * import { partsOf } from "./plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = partsOf(120_000);
 * assertEquals(parts.map(({ kind }) => kind), ["warm-up", "rest", "idle", "faults", "cool-down", "settle"]);
 * assertEquals(parts.reduce((sum, { time }) => sum + time, 0), 120_000);
 * ```
 */
export function partsOf(time: number, crowds = true): Part[] {
  const alone = Math.round(Math.min(ALONE.most, Math.max(ALONE.least, time * ALONE.share)));
  const rounds = Math.max(1, Math.round(time / ROUND));
  const each = Math.max(2000, Math.floor((time - 2 * alone) / rounds));
  const idle = crowds ? Math.floor(each * IDLE) : 0;
  const round = (number: number): Part[] => [
    ...crowds ? [{ kind: "idle", round: number, time: idle } as const] : [],
    { kind: "faults", round: number, time: each - idle },
  ];
  return [
    { kind: "warm-up", round: 0, time: alone },
    { kind: "rest", round: 0, time: 0 },
    ...Array.from({ length: rounds }, (_, index) => round(index + 1)).flat(),
    { kind: "cool-down", round: 0, time: alone },
    { kind: "settle", round: 0, time: 0 },
  ];
}
