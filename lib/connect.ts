/**
 * From a name and a port to a connection.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { type Endpoint, formatEndpoint, isWildcard, parseAddress } from "./addr.ts";
import { Connection } from "./connection.ts";
import { Exit, type ExitCode, Failure, stateOf, TimedOutError } from "./errors.ts";
import { type Events, NO_EVENTS } from "./events.ts";
import type { ConnectionLimits } from "./socket.ts";

/** How to connect. */
export interface ConnectOptions extends ConnectionLimits {
  readonly id?: number;
  readonly events?: Events;
  readonly report?: boolean;
  /** Ends the attempt, and later the connection. */
  readonly signal?: AbortSignal;
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
    const denied = error instanceof Error && "code" in error && error.code === "EPERM";
    const code = denied ? Exit.failed : Exit.nameNotFound;
    throw new Failure(code, `Cannot resolve ${hostname}: ${dnsState(error)}`, { cause: error });
  }
  throw new Failure(Exit.nameNotFound, `Cannot resolve ${hostname}: the name has no address`);
}

function dnsState(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "EPERM") return "Deno has no permission for this name; add --allow-net, or use the task, which has it";
  if (code === "EAI_AGAIN" || code === "ETIMEOUT") return "no name server answers; is this machine online?";
  return "no such name; check the spelling, or use the address";
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
  // Not `AbortSignal.timeout`: nobody can call that off, and it would outlive the attempt.
  const limit = new AbortController();
  const late = (): void => limit.abort(new DOMException("Connecting took too long", "TimeoutError"));
  const timer = timeout > 0 ? setTimeout(late, timeout) : undefined;
  const ending = AbortSignal.any(signal === undefined ? [limit.signal] : [limit.signal, signal]);
  let addresses: readonly string[] = [];
  let socket: Deno.TcpConn;
  try {
    ending.throwIfAborted();
    addresses = await unlessAborted(resolveHost(endpoint.hostname), ending);
    const hostname = addresses.length === 1 && addresses[0] !== undefined ? addresses[0] : endpoint.hostname;
    socket = await Deno.connect({ port: endpoint.port, hostname, signal: ending });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Failure) throw error;
    throw await connectFailure(endpoint, addresses, error);
  } finally {
    clearTimeout(timer);
  }
  const connection = new Connection(socket, options);
  const duration = performance.now() - started;
  events.emit({
    event: "connected",
    id: connection.id,
    peer: connection.peer,
    local: connection.local,
    duration,
  });
  return connection;
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
  const limit = new AbortController();
  const seconds = `${timeout / 1000} s`;
  const message = `Cannot resolve ${endpoint.hostname}: no answer from a name server within ${seconds}`;
  const timer = timeout > 0 ? setTimeout(() => limit.abort(new TimedOutError(message)), timeout) : undefined;
  const ending = AbortSignal.any(signal === undefined ? [limit.signal] : [limit.signal, signal]);
  try {
    ending.throwIfAborted();
    return await unlessAborted(resolve(endpoint.hostname), ending);
  } finally {
    clearTimeout(timer);
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
