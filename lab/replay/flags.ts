/**
 * The flags of `wire:replay`.
 *
 * @module
 */
import { type Endpoint, parsePort, portError, readHost } from "../../lib/addr.ts";
import { UsageError } from "../../lib/errors.ts";
import type { Role } from "../../lib/events.ts";
import { callersPath } from "../../lib/script/callers_path.ts";
import { endpointOf } from "../../lib/script/endpoint.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import { type Flag, flagName, type FlagValues, type ParsedFlags } from "../../lib/script/flags.ts";
import { commonFlags } from "../../lib/script/shared_flags.ts";
import { tlsClientFlags, tlsServerFlags } from "../../lib/script/tls_flags.ts";
import { type Given, refuseWith, refuseWithout } from "../../lib/script/unused_flags.ts";
import { flowFlag } from "../flow_flag.ts";

const speed: Flag<number> = {
  help: "how many times faster than captured: 2 halves each pause, 0.5 doubles it",
  placeholder: "X",
  repeatable: false,
  shown: "1",
  read: ([text = "1"]) => {
    const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
    if (value >= 0.001 && value <= 1_000_000) return value;
    throw new UsageError(
      `Cannot use ${JSON.stringify(text)}: it must be a number from 0.001 to 1000000, such as 2 or 0.5`,
    );
  },
};

/** The flags of `wire:replay`. */
export const flags = {
  as: flag.choice("the side to play", ["client", "server"], { default: "client" }),
  flow: flowFlag("play"),
  speed,
  noWait: flag.on("no pauses: each step as soon as the answer is there that it followed, in the order of the capture"),
  ignore: flag.texts(
    "what may differ in an answer: a regular expression over its bytes, ^ and $ at line ends; repeatable",
    {
      placeholder: "REGEX",
    },
  ),
  host: flag.host("server's name or address, if no argument names it", { default: "127.0.0.1", short: "H" }),
  bind: flag.host("with --as server: address to listen on; :: is IPv6 and IPv4", {
    default: "127.0.0.1",
    short: "b",
    placeholder: "ADDRESS",
  }),
  port: flag.port("server's port, or the one to listen on; 0 = any free one", {
    default: undefined,
    short: "p",
    zero: true,
  }),
  once: flag.on("with --as server: play each conversation once, then exit with the verdict"),
  ...tlsServerFlags,
  ...tlsClientFlags,
  tls: { ...tlsServerFlags.tls, help: "play what was captured as plain text over TLS" },
  cert: { ...tlsServerFlags.cert, help: "PEM file of our certificate and its chain" },
  ...commonFlags,
  timeout: flag.seconds("seconds to wait for an answer, beyond the captured time, and for a connection; 0 = for ever", {
    default: 5,
    short: "t",
    shown: "5; as a TCP server 0",
  }),
};

/** The flags that only one side has. */
const ONLY: Readonly<Record<Role, readonly string[]>> = {
  client: ["host", ...Object.keys(tlsClientFlags).filter((key) => !(key in tlsServerFlags))],
  server: ["bind", "once", ...Object.keys(tlsServerFlags).filter((key) => !(key in tlsClientFlags))],
};

/** How long to wait for the other side (ms): a TCP server waits for people too, and a flow of datagrams has to end some time. */
export function timeoutOf(
  { options: { as, timeout }, given }: { options: Pick<FlagValues<typeof flags>, "as" | "timeout">; given: Given },
  transport: "tcp" | "udp",
): number {
  return as === "server" && transport === "tcp" && !given.has("timeout") ? 0 : timeout * 1000;
}

/**
 * Refuses flags that would do nothing, or that would overwrite the capture before it is read.
 *
 * @throws {UsageError} One is of the other side, or needs another flag, or leaves it nothing to do; or it names the capture.
 */
export function checkRun({ values, operands, ...parsed }: ParsedFlags<typeof flags>): void {
  const { as, capture, diagram, trace } = values;
  const given: Given = parsed.given;
  const other = as === "client" ? "server" : "client";
  const unused = ONLY[other].find((key) => given.has(key));
  if (unused !== undefined) throw new UsageError(`Cannot use ${flagName(unused)}: it is for --as ${other}`);
  refuseWith(given, "noWait", "speed");
  refuseWithout(given, "tls", ...Object.keys({ ...tlsServerFlags, ...tlsClientFlags }));
  const input = realPath(callersPath(operands[0] ?? ""));
  for (const [key, path] of Object.entries({ capture, diagram, trace })) {
    if (path === undefined || path === "" || input === null || realPath(path) !== input) continue;
    throw new UsageError(`Cannot use ${flagName(key)} ${path}: that is the capture to play`);
  }
}

/** A path without links; `null` if nothing is there. */
function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}

/**
 * The file and the address among the arguments and flags.
 *
 * @returns The address is `null` if none was given: then the conversations are listed.
 * @throws {UsageError} There is no file, or the address has another form, or is given twice.
 */
export function targetOf(
  { operands, options, given }: {
    readonly operands: readonly string[];
    readonly options: Pick<FlagValues<typeof flags>, "as" | "host" | "bind" | "port">;
    readonly given: Given;
  },
): { file: string; address: Endpoint | null } {
  const [file, ...rest] = operands;
  if (file === undefined || file === "") throw new UsageError("Cannot use no file: name a capture (see --help)");
  const { as } = options;
  const hostname = as === "client" ? options.host : options.bind;
  const [first] = rest;
  if (first === undefined) {
    return { file, address: options.port === undefined ? null : { hostname, port: options.port } };
  }
  const twice = (["port", "host", "bind"] as const).find((key) => given.has(key));
  if (twice !== undefined) {
    throw new UsageError(`Cannot use ${flagName(twice)} with the argument ${JSON.stringify(first)}: leave one out`);
  }
  const { host = hostname, port = "" } = endpointOf(as, rest);
  const number = parsePort(port, { zero: as === "server" });
  if (number === null) throw portError(port, { zero: as === "server" });
  return { file, address: { hostname: readHost(host), port: number } };
}
