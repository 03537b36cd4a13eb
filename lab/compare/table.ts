/**
 * The figures of both transports as a table. Pure.
 *
 * @module
 */
import { table } from "../../lib/console/table.ts";
import { thousands } from "../../lib/text.ts";
import type { Figures } from "./figures.ts";

/** The rows: label, figure, and its unit if it is a time. */
const ROWS: readonly (readonly [label: string, figure: keyof Figures, unit: "ms" | ""])[] = [
  ["sent", "sent", ""],
  ["arrived", "arrived", ""],
  ["lost", "lost", ""],
  ["of which damaged", "damaged", ""],
  ["duplicated", "duplicated", ""],
  ["out of order", "outOfOrder", ""],
  ["waited for a retransmission", "waited", ""],
  ["first arrival", "first", "ms"],
  ["last arrival", "last", "ms"],
  ["lateness, p50", "p50", "ms"],
  ["lateness, p99", "p99", "ms"],
  ["lateness, max", "max", "ms"],
  ["total time", "total", "ms"],
];
/** Shown where there is no figure. */
const NONE = "-";

/**
 * Makes the table, one line per row. Damage has a row only if there is any.
 *
 * @example Usage
 * ```ts
 * import { tableOf } from "./table.ts";
 * import { figuresOf } from "./figures.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const stream = { count: 1, interval: 0, size: 100 };
 * const record = { stream, sent: 1, arrivals: [{ number: 1, at: 20.25 }], damaged: 0, lost: [], opening: 1, stopped: null };
 * const lines = tableOf(figuresOf({ ...record, transport: "tcp" }), figuresOf({ ...record, transport: "udp" }));
 * assertStringIncludes(lines.join("\n"), "total time                   21.3 ms  21.3 ms");
 * ```
 */
export function tableOf(tcp: Figures, udp: Figures): string[] {
  const rows = ROWS.filter(([, figure]) => figure !== "damaged" || tcp.damaged + udp.damaged > 0)
    .map(([label, figure, unit]) => [label, cell(tcp[figure], unit), cell(udp[figure], unit)]);
  return table([["", "TCP", "UDP"], ...rows], { left: 1 });
}

/** A figure as text: a count, or a time to a tenth of a millisecond. */
function cell(value: number | null, unit: "ms" | ""): string {
  if (value === null) return NONE;
  if (unit === "") return thousands(value);
  const [whole = "", tenth] = value.toFixed(1).split(".");
  return `${thousands(whole === "-0" ? 0 : Number(whole))}.${tenth} ms`;
}
