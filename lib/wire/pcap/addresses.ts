/**
 * The ends of a packet. Pure.
 *
 * @module
 */
import { canonicalAddress, type Endpoint } from "../../addr.ts";
import type { IpPacket } from "./ip.ts";

/** The two ends of a packet, in the order in which it went. */
export interface Route {
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** The addresses of a packet with the ports of its payload. */
export function routeOf({ from, to }: IpPacket, fromPort: number, toPort: number): Route {
  return {
    from: { hostname: addressText(from), port: fromPort },
    to: { hostname: addressText(to), port: toPort },
  };
}

/**
 * The text of an address in network order: 4 bytes of IPv4, or 16 of IPv6 in its shortest form (RFC 5952).
 *
 * @example Usage
 * ```ts
 * import { addressText } from "./addresses.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressText(Uint8Array.of(192, 0, 2, 1)), "192.0.2.1");
 * assertEquals(addressText(new Uint8Array(16)), "::");
 * ```
 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const text = groups.join(":");
  return canonicalAddress(text) ?? text;
}

/** A key that both directions between two endpoints share, and which of the two the packet comes from. */
export function flowKey({ from, to }: IpPacket, fromPort: number, toPort: number): { key: string; forward: boolean } {
  const one = endKey(from, fromPort);
  const other = endKey(to, toPort);
  return one < other ? { key: `${one} ${other}`, forward: true } : { key: `${other} ${one}`, forward: false };
}

function endKey(ip: Uint8Array, port: number): string {
  return ip.length === 4
    ? String(((ip[0] ?? 0) * 0x1000000 + ((ip[1] ?? 0) << 16) + ((ip[2] ?? 0) << 8) + (ip[3] ?? 0)) * 0x10000 + port)
    : `${ip.join()} ${port}`;
}
