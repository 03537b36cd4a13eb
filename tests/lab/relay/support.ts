/**
 * Relays for the tests.
 *
 * @module
 */
import { Network } from "../../../lab/relay/network.ts";
import { TcpRelay, type TcpRelayOptions } from "../../../lab/relay/tcp.ts";
import { UdpRelay, type UdpRelayOptions } from "../../../lab/relay/udp.ts";
import { listenNode } from "../../../lib/net/node_listener.ts";
import { RecordedEvents } from "../../support/sockets.ts";

const AT = { hostname: "127.0.0.1", port: 0 };

/** A relay that runs until it is disposed of. */
export interface Running<R> extends AsyncDisposable {
  readonly relay: R;
  readonly port: number;
  readonly network: Network;
  readonly events: RecordedEvents;
  /** Settles when it has ended. */
  readonly done: Promise<void>;
  /** Stops it, as Ctrl-C does, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts a TCP relay towards a port of this machine. */
export async function tcpRelay(to: number, options: Partial<TcpRelayOptions> = {}): Promise<Running<TcpRelay>> {
  const listener = (await listenNode(AT))();
  const { network = new Network() } = options;
  const [events, stopping] = [new RecordedEvents(), new AbortController()];
  const { signal } = stopping;
  const relay = new TcpRelay({ ...AT, port: to }, { drainTime: 0, ...options, network, events, signal });
  return running(relay, relay.run(listener), { port: listener.addr.port, network, events, stopping });
}

/** Starts a UDP relay towards a port of this machine. */
export function udpRelay(to: number, options: Partial<UdpRelayOptions> = {}): Running<UdpRelay> {
  const socket = (options.tap ?? ((socket) => socket))(Deno.listenDatagram({ ...AT, transport: "udp" }));
  const { network = new Network() } = options;
  const [events, stopping] = [new RecordedEvents(), new AbortController()];
  const { signal } = stopping;
  const relay = new UdpRelay({ ...AT, port: to }, { ...options, network, events, signal });
  const { port } = socket.addr as Deno.NetAddr;
  return running(relay, relay.run(socket), { port, network, events, stopping });
}

function running<R>(
  relay: R,
  done: Promise<void>,
  { stopping, ...parts }: { port: number; network: Network; events: RecordedEvents; stopping: AbortController },
): Running<R> {
  const stop = async (): Promise<void> => {
    stopping.abort();
    await done;
  };
  return { relay, done, ...parts, stop, [Symbol.asyncDispose]: stop };
}
