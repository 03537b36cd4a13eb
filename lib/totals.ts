/**
 * What a server did, as its last line and its last event.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { type Events, NO_EVENTS } from "./events.ts";
import { plural } from "./text.ts";

/** What a TCP server did. */
export interface ServeTotals {
  readonly connections: number;
  readonly refused: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What a UDP server did. */
export interface DatagramTotals {
  readonly received: number;
  readonly answered: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A server's last line; the figures go into a `summary` event. */
export function totalsLine(totals: ServeTotals, events: Events = NO_EVENTS): string {
  events.emit({ event: "summary", prose: "", ...totals });
  const refused = totals.refused > 0 ? `, ${totals.refused} refused` : "";
  const bytes = `${formatBytes(totals.bytesIn)} in, ${formatBytes(totals.bytesOut)} out`;
  return `Done: ${plural(totals.connections, "connection")} served${refused}, ${bytes}`;
}

/** A server's last line; the figures go into a `summary` event. */
export function datagramTotalsLine(totals: DatagramTotals, events: Events = NO_EVENTS): string {
  events.emit({ event: "summary", prose: "", ...totals });
  const bytes = `${formatBytes(totals.bytesIn)} in, ${formatBytes(totals.bytesOut)} out`;
  return `Done: ${plural(totals.received, "datagram")} received, ${totals.answered} answered, ${bytes}`;
}
