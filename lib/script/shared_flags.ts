/**
 * The flags that scripts share, so that each has the same meaning everywhere.
 *
 * @module
 */
import type { AddressRange } from "../addr.ts";
import { flag } from "./flag_kinds.ts";
import { type Flag, grouped } from "./flags.ts";
import type { Events } from "../events.ts";
import { type MemoryBudget, memoryBudget } from "../memory.ts";
import type { ConnectOptions } from "../stream/connect.ts";
import type { ServeOptions } from "../stream/server.ts";
import { GAP, MAX_MESSAGE } from "../stream/limits.ts";
import type { WireSink } from "../wire/event.ts";
import { type FaultFlags, faultFlags } from "./fault_flags.ts";
import type { StreamFaults } from "./sockets.ts";
import { type WireFlags, wireFlags } from "./wire_flags.ts";

/** The flags of every script. */
export interface BasicFlags {
  readonly timeout: Flag<number>;
  readonly json: Flag<boolean>;
  readonly quiet: Flag<boolean>;
  readonly help: Flag<boolean>;
  readonly version: Flag<boolean>;
}

/** `--timeout`, `--json`, `--quiet`, `--help`, `--version`. */
export const basicFlags: BasicFlags = {
  timeout: flag.seconds("seconds to wait for the peer, connecting or idle; 0 = for ever", { default: 0, short: "t" }),
  ...grouped("Output and help", {
    json: flag.on("one JSON object per event on stdout instead of prose"),
    quiet: flag.on("only data and errors, and a server's ready line", { short: "q" }),
    help: flag.on("show this text", { short: "h" }),
    version: flag.on("show the version", { short: "V" }),
  }),
};

/** `--no-qr` of a server that has a page for browsers. */
export const pageFlags: { readonly noQr: Flag<boolean> } = grouped("Output and help", {
  noQr: flag.on("no QR code of the URL; otherwise a terminal that is large enough shows one"),
});

/** The flags of every script that opens a socket: the basic ones, those that show the wire, and those that break it. */
export const commonFlags: BasicFlags & WireFlags & FaultFlags = { ...wireFlags, ...faultFlags, ...basicFlags };

/** `--timeout` of a server that has no connections, over UDP. */
export const silenceFlag: Flag<number> = {
  ...commonFlags.timeout,
  help: "seconds without a datagram after which the server ends, with code 5; 0 = never",
};

/** `--bind` and `--port` of a server. */
export function bindFlags(defaults: { bind: string; port: number }): { bind: Flag<string>; port: Flag<number> } {
  return {
    bind: flag.host("address to listen on; :: is IPv6 and IPv4", {
      default: defaults.bind,
      short: "b",
      placeholder: "ADDRESS",
    }),
    port: flag.port("port to listen on; 0 = any free one", { default: defaults.port, short: "p", zero: true }),
  };
}

/** `--host` and `--port` of a client. */
export function peerFlags(defaults: { port: number }): { host: Flag<string>; port: Flag<number> } {
  return {
    host: flag.host("server's name or address", { default: "127.0.0.1", short: "H" }),
    port: flag.port("server's port", { default: defaults.port, short: "p" }),
  };
}

/** `--once`, `--max-connections`, `--max-memory` and `--allow` of a TCP server. */
export const admissionFlags = {
  once: flag.on("serve one client, then exit"),
  maxConnections: flag.integer("maximum open connections; 0 = no limit", {
    default: 10_000,
    min: 0,
    max: 1_000_000,
  }),
  maxMemory: flag.integer("maximum MiB for the messages and answers of all connections together; 0 = no limit", {
    default: 256,
    min: 0,
    max: 1_048_576,
    placeholder: "MIB",
  }),
  allow: flag.ranges("address or range that may connect; repeatable"),
};

/** `--gap` and `--max-message`: the framing of messages on a stream. */
export const framingFlags = {
  gap: flag.integer("pause in ms that ends a message without newline; 0 = off", { default: GAP, min: 0, max: 60_000 }),
  maxMessage: flag.integer("maximum bytes of one message", {
    default: MAX_MESSAGE,
    min: 1,
    max: 64 * 1024 * 1024,
    placeholder: "BYTES",
  }),
};

/** What a run is about besides its flags. */
interface RunParts<O> {
  readonly options: O;
  readonly events: Events;
  readonly signal: AbortSignal;
  readonly wire: WireSink | undefined;
  readonly faults: StreamFaults | undefined;
}

/** The options of `connectTcp` for a TCP client's run: seconds become milliseconds; a refusal may be all that the server says. */
export function connectOptions({ options: { timeout, gap, maxMessage }, events, signal, wire, faults }: RunParts<{
  readonly timeout: number;
  readonly gap: number;
  readonly maxMessage: number;
}>): ConnectOptions & { readonly events: Events; readonly signal: AbortSignal } {
  const ms = timeout * 1000;
  const limits = { timeout: ms, stall: ms, messageTime: ms, gap, maxMessage };
  return { ...limits, refusal: "only", events, signal, wire, faults: faults?.layer };
}

/** The flags that {@linkcode serveOptions} reads. */
export interface ServeFlagValues {
  readonly timeout: number;
  readonly once: boolean;
  readonly maxConnections: number;
  readonly maxMemory: number;
  readonly allow: readonly AddressRange[];
  readonly gap?: number;
  readonly maxMessage?: number;
}

/** The options of `serveTcp` for a TCP server's run: seconds become milliseconds, MiB a budget that reports to the run's events. */
export function serveOptions(
  { options, events, signal, wire, faults }: RunParts<ServeFlagValues>,
): ServeOptions & { readonly events: Events; readonly signal: AbortSignal; readonly memory: MemoryBudget } {
  const { timeout, once, maxConnections, maxMemory, allow, gap = GAP, maxMessage = MAX_MESSAGE } = options;
  const memory = memoryBudget(maxMemory, events);
  const ms = timeout * 1000;
  const limits = { timeout: ms, messageTime: ms, maxConnections, memory, allow, gap, maxMessage };
  return { ...limits, once, events, signal, wire, faults: faults?.layer };
}
