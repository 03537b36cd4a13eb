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
 * The address of the server, from the command line.
 *
 * @param args `HOST PORT`, `HOST:PORT`, or for this machine `:PORT` or `PORT`.
 * @param flags Used if there are no arguments.
 * @param given The flags that were given.
 * @returns `null` if there is neither an argument nor a port among the flags.
 * @throws {UsageError} An argument has another form, or there are flags as well.
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
 * Resolves a target's addresses.
 *
 * @throws {Failure} The name has none; or one of them is not of this machine, without `remote`.
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
 * Finds the first TCP endpoint that accepts a connection.
 *
 * @param patience How long to wait for each (ms).
 * @throws {Failure} None does: code 4 if refused, 5 if nothing answers.
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
