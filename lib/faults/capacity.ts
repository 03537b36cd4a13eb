/**
 * How much of a stream is on its way at once, and where it ends. Pure.
 *
 * @module
 */
import { type FaultPlan, NO_FAULTS } from "./plan.ts";

/** How many bytes wait without a limit of their rate, and how many at most, whatever their delay: Linux's `tcp_wmem`. */
const CAPACITY = 256 * 1024;
const MAX_CAPACITY = 4 * 1024 * 1024;
/** How much of a limited rate passes at once (ms), and how much waits. */
const TICK = 20;
const WAITING = 1000;
/** How much of a limited rate is made up for (ms), so that timers which fire late do not lower it. */
export const CREDIT = 2 * TICK;

/** Whether a plan does nothing to streams. */
export function streamsPass(plan: FaultPlan): boolean {
  return plan === NO_FAULTS || !readsAhead(plan) && plan.rate === Infinity && plan.split === null &&
      plan.slowRead === Infinity && plan.stallAfter === Infinity && limitOf(plan)[0] === Infinity;
}

/** Whether bytes have to be received before somebody asks for them: the time begins when they arrive. */
export function readsAhead({ delay, jitter, loss, coalesce }: FaultPlan): boolean {
  return delay > 0 || jitter > 0 || loss > 0 || coalesce > 0;
}

/** How many bytes of a rate pass at once: small pieces often, as over a line. */
export function ticks(rate: number): number {
  return Math.max(1, Math.floor(rate * TICK / 1000));
}

/**
 * How many bytes are on their way at most: as many as pass within the delay, and some that wait. A writer waits beyond that, and a reader
 * that is slow on purpose takes no more than it needs.
 */
export function capacity({ rate, slowRead, delay, jitter }: FaultPlan): number {
  const fastest = Math.min(rate, slowRead);
  const late = delay + jitter;
  if (fastest === Infinity) return late > 0 ? MAX_CAPACITY : CAPACITY;
  const waiting = slowRead <= rate ? ticks(slowRead) : Math.max(ticks(rate), Math.min(CAPACITY, rate * WAITING / 1000));
  return Math.min(MAX_CAPACITY, Math.ceil(waiting + fastest * late / 1000));
}

/** After how many bytes a stream ends, and how; `Infinity` if it does not. */
export function limitOf({ halfCloseAfter, resetAfter }: FaultPlan): [number, "halfCloseAfter" | "resetAfter"] {
  return resetAfter <= halfCloseAfter ? [resetAfter, "resetAfter"] : [halfCloseAfter, "halfCloseAfter"];
}
