/**
 * Where packets go, and which flow they belong to. Pure.
 *
 * @module
 */
import { canonicalAddress, type Endpoint } from "../../addr.ts";
import type { IpPacket } from "./ip.ts";

/** Where a packet goes. */
export interface Route {
  readonly ip: IpPacket;
  readonly fromPort: number;
  readonly toPort: number;
  /** Which flow it belongs to: both directions have the same key. */
  readonly key: string;
  /** Tells the two directions apart: those of one have the same value. `null` where both ends are the same. */
  readonly forward: boolean | null;
}

/** The route of a packet with the ports of its payload. */
export function routeOf(ip: IpPacket, fromPort: number, toPort: number): Route {
  const one = endKey(ip.from, fromPort);
  const other = endKey(ip.to, toPort);
  const forward = one === other ? null : one < other;
  return { ip, fromPort, toPort, key: forward === true ? `${one} ${other}` : `${other} ${one}`, forward };
}

/** The sender of a packet. */
export function senderOf({ ip, fromPort }: Route): Endpoint {
  return { hostname: addressText(ip.from), port: fromPort };
}

/** The receiver of a packet. */
export function receiverOf({ ip, toPort }: Route): Endpoint {
  return { hostname: addressText(ip.to), port: toPort };
}

/**
 * The text of an address in network order: 4 bytes of IPv4, or 16 of IPv6 in its shortest form (RFC 5952).
 *
 * @example Usage
 * ```ts
 * import { addressText } from "./route.ts";
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

function endKey(ip: Uint8Array, port: number): string {
  return ip.length === 4
    ? String(((ip[0] ?? 0) * 0x1000000 + ((ip[1] ?? 0) << 16) + ((ip[2] ?? 0) << 8) + (ip[3] ?? 0)) * 0x10000 + port)
    : `${ip.join()} ${port}`;
}
