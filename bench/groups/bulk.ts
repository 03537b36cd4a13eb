/**
 * TCP: as many bytes as one connection takes.
 *
 * @module
 */
import { DISCARD, ECHO } from "../peers.ts";
import type { GroupPlan } from "../plan.ts";

/** The group `bulk`. */
export const bulk: GroupPlan = {
  name: "bulk",
  title: "TCP, one large stream",
  about:
    "One connection, writes of 64 KiB, each byte compared. With --echo what comes back counts, with --discard what was read " +
    "until the server closed. CPU is the server's, for a gigabyte.",
  columns: ["gigabytes", "cpu"],
  generators: ["bulk_load"],
  cases: (bench) =>
    (["echo", "discard"] as const).map((mode) => {
      const { ours, node, bare, c, ncat, socat } = mode === "echo" ? ECHO : DISCARD;
      const peers = [ours, node, bare, c, ...mode === "echo" ? [ECHO.asyncio] : [], ncat, socat];
      return {
        name: mode,
        primary: "gigabytes",
        goals: [{ metric: "gigabytes", against: bare.name, least: 0.97 }, {
          metric: "gigabytes",
          against: node.name,
          least: 1,
        }],
        peers,
        measure: (target, signal) => bench.load("bulk_load", { mode }, target, signal),
      };
    }),
};
