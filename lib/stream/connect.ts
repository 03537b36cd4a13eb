/**
 * From a name and a port to a connection.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { type Endpoint, formatEndpoint, isWildcard, parseAddress } from "../addr.ts";
import { Connection } from "./connection.ts";
import { Exit, type ExitCode, Failure, stateOf, TimedOutError } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { type ConnectionLimits, securedEvent, type StreamSocket } from "../net/socket.ts";
import type { ClientTls } from "../tls/client.ts";
import type { HandshakeResult, TlsSocket } from "../tls/socket.ts";

/** How to connect. */
export interface ConnectOptions extends ConnectionLimits {
  readonly id?: number;
  readonly events?: Events;
  readonly report?: boolean;
  /** Ends the attempt, and later the connection. */
  readonly signal?: AbortSignal;
  /** Speak TLS. */
  readonly tls?: ClientTls | null;
}

/**
 * Resolves a name as the system does (hosts file, DNS).
 *
 * @param hostname A name or an address; an address is its own answer, the wildcard is this machine.
 * @returns Every address, in the system's order (RFC 6724); never empty.
 * @throws {Failure} With code 3 when there is none.
 */
export async function resolveHost(hostname: string): Promise<string[]> {
  if (isWildcard(hostname)) return [hostname === "::" ? "::1" : "127.0.0.1"];
  if (parseAddress(hostname.replace(/%.*$/, "")) !== null) return [hostname];
  try {
    const found = await lookup(hostname, { all: true, verbatim: true });
    if (found.length > 0) return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    const { code, state } = dnsState(error);
    throw new Failure(code, `Cannot resolve ${hostname}: ${state}`, { cause: error });
  }
  throw new Failure(Exit.nameNotFound, `Cannot resolve ${hostname}: the name has no address`);
}

/** What a failed lookup means; a missing permission says nothing about the name. */
function dnsState(error: unknown): { code: ExitCode; state: string } {
  const said = error instanceof Error && "code" in error ? error.code : "";
  if (said === "EPERM") {
    const state = "Deno has no permission for this name; add --allow-net, or use the task, which has it";
    return { code: Exit.failed, state };
  }
  const silent = said === "EAI_AGAIN" || said === "ETIMEOUT";
  const state = silent
    ? "no name server answers; is this machine online?"
    : "no such name; check the spelling, or use the address";
  return { code: Exit.nameNotFound, state };
}

/**
 * Connects over TCP. A name's addresses are tried with overlap by the platform (RFC 8305); if none answers, the error names each
 * address and what it said.
 *
 * @throws {Failure} 3 no such name, 4 refused or unreachable, 5 timed out; the signal's reason when that ended it.
 */
