/**
 * Memory at rest and for each connection.
 *
 * @module
 */
import type { Bench } from "../context.ts";
import { Held } from "../generator.ts";
import type { Goal } from "../model.ts";
import { ECHO, ROOMS, secured, WEB } from "../peers.ts";
import type { CasePlan, GroupPlan, Peer } from "../plan.ts";

const REQUEST = "GET /status/200 HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n";
const UPGRADE = "GET /room HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
  "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n";
const [MANY, SOME] = [10_000, 1000];
const [MEGABYTE, KILOBYTE] = [1e6, 1e3];

interface Crowd {
  readonly name: string;
  readonly connections: number;
  readonly peers: readonly Peer[];
  readonly goals: readonly Goal[];
  /** The generator that opens the connections, and its options. */
  readonly hold?: readonly string[];
  /** What each connection says once. */
  readonly message?: string;
}

function crowd(
  bench: Bench,
  { name, connections: wanted, peers, goals, hold = ["hold"], message = "hello\\n" }: Crowd,
): CasePlan {
  const [program = "", ...options] = hold;
  return {
    name: `${name}, ${wanted.toLocaleString("en")} connections`,
    primary: "idle",
    rounds: 1,
    fresh: true,
    goals,
    peers,
    measure: async (target, signal) => {
      const connections = bench.connections(wanted);
      const rest = await target.memory();
      const given = [`port=${target.ports[0]}`, `connections=${connections}`, `message=${message}`];
      await using held = await Held.open([bench.path(program), ...options, ...given], signal);
      const idle = await target.memory();
      await held.exchange(signal);
      const after = await target.memory();
      const each = (bytes: number): number => (bytes - rest) / connections / KILOBYTE;
      return { rest: rest / MEGABYTE, idle: each(idle), after: each(after) };
    },
  };
}

const asMuchAs = (server: string): Goal[] => [{ metric: "idle", against: server, most: 1 }];

/** The group `memory`. */
export const memory: GroupPlan = {
  name: "memory",
  title: "Memory",
  about:
    "The resident memory of a server that nobody has connected to, and how much more each connection takes: idle, and after one " +
    "exchange on each. A kB is 1,000 bytes. The kernel's buffers are not counted.",
  columns: ["rest", "idle", "after"],
  generators: ["hold"],
  cases: async (bench) => {
    const tls = await secured(bench);
    const encrypted: Crowd = {
      name: "TLS",
      connections: SOME,
      peers: [tls.ours, tls.node, tls.bare],
      goals: asMuchAs(tls.node.name),
      hold: ["tls_load", "mode=hold"],
    };
    const room = { connections: SOME, peers: [ROOMS.ours, ROOMS.node], goals: [{ metric: "idle", most: 20 }] } as const;
    const crowds: Crowd[] = [
      {
        name: "TCP",
        connections: MANY,
        peers: [ECHO.ours, ECHO.node, ECHO.bare, ECHO.c],
        goals: asMuchAs(ECHO.node.name),
      },
      {
        name: "HTTP",
        connections: MANY,
        peers: [WEB.ours, WEB.node, WEB.deno],
        goals: asMuchAs(WEB.node.name),
        message: REQUEST,
      },
      ...await bench.built("tls_load") ? [encrypted] : [],
      { name: "chat", ...room },
      { name: "chat by WebSocket", ...room, peers: [ROOMS.ours], message: UPGRADE },
    ];
    return crowds.map((each) => crowd(bench, each));
  },
};
