/**
 * The address as an argument, for those who would rather type `tcp:client localhost 9000` than `--host` and `--port`. Pure.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import type { Role } from "../events.ts";

/** The forms that an address takes, as `--help` shows them. */
export const ADDRESS: Readonly<Record<Role, string>> = {
  server: "PORT | ADDRESS:PORT",
  client: "HOST PORT | HOST:PORT | :PORT",
};

/** The forms that the addresses of several servers take. */
export const ADDRESSES = `${ADDRESS.client} | HOST:PORT,HOST:PORT`;

/** The side whose flags are in a table; `null` if the script has no endpoint. */
export function sideOf(flags: object): Role | null {
  if (!("port" in flags)) return null;
  return "bind" in flags ? "server" : "host" in flags ? "client" : null;
}

/** The texts for the flags that an address stands for. */
export interface EndpointTexts {
  /** For `--host`, or `--bind`; left out, the default holds. */
  readonly host?: string;
  readonly port?: string;
}

/**
 * Splits an address that was given as arguments. The flags check its parts.
 *
 * @param side For a server, a lone number is its port; for a client it might as well be a host, and is refused.
 * @param args The arguments: `HOST PORT`, `HOST:PORT`, `:PORT` (a port of this machine); IPv6 in brackets (RFC 3986 3.2.2) unless it stands alone.
 * @param options With `several`, a client's first argument may be a list with commas, which the flag takes apart.
 * @throws {UsageError} It has another form, or there are more arguments.
 *
 * @example Usage
 * ```ts
 * import { endpointOf } from "./endpoint.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(endpointOf("client", ["::1", "9000"]), { host: "::1", port: "9000" });
 * assertEquals(endpointOf("client", ["[::1]:9000"]), { host: "[::1]", port: "9000" });
 * assertEquals(endpointOf("server", ["9000"]), { port: "9000" });
 * ```
 */
export function endpointOf(
  side: Role,
  args: readonly string[],
  { several = false }: { several?: boolean } = {},
): EndpointTexts {
  const [first, second, stray] = args;
  if (first === undefined) return {};
  const isList = several && first.includes(",");
  if (isList && second === undefined) return { host: first };
  const isPort = side === "server" && /^\d+$/.test(first);
  const { host, port } = (isList ? null : splitAddress(first)) ?? {};
  if (second !== undefined) {
    if (isPort) throw wrong(second, `it comes after the port ${first}`);
    if (port !== undefined) throw wrong(second, `it comes after the address ${first}`);
    if (!/^\d+$/.test(second)) throw wrong(second, `after ${JSON.stringify(first)} comes a port`);
    if (stray !== undefined) throw wrong(stray, `it comes after the address ${first} ${second}`);
    return { host: first, port: second };
  }
  if (isPort) return { port: first };
  if (host === undefined || port === undefined) throw wrong(first, hint(side, first));
  // To a client, `:PORT` names this machine; a server's address is still its default.
  if (host === "") return side === "client" ? { host: "127.0.0.1", port } : { port };
  return { host, port };
}

/** Splits `HOST:PORT`, both as they were typed; `null` if it is anything else. */
export function splitAddress(text: string): Required<EndpointTexts> | null {
  const [, host, port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(text) ?? [];
  return host === undefined || port === undefined ? null : { host, port };
}

function hint(side: Role, text: string): string {
  if (/^\d+$/.test(text)) return `a port of this machine is :${text}`;
  if (text.includes("://")) return "it is a URL; the address alone is HOST PORT, such as localhost 8080";
  if (/:.*:/.test(text)) return "an IPv6 address before a port needs brackets, as in [::1]:9000";
  return `it must be ${ADDRESS[side].replaceAll(" |", ",").replace(/,([^,]*)$/, " or$1")}`;
}

function wrong(arg: string, why: string): UsageError {
  return new UsageError(`Cannot use the argument ${JSON.stringify(arg)}: ${why}`);
}
