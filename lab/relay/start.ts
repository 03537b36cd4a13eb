/**
 * From the flags to a listening relay.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import type { FaultSink } from "../../lib/faults/fault.ts";
import { type AddressFlags, announce, BACKLOG, listenTcp, listenUdp } from "../../lib/net/listen.ts";
import type { listenNode } from "../../lib/net/node_listener.ts";
import type { PacketOpener } from "../../lib/net/packet_socket.ts";
import { resolveHost } from "../../lib/net/resolve.ts";
import { joinCommand } from "../../lib/script/command.ts";
import type { Run } from "../../lib/script/script.ts";
import { serveOptions } from "../../lib/script/shared_flags.ts";
import type { Opener } from "../../lib/stream/dial.ts";
import type { Controlled } from "./controls.ts";
import { type Addresses, type flags, limitsOf } from "./flags.ts";
import type { Network } from "./network.ts";
import { TcpRelay } from "./tcp.ts";
import { UdpRelay } from "./udp.ts";

/** A running relay. */
export interface RunningRelay {
  readonly relay: Controlled;
  /** Settles when it has stopped. */
  readonly done: Promise<void>;
}

/** What {@linkcode startRelay} needs from a run. */
type RelayRun = Pick<
  Run<typeof flags>,
  "options" | "given" | "events" | "signal" | "wire" | "faults" | "wrap" | "resolve"
>;

/** The platform's calls that open its sockets. */
export interface RelaySockets {
  /** Opens a TCP listener whose connections can be reset. */
  readonly listen: typeof listenNode;
  /** Connects to the target; this connection can be reset too. */
  readonly connect: Opener;
  /** Opens a UDP socket: the one for the clients, and one towards the target for each of them. */
  readonly datagrams: PacketOpener;
}

/** What a relay is made of besides its flags. */
export interface RelayParts {
  readonly sockets: RelaySockets;
  /** What happens between the sockets… */
  readonly network: Network;
  /** …and who is told of each fault. */
  readonly onFault: FaultSink;
}

/**
 * Starts the relay that the flags describe, and announces it.
 *
 * @throws {Failure} It cannot listen (9), or the target's name is unknown (3).
 */
export async function startRelay(addresses: Addresses, run: RelayRun, parts: RelayParts): Promise<RunningRelay> {
  return await (addresses.listen.transport === "udp" ? startUdp : startTcp)(addresses, run, parts);
}

async function startTcp(
  { listen, to }: Addresses,
  run: RelayRun,
  { sockets, ...parts }: RelayParts,
): Promise<RunningRelay> {
  const { options, events } = run;
  // A name is looked up for each connection anew, but a wrong one should fail at once.
  await resolveHost(to.hostname);
  const at = { hostname: listen.hostname, port: listen.port, tcpBacklog: BACKLOG };
  const flags = flagsFor("tcp");
  const listener = listenTcp(await sockets.listen(at), at, flags);
  announce(events, listener, (at) => joinCommand("tcp:client", at), { flags });
  tellTarget(to, run);
  const relay = new TcpRelay(to, {
    ...serveOptions({ ...run, options: { ...options, ...limitsOf(options, run.given) } }),
    ...parts,
    open: sockets.connect,
  });
  return { relay, done: relay.run(listener) };
}

async function startUdp(
  { listen, to }: Addresses,
  run: RelayRun,
  { sockets, ...parts }: RelayParts,
): Promise<RunningRelay> {
  const { options, events, signal, wrap } = run;
  const { maxConnections: maxFlows, timeout } = limitsOf(options, run.given);
  const [hostname = to.hostname] = await run.resolve(to.hostname);
  const at = { transport: "udp", hostname: listen.hostname, port: listen.port } as const;
  const flags = flagsFor("udp");
  const socket = listenUdp(() => wrap(sockets.datagrams(at)), at, flags);
  announce(events, socket, (at) => joinCommand("udp:client", at), { flags });
  const target = { hostname, port: to.port };
  tellTarget(target, run);
  const relay = new UdpRelay(target, {
    ...parts,
    open: sockets.datagrams,
    events,
    signal,
    tap: wrap,
    maxFlows,
    once: options.once,
    timeout: timeout * 1000,
  });
  return { relay, done: relay.run(socket) };
}

function tellTarget(to: Endpoint, { events }: RelayRun): void {
  events.emit({ event: "notice", message: `Forwarding to ${formatEndpoint(to)}` });
}

function flagsFor(transport: string): AddressFlags {
  return { anyPort: `--listen ${transport}:0`, everywhere: `--listen ${transport}:0.0.0.0:PORT` };
}
