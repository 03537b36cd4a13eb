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
import { compose, type Layers } from "../net/layers.ts";
import { withProgress } from "../progress.ts";
import { type RawSocket, type StreamSocket, streamSocket } from "../net/socket.ts";
import type { RefusalPlace } from "../refusal.ts";
import type { ConnectionLimits } from "./limits.ts";
import { refusalGuard } from "./refusal.ts";
import { securedEvent } from "./report.ts";
import type { ClientTls } from "../tls/client.ts";
import type { HandshakeResult } from "../tls/handshake.ts";
import type { TlsSocket } from "../tls/socket.ts";

/** Options of a connection attempt. */
export interface ConnectOptions extends ConnectionLimits {
  /** The connection's number (1). */
  readonly id?: number;
  /** The layers that wrap the socket; the TLS layer comes from `tls`. */
  readonly layers?: Omit<Layers, "tls">;
  readonly events?: Events;
  /** Whether received and sent messages become events. */
  readonly report?: boolean;
  /** Aborts the attempt, and later the connection. */
  readonly signal?: AbortSignal;
  readonly tls?: ClientTls | null;
  /** Where to look for the sentence with which a server turns the client away; a read that meets it throws. Default: nowhere. */
  readonly refusal?: RefusalPlace;
}

/** Connects a socket; a script passes `(at) => Deno.connect(at)`. */
export type Opener = (at: Deno.ConnectOptions) => Promise<RawSocket>;

/**
 * Connects over TCP. The platform tries a name's addresses with overlap (Happy Eyeballs, RFC 8305); if all fail, the error lists each
 * address with its own state.
 *
 * @param open The platform's own call.
 * @throws {Failure} 3 no such name, 4 refused or unreachable, 5 timed out; the signal's reason after an abort.
 */
export async function connectTcp(
  open: Opener,
  endpoint: Endpoint,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { events = NO_EVENTS, timeout = 0, signal, layers = {} } = options;
  const started = performance.now();
  using limit = new TimeLimit(timeout, signal, () => new DOMException("Connecting took too long", "TimeoutError"));
  const target = formatEndpoint(endpoint);
  const { raw, secured } = await withProgress(
    dial(open, endpoint, options, limit.signal),
    events,
    (ms) => `Connecting to ${target} … ${Math.floor(ms / 1000)} s`,
  );
  const { faults: _, ...above } = layers;
  const below = secured?.socket ?? raw;
  const connection = new Connection(wrapped(below, () => guarded(compose(below, above), options)), options);
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
async function dial(
  open: Opener,
  endpoint: Endpoint,
  { signal, id = 1, layers = {}, tls = null }: ConnectOptions,
  limit: AbortSignal,
): Promise<{ raw: StreamSocket; secured: SecuredSocket | null }> {
  let addresses: readonly string[] = [];
  let raw: RawSocket;
  try {
    limit.throwIfAborted();
    addresses = await abortable(resolveHost(endpoint.hostname), limit);
    const hostname = addresses.length === 1 && addresses[0] !== undefined ? addresses[0] : endpoint.hostname;
    raw = await open({ port: endpoint.port, hostname, signal: limit });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Failure) throw error;
    throw await connectFailure(open, endpoint, addresses, error);
  }
  const impaired = wrapped(raw, () => compose(streamSocket(raw, id), { faults: layers.faults }));
  return { raw: impaired, secured: tls === null ? null : await securedWithin(impaired, endpoint, tls, limit) };
}

/** Wraps a socket; one that cannot be wrapped is closed. */
function wrapped<T>(socket: RawSocket, wrap: () => T): T {
  try {
    return wrap();
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
  tls: ClientTls,
  signal: AbortSignal,
): Promise<SecuredSocket> {
  // Loaded only for TLS connections.
  const { secure, trust } = await import("../tls/client.ts");
  const socket = wrapped(raw, () => secure(raw, endpoint, tls));
  try {
    const session = await abortable(socket.handshake(), signal);
    return { socket, session, trust: (events) => trust(session, endpoint, tls, events) };
  } catch (error) {
    socket.close();
    if (signal.aborted && signal.reason instanceof Error && signal.reason.name !== "TimeoutError") throw signal.reason;
    const { code, state } = stateOf(error);
    throw new Failure(code, `Cannot speak TLS with ${formatEndpoint(endpoint)}: ${state}`, { cause: error });
  }
}

/** The most addresses that an error lists. */
const MAX_NAMED = 8;
/** The time limit for probing each address after the connection has failed (ms). */
const PROBE_TIMEOUT = 500;

/** Describes a failed attempt; if the name has several addresses, probes each once more for its own reason. */
export async function connectFailure(
  open: Opener,
  endpoint: Endpoint,
  addresses: readonly string[],
  error: unknown,
): Promise<Failure> {
  const { code, state } = stateAt(endpoint.hostname, error);
  const target = formatEndpoint(endpoint);
  const cause = { cause: error };
  if (addresses.length < 2) {
    return new Failure(code, `Cannot connect to ${target}: ${state}${hint(code, state)}`, cause);
  }
  const results = await Promise.all(
    addresses.slice(0, MAX_NAMED).map(async (address) => {
      try {
        const signal = AbortSignal.timeout(PROBE_TIMEOUT);
        (await open({ hostname: address, port: endpoint.port, signal })).close();
        return `${address} answers now`;
      } catch (problem) {
        return `${address} ${stateOf(problem).state}`;
      }
    }),
  );
  const more = addresses.length > MAX_NAMED ? `; and ${addresses.length - MAX_NAMED} more` : "";
  return new Failure(code, `Cannot connect to ${target}: ${results.join("; ")}${more}${hint(code, state)}`, cause);
}

/** A hint what to check, by kind of failure. */
function hint(code: ExitCode, state: string): string {
  if (state.includes("refused")) return " (is a server running there, on that port?)";
  if (code === Exit.unreachable) return " (is that machine on, and on the same network?)";
  if (code === Exit.timedOut) return " (wrong address, machine off, or a firewall that drops)";
  return "";
}
