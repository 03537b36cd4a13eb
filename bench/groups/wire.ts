/**
 * What it costs to show the wire.
 *
 * @module
 */
import { ECHO, variant } from "../peers.ts";
import type { GroupPlan, Peer } from "../plan.ts";

const READERS: Readonly<Record<string, (folder: string) => readonly string[]>> = {
  "--trace FILE": (folder) => ["--trace", `${folder}/echo.trace`],
  "--explain": () => ["--explain"],
  "--capture FILE": (folder) => ["--capture", `${folder}/echo.pcapng`],
  "--diagram FILE": (folder) => ["--diagram", `${folder}/echo.svg`],
  "--inspect": () => ["--inspect"],
};
const PEERS: readonly Peer[] = Object.entries(READERS).map(([name, args]) =>
  variant(name, "tcp:server", ({ folder }) => ["--echo", ...args(folder)])
);

/** The group `wire`. */
export const wire: GroupPlan = {
  name: "wire",
  title: "What it costs to show the wire",
  about:
    "tcp:server --echo without a reader (plainwire), and with each: 64 connections, 64 bytes. Here every row is divided by the first.",
  columns: ["rate", "p50", "p99", "cpu"],
  relative: true,
  generators: ["tcp_load"],
  cases: (bench) => [{
    name: "64 connections",
    primary: "rate",
    peers: [ECHO.ours, ...PEERS],
    measure: (target, signal) => bench.load("tcp_load", { connections: 64, size: 64 }, target, signal),
  }],
};
