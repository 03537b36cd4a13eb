/**
 * TCP: small exchanges, at every size.
 *
 * @module
 */
import type { Bench } from "../context.ts";
import { ECHO } from "../peers.ts";
import type { CasePlan, GroupPlan } from "../plan.ts";
import type { Goal } from "../model.ts";

const MESSAGE = 64;
const NODE = ECHO.node.name;

/** No slower than Node, and answers that come nearly as evenly. */
const LIKE_NODE: readonly Goal[] = [
  { metric: "rate", against: NODE, least: 1 },
  { metric: "p99", against: NODE, most: 1.2 },
  { metric: "slowest", least: 0.5 },
];
const LIKE_BARE: readonly Goal[] = [{ metric: "rate", against: ECHO.bare.name, least: 0.97 }];

/** The servers that take part at every size; others are measured at a few. */
const ALWAYS = [ECHO.ours, ECHO.node, ECHO.bare, ECHO.c];
const FEW = [ECHO.ours, ECHO.node, ECHO.bare];
const ALL = Object.values(ECHO);

/** Busy connections, idle ones beside them, who takes part, and what is to be reached. */
const SIZES: readonly (readonly [busy: number, idle: number, peers: CasePlan["peers"], goals: readonly Goal[]])[] = [
  [1, 0, ALL, LIKE_BARE],
  [64, 0, ALL, [...LIKE_BARE, { metric: "rate", against: NODE, least: 1 }]],
  [200, 0, ALWAYS, LIKE_NODE],
  [1000, 0, ALL, LIKE_NODE],
  [5000, 0, ALWAYS, [{ metric: "rate", against: NODE, least: 1 }, { metric: "slowest", least: 0.5 }]],
  [56, 950, FEW, LIKE_NODE],
  [64, 950, FEW, LIKE_NODE],
];

/** Thousands need some time until each has had several turns, without which "slowest" says nothing. */
const MANY = 2000;

function longer({ options: { seconds } }: Bench, busy: number): { seconds?: number; warm?: number } {
  return busy < MANY ? {} : { seconds: Math.max(1, 2 * seconds), warm: 1 };
}

/** The group `tcp`. */
export const tcp: GroupPlan = {
  name: "tcp",
  title: "TCP, small exchanges",
  about:
    `tcp:server --echo: each connection sends ${MESSAGE} bytes, waits for all of them, and sends the next. "Slowest" is how ` +
    `many exchanges the slowest connection made, as a share of the median; CPU is the server's, for 100,000 exchanges.`,
  columns: ["rate", "p50", "p99", "slowest", "cpu"],
  generators: ["tcp_load"],
  cases: (bench) =>
    SIZES.map(([busy, idle, peers, goals]) => ({
      name: `${busy.toLocaleString("en")} ${idle === 0 ? "" : `busy, ${idle} idle `}connection${busy === 1 ? "" : "s"}`,
      primary: "rate",
      goals,
      peers,
      measure: (target, signal) => {
        const options = { connections: bench.connections(busy), idle, size: MESSAGE, ...longer(bench, busy) };
        return bench.load("tcp_load", options, target, signal);
      },
    })),
};
