/**
 * Parses and formats ports, hosts and address ranges. Pure: nothing is resolved or opened here.
 *
 * @module
 */
import { UsageError } from "./errors.ts";

/** A host (name or address, IPv6 without brackets) and a port. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Parses a port: decimal digits only, 1 to 65535.
 *
 * @param text User input. `"1e3"`, `" 80"`, `"80x"` and `"0x50"` are invalid.
 * @param options With `zero`, 0 is valid too: a server then takes any free port.
 * @returns The port, or `null` if it is invalid.
 *
 * @example Usage
 * ```ts
 * import { parsePort } from "./addr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePort("8080"), 8080);
 * assertEquals(parsePort("65536"), null);
 * ```
 */
export function parsePort(text: string, options: { zero?: boolean } = {}): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port <= 65535 && (port > 0 || options.zero === true) ? port : null;
}

/**
 * Parses a host name or an address; removes brackets around IPv6, keeps a zone (`fe80::1%eth0`).
 *
 * @param text User input.
 * @returns The host in the platform's form, or `null` if it is invalid (empty, white space, a URL, `host:port`).
 */
export function parseHost(text: string): string | null {
  const bare = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  if (bare.length > 253 || !/^[^\s/\[\]@?#\\\p{Cc}]+$/u.test(bare)) return null;
  // A single colon is "host:port"; two or more are an IPv6 address.
  if (bare.includes(":") && !isAddress(withoutZone(bare))) return null;
  return bare;
}

/**
 * Reads a host as {@linkcode parseHost} does, for a flag or a prompt.
 *
 * @throws {UsageError} It is invalid, or an address that means nothing without the interface it is on.
 */
export function readHost(text: string): string {
  const host = parseHost(text);
  if (host !== null && !(isLinkLocal(host) && !host.includes("%"))) return host;
  const rule = host === null
    ? "it must be a host name or an address, without a port"
    : `a link-local address needs a zone, the interface it is on, such as ${host}%eth0`;
  throw new UsageError(`Cannot use ${JSON.stringify(text)}: ${rule}`);
}

/** Whether an address is link-local IPv6 (fe80::/10, RFC 4291 2.5.6): every interface has the same range. */
export function isLinkLocal(hostname: string): boolean {
  return /^fe[89ab][\da-f]:/i.test(hostname);
}

/**
 * Formats an endpoint as URLs and logs do: IPv6 in brackets (RFC 3986 3.2.2), an IPv4 peer of a dual-stack socket as plain IPv4.
 *
 * @example Usage
 * ```ts
 * import { formatEndpoint } from "./addr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatEndpoint({ hostname: "::1", port: 80 }), "[::1]:80");
 * assertEquals(formatEndpoint({ hostname: "::ffff:192.0.2.1", port: 80 }), "192.0.2.1:80");
 * ```
 */
export function formatEndpoint(endpoint: Endpoint): string {
  const host = unmapped(endpoint.hostname);
  return host.includes(":") ? `[${host}]:${endpoint.port}` : `${host}:${endpoint.port}`;
}

/** Converts an IPv4-mapped address (`::ffff:192.0.2.1`, an IPv4 peer of a dual-stack socket) to IPv4 (RFC 4291 2.5.5.2). */
export function unmapped(hostname: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1] ?? hostname;
}

/** Whether an address is loopback, reachable from this machine only (127.0.0.0/8, `::1`, `localhost`). */
export function isLoopback(hostname: string): boolean {
  const host = unmapped(hostname);
  return host === "localhost" || host === "::1" ||
    (/^127\./.test(host) && isAddress(host));
}

/** Whether an address is the wildcard, which stands for all addresses of the machine. */
export function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** Whether an IPv4 address is private (RFC 1918): that of a LAN. */
export function isPrivate(address: string): boolean {
  return IPV4.test(address) && /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(address);
}

/** The URL of a server's page; for a wildcard address, as this machine reaches it. */
export function urlOf({ hostname, port }: Endpoint, { tls }: { tls: boolean }): string {
  const host = isWildcard(hostname) ? (hostname === "::" ? "::1" : "127.0.0.1") : hostname;
  return `http${tls ? "s" : ""}://${formatEndpoint({ hostname: host, port })}/`;
}

/** An address range: all addresses of a family whose first `prefix` bits equal those of `network`. */
export interface AddressRange {
  readonly network: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/**
 * Parses a range in CIDR notation (RFC 4632), `192.168.0.0/16` or `fd00::/8`; a bare address is a range of one.
 *
 * @returns The range, or `null` if it is invalid.
 *
 * @example Usage
 * ```ts
 * import { parseRange, rangeMatcher } from "./addr.ts";
 * import { assert } from "@std/assert";
 *
 * const lan = parseRange("192.168.0.0/16");
 * assert(lan !== null);
 * const isLocal = await rangeMatcher([lan]);
 * assert(isLocal("192.168.7.9") && !isLocal("10.0.0.1"));
 * ```
 */
export function parseRange(text: string): AddressRange | null {
  const [address = "", given, ...rest] = text.split("/");
  const network = canonicalAddress(address);
  if (network === null || rest.length > 0) return null;
  if (given !== undefined && !/^\d{1,3}$/.test(given)) return null;
  const bits = address.includes(":") ? 128 : 32;
  const prefix = given === undefined ? bits : Number(given);
  if (prefix > bits) return null;
  if (network.includes(":")) return { network, prefix, family: "ipv6" };
  // An IPv4-mapped range (RFC 4291 2.5.5.2) becomes an IPv4 range: peers are compared as IPv4.
  // One that is wider would take in other addresses than IPv4's, and `BlockList` would let every IPv4 peer in.
  const mapped = bits === 128 ? prefix - 96 : prefix;
  return mapped < 0 ? null : { network, prefix: mapped, family: "ipv4" };
}

/** Resolves to a predicate: is an address in one of the ranges? An IPv4 peer of a dual-stack socket counts as IPv4. */
export async function rangeMatcher(ranges: readonly AddressRange[]): Promise<(hostname: string) => boolean> {
  // Loading it takes a quarter of a script's start.
  const { BlockList } = await import("node:net");
  const list = new BlockList();
  for (const { network, prefix, family } of ranges) list.addSubnet(network, prefix, family);
  return (hostname) => {
    const address = canonicalAddress(withoutZone(hostname));
    return address !== null && list.check(address, address.includes(":") ? "ipv6" : "ipv4");
  };
}

/** Four numbers up to 255, without leading zeros: some programs read 010 as octal 8 (RFC 6943 3.1.1). */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether a text is an address rather than a name; a zone (`%eth0`) is not part of an address. */
export function isAddress(text: string): boolean {
  // A bracket in the text would end the address, and what follows would pass for a port or a path.
  return text.includes(":") ? /^[\da-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]`) : IPV4.test(text);
}

/** An address without its zone: `fe80::1` of `fe80::1%eth0` (RFC 4007 11). */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

/**
 * Formats an address in its shortest form (RFC 5952), an IPv4-mapped one (RFC 4291 2.5.5.2) as IPv4.
 *
 * @returns The text, or `null` if it is not an address.
 *
 * @example Usage
 * ```ts
 * import { canonicalAddress } from "./addr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(canonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
 * assertEquals(canonicalAddress("::ffff:c000:201"), "192.0.2.1");
 * assertEquals(canonicalAddress("localhost"), null);
 * ```
 */
export function canonicalAddress(text: string): string | null {
  if (!isAddress(text)) return null;
  if (!text.includes(":")) return text;
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high = "", low = ""] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(short) ?? [];
  if (low === "") return short;
  return [high, low].map((group) => parseInt(group, 16)).flatMap((group) => [group >> 8, group & 255]).join(".");
}

/** The rule for ports, as the end of a sentence. */
export function portRule(options: { zero?: boolean } = {}): string {
  return `it must be a whole number from 1 to 65535${options.zero === true ? ", or 0 for any free port" : ""}`;
}

/** The error for an invalid port: quotes the input and states the rule. */
export function portError(text: string, options: { zero?: boolean } = {}): UsageError {
  return new UsageError(`Cannot use port ${JSON.stringify(text)}: ${portRule(options)}`);
}
