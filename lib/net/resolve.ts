/**
 * Name resolution.
 *
 * @module
 */
import { type Endpoint, isAddress, isWildcard, withoutZone } from "../addr.ts";
import { Exit, type ExitCode, Failure, TimedOutError } from "../errors.ts";
import { abortable } from "../within.ts";

/**
 * Resolves a name as the system does (hosts file, DNS).
 *
 * @param hostname A name or an address; an address resolves to itself, a wildcard to loopback.
 * @returns Every address, in the system's order (RFC 6724); never empty.
 * @throws {Failure} With code 3 when there is no address.
 */
export async function resolveHost(hostname: string): Promise<string[]> {
  if (isWildcard(hostname)) return [hostname === "::" ? "::1" : "127.0.0.1"];
  if (isAddress(withoutZone(hostname))) return [hostname];
  // Loading it takes longer than most of a script's start, and few scripts have a name to resolve.
  const { lookup } = await import("node:dns/promises");
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

/** Resolves a name within a request's time limit and signal; `timeout` in milliseconds, 0 = no limit. */
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
  return await abortable(resolve(endpoint.hostname), limit.signal);
}

/**
 * A signal that aborts after `timeout` milliseconds (0 = never) or when another signal does, until it is disposed of. Not
 * `AbortSignal.timeout`: that cannot be cancelled and would outlive the attempt.
 */
export class TimeLimit implements Disposable {
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
