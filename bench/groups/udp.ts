/**
 * UDP: datagrams that come back.
 *
 * @module
 */
import { DATAGRAMS } from "../peers.ts";
import type { GroupPlan } from "../plan.ts";

const SIZE = 64;

/** The group `udp`. */
export const udp: GroupPlan = {
  name: "udp",
  title: "UDP, datagrams echoed",
  about:
    `udp:server --echo --max-rate 0: datagrams of ${SIZE} bytes, 1 or 32 of them on their way; one that is not back after 100 ms is lost. ` +
    "CPU is the server's, for 100,000 datagrams.",
  columns: ["rate", "p50", "p99", "lost", "cpu"],
  generators: ["udp_load"],
  cases: (bench) =>
    [1, 32].map((window) => ({
      name: `window ${window}`,
      primary: "rate",
      goals: [
        { metric: "rate", against: DATAGRAMS.node.name, least: 1 },
        { metric: "rate", against: DATAGRAMS.bare.name, least: 0.95 },
      ],
      peers: Object.values(DATAGRAMS),
      measure: (target, signal) => bench.load("udp_load", { window, size: SIZE }, target, signal),
    })),
};
