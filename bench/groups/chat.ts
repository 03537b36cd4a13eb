/**
 * Chat: lines that reach everyone.
 *
 * @module
 */
import type { Bench } from "../context.ts";
import { ROOMS, SHARED_ROOM } from "../peers.ts";
import type { CasePlan, GroupPlan } from "../plan.ts";

/** Lines one after the other, and at once; with `--quick`, so that it is. */
const [LINES, BURST] = [{ lines: 500, burst: 5000 }, { lines: 150, burst: 1000 }];

function room(bench: Bench, members: number, peers: CasePlan["peers"]): CasePlan {
  return {
    name: `${members} members`,
    primary: "rate",
    peers,
    measure: (target, signal) => {
      const options = { ports: target.ports.join(","), members, ...bench.options.quick ? BURST : LINES };
      return bench.load("chat_load", options, target, signal);
    },
  };
}

/** The group `chat`. */
export const chat: GroupPlan = {
  name: "chat",
  title: "Chat, lines that reach everyone",
  about:
    "chat:server: one member says lines of 48 bytes. The rate is that of many at once, counted when the last member has the last " +
    "one; p50 and p99 are how long a line takes to reach the last member when nothing else is said. CPU is for 100,000 lines said.",
  columns: ["rate", "p50", "p99", "cpu"],
  generators: ["chat_load"],
  cases: (bench) => [
    room(bench, 40, [ROOMS.ours, ROOMS.node, ROOMS.ncat, SHARED_ROOM]),
    room(bench, 100, [ROOMS.ours, ROOMS.node, ROOMS.ncat]),
  ],
};
