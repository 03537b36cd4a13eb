/**
 * Observers of what happens before a connection has a socket to tap: the lookup, each attempt to connect, a client's handshake.
 *
 * @module
 */
import type { TlsSession } from "../events.ts";
import { resolveHost } from "../net/resolve.ts";
import type { RawSocket, StreamSocket } from "../net/socket.ts";
import { type WireEvent, type WireSink, wireTime } from "./event.ts";
import { endpointOf, errorName, plainSession } from "./event_parts.ts";

/** Resolves names as {@linkcode resolveHost} does, and tells each lookup; an address needs none. */
export function resolverTap(sink: WireSink, transport: "tcp" | "udp"): (hostname: string) => Promise<string[]> {
  return async (name) => {
    const started = wireTime();
    const tell = (more: Partial<WireEvent>): void => {
      const at = wireTime();
      const none = { flow: 0, local: null, peer: null, bytes: null };
      sink.emit({ at, transport, call: "resolve", ...none, duration: at - started, name, ...more });
    };
    try {
      const addresses = await resolveHost(name);
      if (addresses.length > 1 || addresses[0] !== name) tell({ addresses });
      return addresses;
    } catch (error) {
      tell({ error: errorName(error) });
      throw error;
    }
  };
}

/** Makes the observer of a client's attempts to connect. */
export function connectTap(
  sink: WireSink,
  { flow, port }: { flow: number; port: number },
): (attempt: { address: string; started: number; result: { socket: RawSocket } | { error: unknown } }) => void {
  return ({ address, started, result }) => {
    const peer = { hostname: address, port };
    const local = "socket" in result ? endpointOf(result.socket.localAddr) : null;
    const failed = "error" in result ? { error: errorName(result.error) } : {};
    const [at, duration] = [wireTime(), performance.now() - started];
    sink.emit({ at, transport: "tcp", call: "connect", flow, local, peer, bytes: null, duration, ...failed });
  };
}

/** Makes the observer of a client's handshake, which precedes its tap; call what it returns when the handshake is over. */
export function handshakeTap(
  sink: WireSink,
  socket: StreamSocket,
): (result: { session: TlsSession; verified: boolean } | { error: unknown }) => void {
  const started = wireTime();
  return (result) => {
    const at = wireTime();
    const [local, peer] = [endpointOf(socket.localAddr), endpointOf(socket.remoteAddr)];
    const more = "error" in result
      ? { error: errorName(result.error) }
      : { session: { ...plainSession(result.session), verified: result.verified } };
    const flow = socket.id;
    const event = { at, transport: "tcp", call: "handshake", flow, local, peer, bytes: null, tls: true } as const;
    sink.emit({ ...event, duration: at - started, ...more });
  };
}
