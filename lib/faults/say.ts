/**
 * Words for faults. Pure.
 *
 * @module
 */
import { FAULTS } from "./plan.ts";

/** A time by which something comes later: `3.5ms later`. */
export function laterText(ms: number): string {
  return `${FAULTS.delay.print(Math.round(ms * 1000) / 1000)} later`;
}

/** What happens to everything alike: `everything 100ms later`, `no longer later`. */
export function delayText(ms: number): string {
  return ms === 0 ? "nothing later any more" : `everything ${laterText(ms)}`;
}

/** A limit of a rate: `at most 10kB/s`. */
export function rateText(rate: number): string {
  return rate === Infinity ? "no limit any more" : `at most ${FAULTS.rate.print(rate)}`;
}
