/**
 * The report of a comparison: events for programs, the table and its interpretation for people. Pure.
 *
 * @module
 */
import type { ScriptEvent, Summary } from "../../lib/events.ts";
import { ProtocolError } from "../../lib/errors.ts";
import { type FaultPlan, needsChance, planLine } from "../../lib/faults/plan.ts";
import { counted } from "../../lib/text.ts";
import { figuresOf } from "./figures.ts";
import type { Plot } from "./plot.ts";
import type { Recorded, Stream, Transport } from "./record.ts";
import { tableOf } from "./table.ts";
import { faultWords, honesty, type Maker, sentences } from "./words.ts";

/** Both records, and what made the faults. */
export interface Comparison {
  readonly tcp: Recorded;
  readonly udp: Recorded;
  readonly plan: FaultPlan;
  /** The seed; `null` for the kernel's chance, which has none to tell. */
  readonly seed: number | null;
  readonly maker: Maker;
}

/** What is compared, in one line: `100 messages of 100 bytes, one every 10 ms: 5 % loss, 20 ms delay (seed 7)`. */
export function headline({ count, size, interval }: Stream, { plan, seed }: Pick<Comparison, "plan" | "seed">): string {
  const every = `${interval < 10 ? Number(interval.toFixed(2)) : Math.round(interval)} ms`;
  const pace = count === 1 ? "" : interval === 0 ? ", at once" : `, one every ${every}`;
  const from = seed !== null && needsChance(plan) ? ` (seed ${seed})` : "";
  return `${counted(count, "message")} of ${counted(size, "byte")}${pace}: ${faultWords(plan)}${from}`;
}

/** What the table's last rows mean. */
const LATENESS = "(lateness: from when a message was due to be sent until it arrived)";

/** The event at the end: the figures, and the table with its interpretation. */
export function summaryOf(comparison: Comparison): Summary {
  const { tcp, udp, plan, seed, maker } = comparison;
  const both = { tcp: figuresOf(tcp, plan.jitter), udp: figuresOf(udp, plan.jitter) };
  return {
    event: "summary",
    ...tcp.stream,
    faults: planLine(plan),
    seed,
    maker,
    ...both,
    prose: [...tableOf(both.tcp, both.udp), LATENESS, "", ...readingOf(comparison)],
  };
}

/** The comparison as a plot. */
export function plotOf(comparison: Comparison): Plot {
  const { tcp, udp, plan } = comparison;
  return { tcp, udp, title: `What arrived when: ${faultWords(plan)}`, notes: readingOf(comparison) };
}

function readingOf({ tcp, udp, plan, maker }: Comparison): string[] {
  const both = { tcp: figuresOf(tcp, plan.jitter), udp: figuresOf(udp, plan.jitter) };
  const same = tcp.lost !== null && tcp.lost.length > 0 && tcp.lost.join() === udp.lost?.join();
  return [...sentences(both, tcp.stopped), ...[honesty(maker, plan, same)].filter((text) => text !== null)];
}

/** The event that holds a record, for programs; times are rounded to a microsecond. */
export function recordEvent(record: Recorded): ScriptEvent {
  const arrivals = record.arrivals.map(({ number, at }) => ({ number, at: rounded(at) }));
  return { event: "measured", prose: "", ...record, arrivals, opening: rounded(record.opening) };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * Finds a transport's record in the output of a run with `--json`.
 *
 * @throws {ProtocolError} It is missing, or a line is not JSON.
 */
export function recordIn(lines: readonly string[], transport: Transport): Recorded {
  try {
    for (const line of lines) {
      const { event, time: _time, ...record } = JSON.parse(line);
      if (event === "measured" && record.transport === transport) return record;
    }
  } catch (cause) {
    throw new ProtocolError(`${UNREADABLE}: it printed something else`, { cause });
  }
  throw new ProtocolError(`${UNREADABLE}: it told nothing of ${transport}`);
}

const UNREADABLE = "Cannot read what the run in the other network measured";
