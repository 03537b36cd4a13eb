/**
 * From the start of a server's process until it listens.
 *
 * @module
 */
import type { Bench } from "../context.ts";
import { DATAGRAMS, ECHO, ROOMS, secured, WEB } from "../peers.ts";
import type { CasePlan, GroupPlan, Peer } from "../plan.ts";

/** How often each is started; with `--quick`, less. */
const [ROUNDS, FEW] = [10, 3];
/** Of Node's time. */
const GOAL = 0.5;

function from({ options: { quick } }: Bench, name: string, ours: Peer, node: Peer): CasePlan {
  return {
    name,
    primary: "start",
    rounds: quick ? FEW : ROUNDS,
    fresh: true,
    goals: [{ metric: "start", against: node.name, most: GOAL }],
    peers: [ours, node],
    measure: ({ startTime }) => Promise.resolve({ start: startTime }),
  };
}

/** The group `start`. */
export const start: GroupPlan = {
  name: "start",
  title: "From start to listening",
  about:
    "From the start of the process until it says that it listens, each time anew; Deno's and Node's caches are warm.",
  columns: ["start"],
  generators: [],
  cases: async (bench) => {
    const { ours, node } = await secured(bench);
    return [
      from(bench, "tcp:server --echo", ECHO.ours, ECHO.node),
      from(bench, "udp:server --echo", DATAGRAMS.ours, DATAGRAMS.node),
      from(bench, "http:server", WEB.ours, WEB.node),
      from(bench, "chat:server", ROOMS.ours, ROOMS.node),
      from(bench, "tcp:server --tls", ours, node),
    ];
  },
};
