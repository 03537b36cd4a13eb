/**
 * The servers of a soak: which script, with which flags, and how its clients talk to it. Pure.
 *
 * @module
 */

/** How the clients of a server talk to it. */
export type Dialect = "echo" | "reply" | "http" | "room" | "turns" | "sum" | "udp-echo" | "udp-turns" | "udp-sum";

/** A server of the soak. */
export interface ServerSpec {
  /** Its name in tables and messages. */
  readonly name: string;
  /** The task whose permissions it has. */
  readonly task: string;
  /** Its flags; `{NAME}` stands for the port of an earlier server. */
  readonly flags: readonly string[];
  readonly dialect: Dialect;
  readonly transport: "tcp" | "udp";
  readonly tls?: boolean;
  /** The most idle connections that make sense, and why; without it as many as the run wants. */
  readonly crowd?: { readonly most: number; readonly why: string };
  /** How many descriptors it has for each connection, if not one. */
  readonly each?: number;
  /** How many good clients it can serve beside its crowd, if not 100: each of them costs more. */
  readonly served?: number;
}

/** Where all servers listen. */
export const HOST = "127.0.0.1";

/** What `tcp` answers, and what stands for it in `sum`. */
export const REPLY = "the reply of the soak";
export const SUM_NAME = "Soak";
export const SUM_NUMBER = 17;
/** What the operator of a chat in turns answers. */
export const UNDERSTOOD = "understood";

/** More than the idle connections and everyone else. */
const MANY = ["--max-connections", "0"];
const SUM = ["--keep-running", "--number", String(SUM_NUMBER), "--name", SUM_NAME];
/** A guest that says nothing must not keep the line for ever. */
const TURN = ["--timeout", "1"];

/** Why some have smaller crowds. */
const NOTICES = { most: 1000, why: "everyone hears of everyone, so the notices grow with the square of the crowd" };
const ALONE = { most: 0, why: "there is one guest at a time" };
const TWICE = { most: 4000, why: "each takes two descriptors there, and one more at its target" };

/** All servers of this project, as many of them in every way they can serve. */
export const SERVERS: readonly ServerSpec[] = [
  tcp("tcp echo", "tcp:server", ["--echo", ...MANY], "echo"),
  tcp("tcp reply", "tcp:server", ["--reply", REPLY, ...MANY], "reply"),
  { ...tcp("tcp tls", "tcp:server", ["--echo", "--tls", "--ephemeral", ...MANY], "echo"), tls: true },
  tcp("http", "http:server", MANY, "http"),
  tcp("http threaded", "http:threaded", ["--workers", "2", ...MANY], "http"),
  { ...tcp("chat room", "chat:server", ["--bind", "127.0.0.1", ...MANY], "room"), crowd: NOTICES, served: 10 },
  { ...tcp("chat turns", "chat:server", ["--bind", "127.0.0.1", "--mode", "turns", ...TURN], "turns"), crowd: ALONE },
  tcp("sum", "sum:server", [...SUM, ...MANY], "sum"),
  {
    ...tcp("relay", "lab:relay", relay("tcp", "tcp echo", "--split", "random", ...MANY), "echo"),
    crowd: TWICE,
    served: 10,
    each: 2,
  },
  udp("udp echo", "udp:server", ["--echo"], "udp-echo"),
  udp("chat udp", "chat:udp-server", TURN, "udp-turns"),
  udp("sum udp", "sum:udp-server", SUM, "udp-sum"),
  udp("relay udp", "lab:relay", relay("udp", "udp echo", "--duplicate", "5%", "--timeout", "5"), "udp-echo"),
];

/** Whether idle connections make sense: where there is one guest at a time, or no connection at all, they do not. */
export function takesCrowd({ transport, crowd }: ServerSpec): boolean {
  return transport === "tcp" && crowd?.most !== 0;
}

function tcp(name: string, task: string, flags: readonly string[], dialect: Dialect): ServerSpec {
  return { name, task, flags, dialect, transport: "tcp" };
}

function udp(name: string, task: string, flags: readonly string[], dialect: Dialect): ServerSpec {
  return { name, task, flags, dialect, transport: "udp" };
}

function relay(transport: "tcp" | "udp", to: string, ...faults: readonly string[]): string[] {
  return ["--listen", `${transport}:127.0.0.1:0`, "--to", `127.0.0.1:{${to}}`, ...faults];
}

/**
 * The flags of a server, with the ports of earlier ones put in.
 *
 * @example Usage
 * ```ts
 * import { flagsOf } from "./servers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const spec = { name: "relay", task: "lab:relay", dialect: "echo", transport: "tcp", flags: ["--to", "127.0.0.1:{tcp echo}"] } as const;
 * assertEquals(flagsOf(spec, new Map([["tcp echo", 9000]])), ["--to", "127.0.0.1:9000", "--json", "--quiet"]);
 * ```
 */
export function flagsOf({ task, flags }: ServerSpec, ports: ReadonlyMap<string, number>): string[] {
  const port = task === "lab:relay" ? [] : ["--port", "0"];
  const filled = flags.map((text) => text.replace(/\{(.*)\}/, (_, name) => String(ports.get(name) ?? 0)));
  return [...filled, ...port, "--json", "--quiet"];
}
