/**
 * How much of a stream may be in flight at once, and where it ends. Pure.
 *
 * @module
 */
import { type FaultPlan, NO_FAULTS } from "./plan.ts";

/** How many bytes may be in flight without a rate limit, and how many at the very most, whatever the delay; see `tcp_wmem` in tcp(7). */
const CAPACITY = 256 * 1024;
const MAX_CAPACITY = 4 * 1024 * 1024;
/** How much may be in all lines of a layer before each has little room, and how little: many streams must not exhaust memory. */
const MAX_LOAD = 256 * 1024 * 1024;
const LITTLE = 16 * 1024;
/** How much passes at once under a rate limit, and how much may wait: as much as the rate allows in this time (ms). */
const TICK = 20;
const WAITING = 1000;
/** How far a rate may catch up (ms), so that late timers do not lower it. */
export const CREDIT = 2 * TICK;

/** How many bytes are in all lines of a layer. */
export interface Load {
  bytes: number;
}

/** Whether a plan leaves streams alone. */
export function streamsPass(plan: FaultPlan): boolean {
  return plan === NO_FAULTS || !readsAhead(plan) && plan.rate === Infinity && plan.split === null &&
      plan.slowRead === Infinity && plan.stallAfter === Infinity && limitOf(plan)[0] === Infinity;
}

/** Whether bytes have to be read before anybody asks for them: their delay begins when they arrive. */
export function readsAhead({ delay, jitter, loss, coalesce }: FaultPlan): boolean {
  return delay > 0 || jitter > 0 || loss > 0 || coalesce > 0;
}

/** How many bytes pass at once at a rate: small pieces at short intervals, as on a wire. */
export function ticks(rate: number): number {
  return Math.max(1, Math.floor(rate * TICK / 1000));
}

/**
 * How many bytes may be in flight: as many as pass within the delay, and some that wait. Beyond that a writer has to wait. A reader that
 * is slow on purpose takes in no more than it passes on.
 *
 * @param load Beyond a limit, each stream of the layer has little room.
 */
export function capacity(plan: FaultPlan, { bytes }: Load = { bytes: 0 }): number {
  const most = ownCapacity(plan);
  return bytes < MAX_LOAD ? most : Math.min(most, LITTLE);
}

function ownCapacity({ rate, slowRead, delay, jitter }: FaultPlan): number {
  const fastest = Math.min(rate, slowRead);
  const late = delay + jitter;
  if (fastest === Infinity) return late > 0 ? MAX_CAPACITY : CAPACITY;
  const waiting = slowRead <= rate ? ticks(slowRead) : Math.max(ticks(rate), Math.min(CAPACITY, rate * WAITING / 1000));
  return Math.min(MAX_CAPACITY, Math.ceil(waiting + fastest * late / 1000));
}

/** After how many bytes a stream ends, and how; `Infinity` = never. */
export function limitOf({ halfCloseAfter, resetAfter }: FaultPlan): [number, "halfCloseAfter" | "resetAfter"] {
  return resetAfter <= halfCloseAfter ? [resetAfter, "resetAfter"] : [halfCloseAfter, "halfCloseAfter"];
}
