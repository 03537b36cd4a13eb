/**
 * The flags of `lab:relay`.
 *
 * @module
 */
import { type Endpoint, isLoopback, isWildcard } from "../../lib/addr.ts";
import { UsageError } from "../../lib/errors.ts";
import { checkTransport, FAULT_NAMES, NO_FAULTS } from "../../lib/faults/plan.ts";
import { drawSeed, faultFlagsFor, planFlags, planFrom, seedFlag } from "../../lib/script/fault_flags.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import { type Flag, flagName, type FlagValues, grouped, type ParsedFlags } from "../../lib/script/flags.ts";
import { admissionFlags, basicFlags } from "../../lib/script/shared_flags.ts";
import type { Given } from "../../lib/script/unused_flags.ts";
import { wireFlags } from "../../lib/script/wire_flags.ts";
import { type ListenAddress, parseListen, parseTarget } from "./address.ts";
import { Network } from "./network.ts";
import { WAYS } from "./tally.ts";

/** A flag that must be given; {@linkcode checkFlags} enforces it. */
function required<T>(placeholder: string, help: string, parse: (text: string) => T): Flag<T | null> {
  return {
    help,
    placeholder,
    required: true,
    repeatable: false,
    read: ([text]) => text === undefined ? null : parse(text),
  };
}

/** The flags of `lab:relay`. */
export const flags = {
  listen: required<ListenAddress>(
    "[tcp|udp]:PORT",
    "where clients connect: tcp:9000, udp:9000, or just 9000 for tcp; port 0 = any free one; tcp:0.0.0.0:9000 is for other machines too",
    parseListen,
  ),
  to: required<Endpoint>("HOST:PORT", "where to forward to; :PORT is one of this machine", parseTarget),
  once: flag.on("relay one connection, or one exchange over UDP, then exit"),
  maxConnections: flag.integer(
    "maximum open connections, or flows over UDP, of which the one idle longest then gives way; 0 = no limit",
    { default: undefined, min: 0, max: 1_000_000, shown: "10000; over UDP 1000" },
  ),
  maxMemory: { ...admissionFlags.maxMemory, help: "maximum MiB for the buffers of all connections; 0 = no limit" },
  allow: admissionFlags.allow,
  timeout: flag.seconds("seconds to wait for the target, and without a byte either way; 0 = for ever", {
    default: 0,
    short: "t",
    shown: "0; over UDP 60",
  }),
  ...planFlags,
  ...faultFlagsFor("up"),
  ...faultFlagsFor("down"),
  ...grouped("Faults on purpose", { seed: seedFlag }),
  ...wireFlags,
  json: { ...basicFlags.json, help: "one JSON object per event on stdout instead of prose, and per command on stdin" },
  quiet: basicFlags.quiet,
  help: basicFlags.help,
  version: basicFlags.version,
};

/** Each transport's default limits. */
const DEFAULTS = {
  tcp: { maxConnections: 10_000, timeout: 0 },
  udp: { maxConnections: 1000, timeout: 60 },
} as const;

/** The limits of a run: the most connections or flows, and the idle timeout in seconds. */
export function limitsOf({ listen, maxConnections, timeout }: FlagValues<typeof flags>, given: Given): {
  readonly maxConnections: number;
  readonly timeout: number;
} {
  const defaults = DEFAULTS[listen?.transport ?? "tcp"];
  return {
    maxConnections: maxConnections ?? defaults.maxConnections,
    timeout: given.has("timeout") ? timeout : defaults.timeout,
  };
}

/** Where the relay listens, and where it forwards to. */
export interface Addresses {
  readonly listen: ListenAddress;
  readonly to: Endpoint;
}

/**
 * The addresses of a run.
 *
 * @throws {UsageError} One is missing.
 */
export function addressesOf({ listen, to }: Pick<FlagValues<typeof flags>, "listen" | "to">): Addresses {
  if (listen === null) throw new UsageError("Cannot relay without --listen: where clients connect, such as tcp:9000");
  if (to === null) throw new UsageError("Cannot relay without --to: where to forward to, such as localhost:8080");
  return { listen, to };
}

/**
 * Checks that the flags make sense together.
 *
 * @throws {UsageError} An address is missing, the relay would forward to itself, or a flag is for the other transport.
 */
export function checkFlags({ values, given }: ParsedFlags<typeof flags>): void {
  const { listen, to } = addressesOf(values);
  const itself = listen.port === to.port && (listen.hostname === to.hostname ||
    (isLoopback(to.hostname) && (isLoopback(listen.hostname) || isWildcard(listen.hostname))));
  if (itself) throw new UsageError("Cannot use --to with the address of --listen: it would forward to itself for ever");
  const unused = listen.transport === "udp"
    ? (["allow", "maxMemory"] as const).find((key) => given.has(key))
    : undefined;
  if (unused !== undefined) throw new UsageError(`Cannot use ${flagName(unused)} over UDP: it is for connections`);
  networkOf(values, given);
}

/**
 * The network that the flags describe.
 *
 * @throws {UsageError} A fault that the transport cannot have, or that needs another one.
 */
export function networkOf(values: FlagValues<typeof flags>, given: Given): Network {
  const { listen: { transport } } = addressesOf(values);
  for (const name of FAULT_NAMES) {
    if (given.has(name)) checkTransport({ ...NO_FAULTS, [name]: values[name] }, transport);
  }
  const [up, down] = WAYS.map((way) => planFrom(values, given, way, transport));
  return new Network({ seed: values.seed ?? drawSeed(), ...(up && { up }), ...(down && { down }) });
}
