/**
 * Connecting by name and port.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../addr.ts";
import { Connection } from "./connection.ts";
import { Exit, type ExitCode, Failure, stateOf } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { resolveHost, TimeLimit } from "../net/resolve.ts";
import { stateAt } from "../net/state.ts";
import { abortable } from "../within.ts";
import { compose, type Layer, type Layers } from "../net/layers.ts";
import { dial, NoAnswer, type Opener } from "./dial.ts";
import { withProgress } from "../progress.ts";
import { type RawSocket, type StreamSocket, streamSocket } from "../net/socket.ts";
import type { RefusalPlace } from "../refusal.ts";
import type { ConnectionLimits } from "./limits.ts";
import { refusalGuard } from "./refusal.ts";
import { securedEvent } from "./report.ts";
import type { ClientTls } from "../tls/client.ts";
import type { HandshakeResult } from "../tls/handshake.ts";
import type { TlsSocket } from "../tls/socket.ts";
import { connectTap, handshakeTap, resolverTap } from "../wire/connect_tap.ts";
import type { WireSink } from "../wire/event.ts";
import { streamTap } from "../wire/tap.ts";

/** Options of a connection attempt. */
export interface ConnectOptions extends ConnectionLimits {
  /** The connection's number (1). */
  readonly id?: number;
  /** The layers that wrap the socket; the TLS layer comes from `tls`, the tap from `wire`. */
  readonly layers?: Omit<Layers, "tls" | "tap">;
  /** Impairs the connection, below all other layers. */
  readonly faults?: Layer | undefined;
  /** Told every call, from the lookup on. */
  readonly wire?: WireSink | undefined;
  readonly events?: Events;
  /** Whether received and sent messages become events. */
  readonly report?: boolean;
  /** Aborts the attempt, and later the connection. */
  readonly signal?: AbortSignal;
  readonly tls?: ClientTls | null;
  /** Where to look for the sentence with which a server turns the client away; a read that meets it throws. Default: nowhere. */
  readonly refusal?: RefusalPlace;
}

export type { Opener };

/**
 * Connects over TCP, to the first of a name's addresses that answers ({@linkcode dial}). If none does, the error lists each with its own
 * state.
 *
 * @param open The platform's own call.
 * @throws {Failure} 3 no such name, 4 refused or unreachable, 5 timed out; the signal's reason after an abort.
 */
