/**
 * A server's totals, as its last line and its `summary` event.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { type Events, NO_EVENTS } from "./events.ts";
import { plural } from "./text.ts";

/** Totals of a TCP server. */
export interface ServeTotals {
  readonly connections: number;
  readonly refused: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Totals of a UDP server. */
export interface DatagramTotals {
  readonly received: number;
  readonly answered: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A TCP server's last line; also emits the figures as a `summary` event. */
export function totalsLine(totals: ServeTotals, events: Events = NO_EVENTS): string {
  events.emit({ event: "summary", prose: "", ...totals });
  const refused = totals.refused > 0 ? `, ${totals.refused} refused` : "";
  const bytes = `${formatBytes(totals.bytesIn)} in, ${formatBytes(totals.bytesOut)} out`;
  return `Done: ${plural(totals.connections, "connection")} served${refused}, ${bytes}`;
}

/** A UDP server's last line; also emits the figures as a `summary` event. */
export function datagramTotalsLine(totals: DatagramTotals, events: Events = NO_EVENTS): string {
  events.emit({ event: "summary", prose: "", ...totals });
  const bytes = `${formatBytes(totals.bytesIn)} in, ${formatBytes(totals.bytesOut)} out`;
  return `Done: ${plural(totals.received, "datagram")} received, ${totals.answered} answered, ${bytes}`;
}
