/**
 * How faults are described in words. Pure.
 *
 * @module
 */
import { FAULTS } from "./plan.ts";

/** How much later something arrives: `3.5ms later`. */
export function laterText(ms: number): string {
  return `${FAULTS.delay.print(Math.round(ms * 1000) / 1000)} later`;
}

/** A delay that applies to everything: `everything 100ms later`. */
export function delayText(ms: number): string {
  return ms === 0 ? "no delay any more" : `everything ${laterText(ms)}`;
}

/** A rate limit: `at most 10kB/s`. */
export function rateText(rate: number): string {
  return rate === Infinity ? "no limit any more" : `at most ${FAULTS.rate.print(rate)}`;
}

/** What a loss costs on a stream: `sent again`, `sent again 3 times`. */
export function againText(losses: number): string {
  return losses === 1 ? "sent again" : `sent again ${losses} times`;
}