export async function connectTcp(
  open: Opener,
  endpoint: Endpoint,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { events = NO_EVENTS, timeout = 0, signal, layers = {}, wire } = options;
  const started = performance.now();
  using limit = new TimeLimit(timeout, signal, () => new DOMException("Connecting took too long", "TimeoutError"));
  const target = formatEndpoint(endpoint);
  const { raw, secured } = await withProgress(
    reach(open, endpoint, options, limit.signal),
    events,
    (ms) => `Connecting to ${target} … ${Math.floor(ms / 1000)} s`,
  );
  const { script = [] } = layers;
  const tap = wire && streamTap(wire, "connect");
  const connection = new Connection(
    wrapped(secured?.socket ?? raw, (below) => guarded(compose(below, { tap, script }), options)),
    options,
  );
  const { id, peer, local } = connection;
  events.emit({ event: "connected", id, peer, local, duration: performance.now() - started });
  if (secured === null) return connection;
  connection.session = secured.session;
  try {
    await secured.trust(events);
    events.emit(securedEvent(connection, secured.session));
    return connection;
  } catch (error) {
    // The server should see a clean end, not a cut-off stream.
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

/** Adds the guard that recognises a refusal, if it is asked for. */
function guarded(socket: StreamSocket, { refusal, events = NO_EVENTS }: ConnectOptions): StreamSocket {
  return refusal === undefined ? socket : refusalGuard({ place: refusal, events })(socket);
}

/** Resolves the name, connects, and performs the TLS handshake. */
async function reach(
  open: Opener,
  endpoint: Endpoint,
  { signal, id = 1, layers = {}, faults = layers.faults, tls = null, wire }: ConnectOptions,
  limit: AbortSignal,
): Promise<{ raw: StreamSocket; secured: SecuredSocket | null }> {
  let raw: RawSocket;
  try {
    limit.throwIfAborted();
    const resolve = wire === undefined ? resolveHost : resolverTap(wire, "tcp");
    const addresses = await abortable(resolve(endpoint.hostname), limit);
    const onAttempt = wire && connectTap(wire, { flow: id, port: endpoint.port });
    raw = await dial(open, addresses, endpoint.port, { signal: limit, onAttempt });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Failure) throw error;
    throw connectFailure(endpoint, error);
  }
  const impaired = wrapped(raw, () => compose(streamSocket(raw, id), { faults }));
  return {
    raw: impaired,
    secured: tls === null ? null : await securedWithin(impaired, endpoint, { tls, wire }, limit),
  };
}

/** Wraps a socket; one that cannot be wrapped is closed. */
function wrapped<S extends RawSocket, T>(socket: S, wrap: (socket: S) => T): T {
  try {
    return wrap(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** A socket after its handshake, and the check of whether its peer is trusted. */
interface SecuredSocket {
  readonly socket: TlsSocket;
  readonly session: HandshakeResult;
  readonly trust: (events: Events) => Promise<void>;
}

/** Performs the TLS handshake within the connect timeout. */
async function securedWithin(
  raw: StreamSocket,
  endpoint: Endpoint,
  { tls, wire }: { tls: ClientTls; wire: WireSink | undefined },
  signal: AbortSignal,
): Promise<SecuredSocket> {
  // Loaded only for TLS connections.
  const { secure, trust } = await import("../tls/client.ts");
  const socket = wrapped(raw, () => secure(raw, endpoint, tls));
  const told = wire && handshakeTap(wire, socket);
  try {
    const session = await abortable(socket.handshake(), signal);
    const verify = async (events: Events): Promise<void> => {
      // An untrusted server is told as a handshake that failed.
      await trust(session, endpoint, tls, events).catch((error) => {
        told?.({ error });
        throw error;
      });
      told?.({ session, verified: !tls.insecure || tls.pins.length > 0 });
    };
    return { socket, session, trust: verify };
  } catch (error) {
    told?.({ error });
    socket.close();
    if (signal.aborted && signal.reason instanceof Error && signal.reason.name !== "TimeoutError") throw signal.reason;
    const { code, state } = stateOf(error);
    throw new Failure(code, `Cannot speak TLS with ${formatEndpoint(endpoint)}: ${state}`, { cause: error });
  }
}

/** The most addresses that an error lists. */
const MAX_NAMED = 8;

/** Describes a failed attempt, with the state of each address that was tried. */
function connectFailure(endpoint: Endpoint, error: unknown): Failure {
  const failures = error instanceof NoAnswer ? error.failures : [];
  const cause = failures[0]?.error ?? error;
  // A time limit ends all of them: it says more than the state of the first.
  const { code, state } = stateAt(endpoint.hostname, failures.at(-1)?.error ?? error);
  const each = failures.slice(0, MAX_NAMED).map(({ address, error }) => `${address} ${stateAt(address, error).state}`);
  const more = failures.length > MAX_NAMED ? `; and ${failures.length - MAX_NAMED} more` : "";
  const states = failures.length < 2 ? state : `${each.join("; ")}${more}`;
  return new Failure(code, `Cannot connect to ${formatEndpoint(endpoint)}: ${states}${hint(code, state)}`, { cause });
}

/** A hint what to check, by kind of failure. */
function hint(code: ExitCode, state: string): string {
  if (state.includes("refused")) return " (is a server running there, on that port?)";
  if (code === Exit.unreachable) return " (is that machine on, and on the same network?)";
  if (code === Exit.timedOut) return " (wrong address, machine off, or a firewall that drops)";
  return "";
}
