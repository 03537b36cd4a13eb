/**
 * The figures of a run: how much arrived, in what order, how late. Pure.
 *
 * @module
 */
import { LatencyStats } from "../../lib/stats.ts";
import { dueTime, firstArrivals, kindsOf, type Recorded } from "./record.ts";

/** The figures of one transport. Times are in milliseconds; `null` where there is nothing to measure. */
export interface Figures {
  readonly sent: number;
  /** How many messages arrived, each counted once. */
  readonly arrived: number;
  /** How many of those sent did not. */
  readonly lost: number;
  /** How many of the lost messages no fault explains: the receiver's buffer was full. `null` if only the kernel knows. */
  readonly dropped: number | null;
  /** How many arrivals were duplicates. */
  readonly duplicated: number;
  /** How many arrived after a later one (RFC 4737). */
  readonly outOfOrder: number;
  /** How many arrivals were cut short or had a bit flipped. */
  readonly damaged: number;
  /** TCP: how many were late because they or an earlier one had to be retransmitted. `null` for UDP, which never retransmits. */
  readonly waited: number | null;
  /** The first and the last arrival, since the first message was due. */
  readonly first: number | null;
  readonly last: number | null;
  /** Lateness: a message's arrival minus the time when it was due to be sent. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** From opening the socket to the last arrival. */
  readonly total: number | null;
}

/** How much later than delay and jitter explain a message may be without a retransmission (ms): timers and busy machines are late. */
const TOLERANCE = 5;

/**
 * Counts and measures a run.
 *
 * @param jitter By how much the delay varies (ms); used only if the kernel makes the losses, since it does not report them.
 *
 * @example Usage
 * ```ts
 * import { figuresOf } from "./figures.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const figures = figuresOf({
 *   transport: "udp",
 *   stream: { count: 3, interval: 10, size: 100 },
 *   sent: 3,
 *   arrivals: [{ number: 1, at: 20 }, { number: 3, at: 40 }, { number: 3, at: 41 }],
 *   damaged: 0,
 *   lost: [2],
 *   opening: 1,
 *   stopped: null,
 * });
 * assertEquals([figures.arrived, figures.lost, figures.duplicated, figures.max], [2, 1, 1, 20]);
 * ```
 */
export function figuresOf(record: Recorded, jitter = 0): Figures {
  const { sent, arrivals, stream, damaged, opening } = record;
  const kinds = kindsOf(arrivals);
  const first = firstArrivals(arrivals);
  const lateness = new LatencyStats();
  for (const [number, at] of first) lateness.add(at - dueTime(number, stream));
  const last = arrivals.length === 0 ? null : Math.max(...first.values());
  const none = lateness.count === 0;
  return {
    sent,
    arrived: first.size,
    lost: sent - first.size,
    dropped: droppedOf(record, first),
    duplicated: kinds.filter((kind) => kind === "duplicate").length,
    outOfOrder: kinds.filter((kind) => kind === "out of order").length,
    damaged,
    waited: waitedOf(record, jitter)?.size ?? null,
    first: none ? null : Math.min(...first.values()),
    last,
    p50: none ? null : lateness.percentile(0.5),
    p99: none ? null : lateness.percentile(0.99),
    max: none ? null : lateness.max,
    total: last === null ? null : last + opening,
  };
}

/** How many datagrams were lost without a fault. A stream loses nothing. */
function droppedOf({ transport, lost, sent, damaged }: Recorded, arrived: ReadonlyMap<number, number>): number | null {
  if (lost === null || transport === "tcp") return lost === null ? null : 0;
  const explained = lost.filter((number) => !arrived.has(number)).length + damaged;
  return Math.max(0, sent - arrived.size - explained);
}

/**
 * The messages that waited for a retransmission: those that were retransmitted themselves, and those that could have arrived earlier but
 * had to wait behind one, since a stream stays in order. The fastest message shows how soon one can arrive.
 *
 * If the kernel makes the losses, only the time shows them: these are the messages that are later than delay and jitter explain.
 *
 * @returns `null` for UDP.
 */
export function waitedOf({ transport, arrivals, lost, stream }: Recorded, jitter = 0): Set<number> | null {
  if (transport === "udp") return null;
  const waited = new Set<number>();
  const fastest = Math.min(...arrivals.map(({ number, at }) => at - dueTime(number, stream)));
  const again = lost === null ? null : new Set(lost);
  // When the last retransmitted message arrived, behind which the next ones had to wait.
  let held = -Infinity;
  for (const { number, at } of arrivals) {
    const possible = dueTime(number, stream) + fastest;
    if (again === null ? at > possible + 2 * jitter + TOLERANCE : again.has(number) || possible < held) {
      waited.add(number);
    }
    if (again?.has(number)) held = at;
  }
  return waited;
}
