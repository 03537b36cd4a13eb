/**
 * TLS: handshakes, small exchanges, one large stream.
 *
 * @module
 */
import { secured } from "../peers.ts";
import type { GroupPlan } from "../plan.ts";

/** Connections at a time. */
const [HANDSHAKES, EXCHANGES] = [8, 32];

/** The group `tls`. */
export const tls: GroupPlan = {
  name: "tls",
  title: "TLS",
  about:
    "tcp:server --tls --echo, one certificate for all, TLS 1.3, nothing resumed. The client is C on OpenSSL, with a thread for " +
    "each connection: it is the same for all, and takes less of the machine than the servers, except for a handshake, where both sides " +
    "do about as much. So look at the CPU too: for 100,000 handshakes or exchanges, or a gigabyte.",
  columns: ["rate", "gigabytes", "p50", "p99", "cpu"],
  generators: ["tls_load"],
  cases: async (bench) => {
    const { ours, node, bare } = await secured(bench);
    const peers = [ours, node, bare];
    return [
      {
        name: `handshakes, ${HANDSHAKES} at a time`,
        primary: "rate",
        goals: [{ metric: "rate", against: node.name, least: 0.9 }],
        peers,
        measure: (target, signal) =>
          bench.load("tls_load", { mode: "handshake", connections: HANDSHAKES }, target, signal),
      },
      {
        name: `64 bytes echoed, ${EXCHANGES} connections`,
        primary: "rate",
        peers,
        measure: (target, signal) =>
          bench.load("tls_load", { mode: "exchange", connections: EXCHANGES }, target, signal),
      },
      {
        name: "one large stream echoed",
        primary: "gigabytes",
        goals: [{ metric: "gigabytes", against: node.name, least: 1 }],
        peers,
        measure: (target, signal) => bench.load("tls_load", { mode: "bulk", connections: 1 }, target, signal),
      },
    ];
  },
};