export async function connectTcp(endpoint: Endpoint, options: ConnectOptions = {}): Promise<Connection> {
  const { events = NO_EVENTS, timeout = 0, signal } = options;
  const started = performance.now();
  using limit = new TimeLimit(timeout, signal, () => new DOMException("Connecting took too long", "TimeoutError"));
  let addresses: readonly string[] = [];
  let socket: StreamSocket;
  try {
    limit.signal.throwIfAborted();
    addresses = await unlessAborted(resolveHost(endpoint.hostname), limit.signal);
    const hostname = addresses.length === 1 && addresses[0] !== undefined ? addresses[0] : endpoint.hostname;
    socket = await Deno.connect({ port: endpoint.port, hostname, signal: limit.signal });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Failure) throw error;
    throw await connectFailure(endpoint, addresses, error);
  }
  const tls = options.tls ?? null;
  const secured = tls === null ? null : await securedWithin(socket, endpoint, tls, limit.signal);
  const connection = new Connection(secured?.socket ?? socket, options);
  const { id, peer, local } = connection;
  events.emit({ event: "connected", id, peer, local, duration: performance.now() - started });
  if (secured === null) return connection;
  connection.session = secured.session;
  try {
    events.emit(securedEvent(connection, secured.session));
    await secured.trust(events);
    return connection;
  } catch (error) {
    // The server is to see an end and no cut.
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

/** A socket whose handshake is over, and the decision whether its peer is trusted. */
interface SecuredSocket {
  readonly socket: TlsSocket;
  readonly session: HandshakeResult;
  readonly trust: (events: Events) => Promise<void>;
}

/** Makes a socket a TLS one, within the time for connecting. */
async function securedWithin(
  raw: StreamSocket,
  endpoint: Endpoint,
  tls: ClientTls,
  signal: AbortSignal,
): Promise<SecuredSocket> {
  // Who connects without TLS does not load it.
  const { secure, trust } = await import("../tls/client.ts");
  const socket = secure(raw, endpoint, tls);
  try {
    const session = await unlessAborted(socket.handshake(), signal);
    return { socket, session, trust: (events) => trust(session, endpoint, tls, events) };
  } catch (error) {
    socket.close();
    await socket.gone;
    if (signal.aborted && signal.reason instanceof Error && signal.reason.name !== "TimeoutError") throw signal.reason;
    const { code, state } = stateOf(error);
    throw new Failure(code, `Cannot speak TLS with ${formatEndpoint(endpoint)}: ${state}`, { cause: error });
  }
}

/** Resolves the name within the time and the signal of a request; `timeout` in milliseconds, 0 = no limit. */
export async function resolveWithin(
  endpoint: Endpoint,
  { resolve = resolveHost, timeout = 0, signal }: {
    resolve?: (hostname: string) => Promise<string[]>;
    timeout?: number;
    signal?: AbortSignal;
  },
): Promise<string[]> {
  const message = `Cannot resolve ${endpoint.hostname}: no answer from a name server within ${timeout / 1000} s`;
  using limit = new TimeLimit(timeout, signal, () => new TimedOutError(message));
  limit.signal.throwIfAborted();
  return await unlessAborted(resolve(endpoint.hostname), limit.signal);
}

/**
 * A signal that fires after so many milliseconds (0 = never) or with another one, as long as it is in scope. Not
 * `AbortSignal.timeout`: nobody can call that off, and it would outlive the attempt.
 */
class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number, signal: AbortSignal | undefined, reason: () => Error) {
    const late = new AbortController();
    this.signal = AbortSignal.any(signal === undefined ? [late.signal] : [late.signal, signal]);
    if (timeout > 0) this.#timer = setTimeout(() => late.abort(reason()), timeout);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Waits for a promise, but not beyond the signal: the system gives a name server many seconds, and knows no way to call it off. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** How many addresses of a name an error names. */
const NAMED = 8;
/** How long an address may take to say why it does not answer, once the connection has failed (ms). */
const PROBE = 500;

/** Puts a failed attempt into words; where a name has several addresses, each is asked once more for its own reason. */
export async function connectFailure(
  endpoint: Endpoint,
  addresses: readonly string[],
  error: unknown,
): Promise<Failure> {
  const { code, state } = stateOf(error);
  const target = formatEndpoint(endpoint);
  const cause = { cause: error };
  if (addresses.length < 2) {
    return new Failure(code, `Cannot connect to ${target}: ${state}${advice(code, state)}`, cause);
  }
  const said = await Promise.all(
    addresses.slice(0, NAMED).map(async (address) => {
      try {
        const signal = AbortSignal.timeout(PROBE);
        (await Deno.connect({ hostname: address, port: endpoint.port, signal })).close();
        return `${address} answers now`;
      } catch (problem) {
        return `${address} ${stateOf(problem).state}`;
      }
    }),
  );
  const more = addresses.length > NAMED ? `; and ${addresses.length - NAMED} more` : "";
  return new Failure(code, `Cannot connect to ${target}: ${said.join("; ")}${more}${advice(code, state)}`, cause);
}

/** What to try, by kind of failure. */
function advice(code: ExitCode, state: string): string {
  if (state.includes("refused")) return " (is a server running there, on that port?)";
  if (code === Exit.unreachable) return " (is that machine on, and on the same network?)";
  if (code === Exit.timedOut) return " (wrong address, machine off, or a firewall that drops)";
  return "";
}
