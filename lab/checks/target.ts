/**
 * Where the server to be checked is.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback, parsePort, portError, readHost } from "../../lib/addr.ts";
import { Exit, Failure, stateOf, TimedOutError, UsageError } from "../../lib/errors.ts";
import { resolveHost, TimeLimit } from "../../lib/net/resolve.ts";
import { endpointOf } from "../../lib/script/endpoint.ts";
import type { Given } from "../../lib/script/unused_flags.ts";

/**
 * Where the user says that the server is.
 *
 * @param args `HOST PORT`, `HOST:PORT`, `:PORT` or `PORT`, which is one of this machine.
 * @param flags What holds if there are no arguments.
 * @param given The flags that were given.
 * @returns `null` if neither says it.
 * @throws {UsageError} An argument has another form, or both say it.
 *
 * @example Usage
 * ```ts
 * import { targetOf } from "./target.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const flags = { host: "127.0.0.1", port: undefined };
 * assertEquals(targetOf(["9000"], flags, new Set()), { hostname: "127.0.0.1", port: 9000 });
 * assertEquals(targetOf(["localhost", "9000"], flags, new Set()), { hostname: "localhost", port: 9000 });
 * assertEquals(targetOf([], flags, new Set()), null);
 * ```
 */
export function targetOf(
  args: readonly string[],
  flags: { readonly host: string; readonly port: number | undefined },
  given: Given,
): Endpoint | null {
  const [first] = args;
  if (first === undefined) return flags.port === undefined ? null : { hostname: flags.host, port: flags.port };
  const twice = ["port", "host"].find((key) => given.has(key));
  if (twice !== undefined) {
    throw new UsageError(`Cannot use --${twice} with the argument ${JSON.stringify(first)}: leave one out`);
  }
  const onlyPort = args.length === 1 && /^\d+$/.test(first);
  const { host = "127.0.0.1", port: text = "" } = endpointOf("client", onlyPort ? [`:${first}`] : args);
  const port = parsePort(text);
  if (port === null) throw portError(text);
  return { hostname: readHost(host), port };
}

/**
 * The addresses of a target.
 *
 * @throws {Failure} The name has none, or not all are of this machine, and `remote` is not given.
 */
export async function addressesOf(target: Endpoint, { remote }: { remote: boolean }): Promise<Endpoint[]> {
  const found = await resolveHost(target.hostname);
  const foreign = found.find((address) => !isLoopback(address));
  if (foreign !== undefined && !remote) {
    throw new UsageError(
      `Cannot check ${formatEndpoint(target)}: ${foreign} is not this machine, and the checks are attacks; ` +
        `if the server is yours, add --allow-remote`,
    );
  }
  return found.map((hostname) => ({ hostname, port: target.port }));
}

/**
 * The first of some TCP endpoints that accepts a connection.
 *
 * @throws {Failure} None does; code 4 where they refuse, 5 where nothing answers.
 */
export async function acceptingOf(
  endpoints: readonly Endpoint[],
  patience: number,
  signal: AbortSignal,
): Promise<Endpoint> {
  let failure = new Failure(Exit.unreachable, "Cannot check anything: there is no address");
  for (const endpoint of endpoints) {
    const where = formatEndpoint(endpoint);
    const late = new TimedOutError(`Cannot check ${where}: no answer within ${patience / 1000} s`);
    using limit = new TimeLimit(patience, signal, () => late);
    try {
      (await Deno.connect({ ...endpoint, signal: limit.signal })).close();
      return endpoint;
    } catch (error) {
      signal.throwIfAborted();
      const { code, state } = stateOf(error);
      failure = limit.signal.aborted
        ? late
        : new Failure(code, `Cannot check ${where}: ${state}; is a server running there?`, { cause: error });
    }
  }
  throw failure;
}
