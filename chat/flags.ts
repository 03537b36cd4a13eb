/**
 * What the chat scripts ask the user: a name, and the port and host that the command line left out.
 *
 * @module
 */
import { type Endpoint, parsePort, portError, readHost } from "../lib/addr.ts";
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { splitAddress } from "../lib/script/endpoint.ts";
import { type Flag, flagName } from "../lib/script/flags.ts";
import { type Ask, askUntilValid, canAsk } from "../lib/console/prompt.ts";
import { checkName } from "./names.ts";

/** The flag `--name`; it accepts the names that a room accepts. */
export function nameFlag<D extends string | undefined>(help: string, options: { default: D }): Flag<string | D> {
  const text = flag.text(help, { ...options, placeholder: "NAME" });
  return {
    ...text,
    read: (texts) => {
      const wanted = text.read(texts);
      if (wanted === undefined) return wanted;
      const checked = checkName(wanted);
      if ("problem" in checked) throw new UsageError(`Cannot use ${JSON.stringify(wanted)}: ${checked.problem}`);
      return checked.name;
    },
  };
}

/** A server as the user names it; without a port of its own, the one of `--port` counts. */
export interface ServerName {
  readonly hostname: string;
  readonly port: number | null;
}

/** The flag `--host` of a client that may go on with another server: names with commas between them, or the flag several times. */
export const serversFlag: Flag<readonly ServerName[]> = {
  short: "H",
  placeholder: "HOST[,…]",
  help: "server's name or address; of several (each HOST or HOST:PORT), it goes on with the next when one dies",
  shown: "127.0.0.1",
  repeatable: true,
  read: (texts) => texts.length === 0 ? [{ hostname: "127.0.0.1", port: null }] : readServers(texts.join(",")),
};

/**
 * Reads the names of servers. One alone has no port, as with all clients.
 *
 * @throws {UsageError} One of them is invalid.
 *
 * @example Usage
 * ```ts
 * import { readServers } from "./flags.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [first, second, third] = readServers("north,[::1]:9000,:9001");
 * assertEquals(first, { hostname: "north", port: null });
 * assertEquals(second, { hostname: "::1", port: 9000 });
 * assertEquals(third, { hostname: "127.0.0.1", port: 9001 });
 * ```
 */
export function readServers(text: string): readonly ServerName[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.length === 1) return [{ hostname: readHost(text), port: null }];
  return names.map((name) => {
    const split = splitAddress(name);
    if (split === null) return { hostname: readHost(name), port: null };
    const port = parsePort(split.port);
    if (port === null) throw portError(split.port);
    return { hostname: split.host === "" ? "127.0.0.1" : readHost(split.host), port };
  });
}

/** The servers with their ports; `port` is for those without one. */
export function endpointsOf(servers: readonly ServerName[], port: number): Endpoint[] {
  return servers.map((server) => ({ hostname: server.hostname, port: server.port ?? port }));
}

/**
 * Refuses flags that do nothing in turns.
 *
 * @throws {UsageError} One of them was given with `--mode turns`.
 */
export function refuseInTurns(
  { options, given }: { options: { readonly mode: string }; given: ReadonlySet<PropertyKey> },
  ...flags: readonly string[]
): void {
  const unused = options.mode === "turns" ? flags.find((flag) => given.has(flag)) : undefined;
  if (unused !== undefined) throw new UsageError(`Cannot use ${flagName(unused)} with --mode turns: it is for a room`);
}

/** Which flags were given, and how to ask for the others; without a terminal nothing is asked. */
export interface PromptContext {
  readonly given: ReadonlySet<string>;
  readonly interactive?: boolean;
  readonly ask?: Ask;
}

/**
 * The port from the command line, or the one that the user enters at the terminal.
 *
 * @param port As given or defaulted.
 * @param asking With `zero`, 0 is a valid answer too.
 */
export function choosePort(port: number, text: string, asking: PromptContext & { zero?: boolean }): number {
  if (asking.given.has("port") || !(asking.interactive ?? canAsk())) return port;
  const read = (answer: string): number => {
    const parsed = parsePort(answer, asking);
    if (parsed === null) throw portError(answer, asking);
    return parsed;
  };
  return askUntilValid({ text, fallback: String(port), read }, asking.ask);
}

/** The servers from the command line, or those that the user enters at the terminal. */
export function chooseServers(
  servers: readonly ServerName[],
  text: string,
  asking: PromptContext,
): readonly ServerName[] {
  if (asking.given.has("host") || !(asking.interactive ?? canAsk())) return servers;
  return askUntilValid({ text, fallback: serversFlag.shown ?? "", read: readServers }, asking.ask);
}

/** The host from the command line, or the one that the user enters at the terminal. */
export function chooseHost(host: string, text: string, asking: PromptContext): string {
  if (asking.given.has("host") || !(asking.interactive ?? canAsk())) return host;
  return askUntilValid({ text, fallback: host, read: readHost }, asking.ask);
}
