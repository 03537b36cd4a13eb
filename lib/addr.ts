/**
 * Ports, hosts and address ranges as people write them. Pure: nothing is resolved or opened here.
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
 * Reads a port as a person types it: decimal digits and nothing else, 1 to 65535.
 *
 * @param text What was typed. `"1e3"`, `" 80"`, `"80x"` and `"0x50"` are no ports.
 * @param options With `zero`, 0 is allowed too: a server then takes any free port.
 * @returns The port, or `null` when it is none.
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
 * Reads a host name or an address; brackets around IPv6 are taken off, a zone (`fe80::1%eth0`) stays.
 *
 * @param text What was typed.
 * @returns The host as the platform wants it, or `null` when it cannot be one (empty, white space, a URL, `host:port`).
 */
export function parseHost(text: string): string | null {
  const bare = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  if (bare.length > 253 || !/^[^\s/\[\]@?#\\\p{Cc}]+$/u.test(bare)) return null;
  // A single colon is "host:port"; two or more are an IPv6 address.
  if (bare.includes(":") && parseAddress(bare.replace(/%.*$/, "")) === null) return null;
  return bare;
}

/**
 * Writes an endpoint the way URLs and logs do: IPv6 in brackets (RFC 3986 3.2.2), an IPv4 peer of a dual-stack socket as plain IPv4.
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

/** Writes `::ffff:192.0.2.1`, an IPv4 peer as a dual-stack socket sees it, as `192.0.2.1` (RFC 4291 2.5.5.2). */
export function unmapped(hostname: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1] ?? hostname;
}

/** Tells whether an address can be reached from this machine only (127.0.0.0/8, `::1`, `localhost`). */
export function isLoopback(hostname: string): boolean {
  const host = unmapped(hostname);
  return host === "localhost" || host === "::1" ||
    (/^127\./.test(host) && parseAddress(host) !== null);
}

/** Tells whether an address stands for all addresses of the machine. */
export function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** A range of addresses: those that share their first `bits` bits with `bytes`. */
export interface AddressRange {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/**
 * Reads a range in CIDR notation (RFC 4632), `192.168.0.0/16` or `fd00::/8`; an address alone is a range of one.
 *
 * @returns The range, or `null` when it is none.
 *
 * @example Usage
 * ```ts
 * import { inRange, parseRange } from "./addr.ts";
 * import { assert } from "@std/assert";
 *
 * const lan = parseRange("192.168.0.0/16");
 * assert(lan !== null && inRange("192.168.7.9", lan) && !inRange("10.0.0.1", lan));
 * ```
 */
export function parseRange(text: string): AddressRange | null {
  const [address = "", prefix, ...rest] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === null || rest.length > 0) return null;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return null;
  const bits = prefix === undefined ? bytes.length * 8 : Number(prefix);
  if (bits > bytes.length * 8) return null;
  // An IPv4 range in IPv6 clothes (RFC 4291 2.5.5.2): peers are compared as IPv4.
  const mapped = bits >= 96 && bytes.subarray(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  return mapped ? { bytes: bytes.subarray(12), bits: bits - 96 } : { bytes, bits };
}

/** Tells whether an address lies in a range; an address of the other family never does. */
export function inRange(hostname: string, range: AddressRange): boolean {
  const bytes = parseAddress(unmapped(hostname).replace(/%.*$/, ""));
  if (bytes === null || bytes.length !== range.bytes.length) return false;
  for (let bit = 0; bit < range.bits; bit += 8) {
    const mask = 0xff << Math.max(0, 8 - (range.bits - bit)) & 0xff;
    const index = bit >> 3;
    if (((bytes[index] ?? 0) & mask) !== ((range.bytes[index] ?? 0) & mask)) return false;
  }
  return true;
}

/**
 * Reads an address literal into its 4 or 16 bytes.
 *
 * @returns The bytes, or `null` when the text is no address (a name, say). Zones are not part of an address.
 */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  // No leading zeros: some programs read 010 as octal 8 (RFC 6943 3.1.1).
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, index) => parseGroups(half, { ipv4: index === halves.length - 1 }));
  if (head === undefined || head === null || tail === null) return null;
  const zeros = 8 - head.length - (tail?.length ?? 0);
  // "::" stands for at least one group; without it all eight must be there.
  if (tail === undefined ? zeros !== 0 : zeros < 1) return null;
  const groups = [...head, ...new Array<number>(zeros).fill(0), ...(tail ?? [])];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Reads the 16-bit groups of one side of `::`; at the end of the address the last two may be written as IPv4. */
function parseGroups(text: string, options: { ipv4: boolean }): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const ipv4 = options.ipv4 && index === parts.length - 1 ? parseIpv4(part) : null;
    if (ipv4 !== null) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4;
      groups.push(a << 8 | b, c << 8 | d);
    } else if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** What a port may be, as the end of a sentence. */
export function portRule(options: { zero?: boolean } = {}): string {
  return `it must be a whole number from 1 to 65535${options.zero === true ? ", or 0 for any free port" : ""}`;
}

/** Says of a typed port that it is none, and what it may be. */
export function portError(text: string, options: { zero?: boolean } = {}): UsageError {
  return new UsageError(`Cannot use port ${JSON.stringify(text)}: ${portRule(options)}`);
}
