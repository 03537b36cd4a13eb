/**
 * How a run opens its sockets: as the platform does, or over a network with the faults that its flags ask for.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import type { Events } from "../events.ts";
import type { Faults, FaultSink } from "../faults/fault.ts";
import type { Layer } from "../net/layers.ts";
import { listenTcp } from "../net/listen.ts";
import type { PacketLayer } from "../net/packet_socket.ts";
import type { StreamListener } from "../net/socket.ts";
import type { Opener } from "../stream/dial.ts";
import { faultsOf } from "./fault_flags.ts";

/** A TCP listener as a script uses it; `Deno.TcpListener` is one. */
export type ScriptListener = StreamListener & Disposable & { readonly addr: Deno.NetAddr };

/** How a run opens its sockets. */
export interface Sockets {
  /** Lies under every TCP connection; `undefined` without faults. */
  readonly faults: StreamFaults | undefined;
  /** Wraps a UDP socket in the faults and in what shows the wire; without either it returns the same object. */
  readonly wrap: PacketLayer;
  /**
   * The platform's call that connects, `(at) => Deno.connect(at)`; with `--reset-after` another one, whose sockets can send RST.
   */
  readonly opener: (open: Opener) => Opener;
  /**
   * Opens a TCP listener by the platform's call, `() => Deno.listen(at)`; with `--reset-after` by another one, whose sockets can send RST.
   *
   * @param at The address that the call binds.
   * @throws {Failure} As `listenTcp` of `lib/net/listen.ts`.
   */
  readonly listenTcp: (open: () => ScriptListener, at: Deno.TcpListenOptions & Endpoint) => Promise<ScriptListener>;
}

/** The faults of a run's TCP connections. */
export interface StreamFaults {
  readonly layer: Layer;
  /** For another thread, which makes its own layer from them… */
  readonly faults: Faults;
  /** …and reports here what has happened there. */
  readonly tell: FaultSink;
}

/** Sockets as the platform opens them. */
const PLAIN: Sockets = {
  faults: undefined,
  wrap: (socket) => socket,
  opener: (open) => open,
  // Not `listenTcp` itself, which would throw instead of rejecting.
  listenTcp: async (open, at) => await listenTcp(open, at),
};

/** The run whose sockets they are. */
export interface FaultyRun {
  /** The script: `tcp:server`. */
  readonly name: string;
  readonly events: Events;
  /** The values of all its flags. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Those that were given. */
  readonly given: ReadonlySet<PropertyKey>;
}

/**
 * Does a run's work over the network that its flags describe, and reports which faults happened. Nothing is loaded if there are none.
 *
 * @throws {UsageError} Its transport cannot have a fault, or a fault lacks another that it depends on.
 */
export async function withFaults<T>(run: FaultyRun, work: (sockets: Sockets) => Promise<T>): Promise<T> {
  const faults = faultsOf(run);
  if (faults === null) return await work(PLAIN);
  const { FaultyNetwork } = await import("./faulty_network.ts");
  await using network = new FaultyNetwork(faults, run);
  return await work({ ...PLAIN, ...await network.sockets() });
}
