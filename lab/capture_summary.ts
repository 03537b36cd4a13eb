/**
 * What a capture holds, in words. Pure.
 *
 * @module
 */
import { plural } from "../lib/text.ts";
import type { CaptureSummary } from "../lib/wire/pcap/events.ts";

/**
 * One line about what was told.
 *
 * @example Usage
 * ```ts
 * import { summaryLine } from "./capture_summary.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const summary = { packets: 9, connections: 1, datagramFlows: 0, skipped: new Map([["of ICMP", 2]]), missing: 0, cut: false };
 * assertEquals(summaryLine("a.pcap", summary), "a.pcap: 9 packets, 1 connection, 0 datagram flows, 2 packets skipped");
 * ```
 */
export function summaryLine(path: string, { packets, connections, datagramFlows, skipped }: CaptureSummary): string {
  const unused = [...skipped.values()].reduce((sum, count) => sum + count, 0);
  const parts = [
    plural(packets, "packet"),
    plural(connections, "connection"),
    plural(datagramFlows, "datagram flow"),
    ...(unused > 0 ? [`${plural(unused, "packet")} skipped`] : []),
  ];
  return `${path}: ${parts.join(", ")}`;
}

/** What is incomplete about a capture, and what was skipped and why. */
export function warningsOf({ skipped, missing, cut }: CaptureSummary): string[] {
  return [
    ...[...skipped].map(([why, count]) => `skipped ${plural(count, "packet")} ${why}`),
    ...(missing > 0 ? [`the capture lacks ${plural(missing, "byte")} of the connections in it`] : []),
    ...(cut ? ["the file is cut off in its last packet, as when its writer was killed"] : []),
  ];
}
