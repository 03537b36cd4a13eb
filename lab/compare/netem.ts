/**
 * Faults as the kernel makes them: a plan as the arguments of `tc qdisc add … netem` (tc-netem(8)). Pure.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import { FAULT_NAMES, type FaultName, type FaultPlan, flagName, NO_FAULTS } from "../../lib/faults/plan.ts";

/** What netem can do. The other faults happen to streams and datagrams as programs see them, not to packets. */
const KERNELS: ReadonlySet<FaultName> = new Set([
  "delay",
  "jitter",
  "rate",
  "loss",
  "burst",
  "duplicate",
  "reorder",
  "corrupt",
  "queue",
]);

/** The most packets that wait if there is no rate limit. */
const QUEUE = 10_000;

/**
 * The arguments of netem for a plan.
 *
 * @throws {UsageError} The plan has a fault that netem lacks, or that it does differently.
 *
 * @example Usage
 * ```ts
 * import { netemArguments } from "./netem.ts";
 * import { NO_FAULTS } from "../../lib/faults/plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const args = netemArguments({ ...NO_FAULTS, loss: 0.05, delay: 20, jitter: 5 });
 * assertEquals(args.join(" "), "limit 10000 delay 20000us 5000us loss 5%");
 * ```
 */
export function netemArguments(plan: FaultPlan): string[] {
  const { delay, jitter, rate, loss, duplicate, reorder, corrupt } = plan;
  const other = FAULT_NAMES.find((name) => plan[name] !== NO_FAULTS[name] && !KERNELS.has(name));
  if (other !== undefined) {
    throw new UsageError(`Cannot use --${flagName(other)} with --netem: the kernel has no such fault`);
  }
  if (reorder > 0 && delay === 0) {
    throw new UsageError("Cannot use --reorder with --netem without --delay: the kernel lets some packets skip it");
  }
  if (jitter > delay) {
    throw new UsageError("Cannot use --jitter with --netem above --delay: the kernel cannot send a packet earlier");
  }
  return [
    "limit",
    String(rate === Infinity ? QUEUE : plan.queue),
    ...(delay > 0 ? ["delay", time(delay), ...(jitter > 0 ? [time(jitter)] : [])] : []),
    ...(loss > 0 ? ["loss", ...lossModel(plan)] : []),
    ...(duplicate > 0 ? ["duplicate", share(duplicate)] : []),
    ...(reorder > 0 ? ["reorder", share(reorder)] : []),
    ...(corrupt > 0 ? ["corrupt", share(corrupt)] : []),
    ...(rate < Infinity ? ["rate", `${Math.max(8, Math.round(rate * 8))}bit`] : []),
  ];
}

/**
 * Independent losses, or bursts after Gilbert's model: a burst begins with probability p and ends with probability r, so that its mean
 * length is 1/r and the share that is lost p/(p+r).
 */
function lossModel({ loss, burst }: FaultPlan): string[] {
  if (burst === 1 || loss === 1) return [share(loss)];
  const ends = 1 / burst;
  return ["gemodel", share(Math.min(1, ends * loss / (1 - loss))), share(ends)];
}

function time(ms: number): string {
  return `${Math.round(ms * 1000)}us`;
}

function share(value: number): string {
  return `${Number((value * 100).toFixed(4))}%`;
}
