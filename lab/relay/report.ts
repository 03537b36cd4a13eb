/**
 * A relay's figures, for people and for programs. Pure.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { table } from "../../lib/console/table.ts";
import type { Prose } from "../../lib/events.ts";
import type { Fault } from "../../lib/faults/fault.ts";
import type { FaultTransport } from "../../lib/faults/plan.ts";
import { milliseconds, plural, thousands } from "../../lib/text.ts";
import { type OpenFlow, type Tally, type Way, WAYS, type WayTally } from "./tally.ts";

/** The heading of each fault that is counted; a fault that happens to everything alike is not. Only those that happened are shown. */
const HEADINGS: Readonly<Record<FaultTransport, Partial<Record<Fault["kind"], string>>>> = {
  tcp: {
    loss: "SENT AGAIN",
    jitter: "JITTER",
    split: "SPLIT",
    coalesce: "JOINED",
    stallAfter: "STALLED",
    halfCloseAfter: "HALF-CLOSED",
    resetAfter: "RESET",
    cut: "HELD BY CUT",
  },
  udp: {
    loss: "LOST",
    queue: "QUEUE FULL",
    cut: "LOST BY CUT",
    duplicate: "TWICE",
    reorder: "OVERTAKEN",
    jitter: "JITTER",
    corrupt: "CORRUPTED",
    truncate: "CUT SHORT",
  },
};

/** The fields of a `summary` or `result` event that tell what a relay has done. */
export function figuresOf(tally: Tally, transport: FaultTransport): Record<string, unknown> {
  const { flows, refused, failed, resets, foreign, unsent } = tally;
  const shared = transport === "tcp"
    ? { connections: flows, refused, failed, resets }
    : { flows, refused, failed: unsent, foreign };
  return { transport, ...shared, up: wayFigures(tally.up), down: wayFigures(tally.down) };
}

function wayFigures({ in: from, out, faults, times }: WayTally): Record<string, unknown> {
  return {
    in: { pieces: from.pieces, bytes: from.bytes },
    out: { pieces: out.pieces, bytes: out.bytes },
    faults: Object.fromEntries(faults),
    p50: times.count === 0 ? null : times.percentile(0.5),
    p99: times.count === 0 ? null : times.percentile(0.99),
  };
}

/** The same as a table below a line of totals. */
export function reportOf(tally: Tally, transport: FaultTransport): Prose {
  const headings = Object.entries(HEADINGS[transport]) as [Fault["kind"], string][];
  const happened = headings.filter(([kind]) => WAYS.some((way) => tally[way].faults.has(kind)));
  const unit = transport === "tcp" ? "CHUNKS" : "DATAGRAMS";
  const heading = [
    "",
    `${unit} IN`,
    "BYTES",
    `${unit} OUT`,
    "BYTES",
    ...happened.map(([, name]) => name),
    "DELAY P50",
    "P99",
  ];
  const rowOf = (way: Way): string[] => {
    const { in: from, out, times } = tally[way];
    const amounts = [from, out].flatMap(({ pieces, bytes }) => [thousands(pieces), formatBytes(bytes)]);
    const faults = happened.map(([kind]) => thousands(tally[way].faults.get(kind) ?? 0));
    const shares = [0.5, 0.99].map((share) => times.count === 0 ? "-" : milliseconds(times.percentile(share)));
    return [way, ...amounts, ...faults, ...shares];
  };
  return [{ mark: "state", text: totals(tally, transport) }, ...table([heading, ...WAYS.map(rowOf)], { left: 1 })];
}

/** `Relayed 3 connections, 1 not taken by the target` */
function totals({ flows, refused, failed, resets, foreign, unsent }: Tally, transport: FaultTransport): string {
  const parts = transport === "tcp"
    ? [[refused, "turned away"], [failed, "not taken by the target"], [resets, "reset"]] as const
    : [[refused, "without a socket"], [unsent, "failed"], [foreign, "unsolicited datagrams dropped"]] as const;
  const noun = transport === "tcp" ? "connection" : "flow";
  const more = parts.filter(([count]) => count > 0).map(([count, what]) => `, ${thousands(count)} ${what}`);
  return `Relayed ${plural(flows, noun)}${more.join("")}`;
}

/** The last line of a run. */
export function doneLine({ flows, up, down }: Tally, transport: FaultTransport): string {
  const noun = transport === "tcp" ? "connection" : "flow";
  return `Done: ${plural(flows, noun)}, ${formatBytes(up.out.bytes)} up, ${formatBytes(down.out.bytes)} down`;
}

/** The open connections or flows as a table. */
export function listOf(open: readonly OpenFlow[], transport: FaultTransport): Prose {
  if (open.length === 0) return [{ mark: "state", text: `No ${transport === "tcp" ? "connection" : "flow"} is open` }];
  const rows = open.map(({ id, peer, up, down, age, idle }) => [
    `#${id}`,
    peer,
    formatBytes(up),
    formatBytes(down),
    milliseconds(age),
    milliseconds(idle),
  ]);
  return table([["", "CLIENT", "UP", "DOWN", "OPEN FOR", "IDLE FOR"], ...rows], { left: 2 });
}
