/**
 * Endpoints as packets name them. Pure.
 *
 * @module
 */
import { canonicalAddress, type Endpoint, withoutZone } from "../../addr.ts";
import type { Address } from "./packets.ts";

/** An address of this machine; `Deno.NetworkInterfaceInfo` is one. */
export interface OwnAddress {
  readonly address: string;
  readonly netmask: string;
}

/** Who can be meant by an address that nobody knows (RFC 5737 3, RFC 3849): reserved for documentation. */
const UNKNOWN = { 4: Uint8Array.of(192, 0, 2, 1), 16: ipBytes("2001:db8::1") ?? new Uint8Array(16) } as const;
const LOOPBACK = { 4: Uint8Array.of(127, 0, 0, 1), 16: ipBytes("::1") ?? new Uint8Array(16) } as const;

/**
 * The bytes of an address, in network order: 4 of IPv4, an IPv4-mapped one (RFC 4291 2.5.5.2) included, or 16 of IPv6, without its zone.
 *
 * @returns `null` if the text is not an address.
 *
 * @example Usage
 * ```ts
 * import { ipBytes } from "./addresses.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipBytes("::ffff:192.0.2.1"), Uint8Array.of(192, 0, 2, 1));
 * assertEquals(ipBytes("fe80::1%eth0")?.length, 16);
 * assertEquals(ipBytes("localhost"), null);
 * ```
 */
export function ipBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const address = canonicalAddress(withoutZone(text));
  if (address === null) return null;
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
  const [head = "", tail] = address.split("::");
  const groups = (part: string): number[] => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return Uint8Array.from([...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]));
}

/**
 * The two ends of a flow, in one family. A local address that is unspecified (`0.0.0.0`), unknown, or of the other family is replaced by
 * what the peer must have used: loopback, or the address of this machine in its network; one for documentation if there is none.
 *
 * @param local `null` = unknown; its port is then 0.
 * @param own Looks up the addresses of this machine; called only if one is needed.
 */
export function endsOf(
  local: Endpoint | null,
  peer: Endpoint | null,
  own: () => readonly OwnAddress[],
): { local: Address; peer: Address } {
  const ours = local === null ? null : specified(local.hostname);
  const theirs = peerBytes(peer, ours);
  const ip = ours?.length === theirs.length ? ours : ownFor(theirs, own);
  return { local: { ip, port: local?.port ?? 0 }, peer: { ip: theirs, port: peer?.port ?? 0 } };
}

/** The bytes of an address that names one interface. */
function specified(hostname: string): Uint8Array | null {
  const bytes = ipBytes(hostname);
  return bytes?.some((byte) => byte !== 0) === true ? bytes : null;
}

/** The bytes of a peer's address. Who connects to an unspecified one reaches this machine. */
function peerBytes(peer: Endpoint | null, ours: Uint8Array | null): Uint8Array {
  const bytes = peer === null ? null : ipBytes(peer.hostname);
  if (bytes === null) return UNKNOWN[ours?.length === 16 ? 16 : 4];
  return bytes.some((byte) => byte !== 0) ? bytes : LOOPBACK[bytes.length === 16 ? 16 : 4];
}

/** The address of this machine that a peer talks to. */
function ownFor(peer: Uint8Array, own: () => readonly OwnAddress[]): Uint8Array {
  const family = peer.length === 4 ? 4 : 16;
  if (isLoopback(peer)) return LOOPBACK[family];
  const candidates = own().flatMap(({ address, netmask }) => {
    const [ip, mask] = [ipBytes(address), ipBytes(netmask)];
    return ip?.length === family && mask?.length === family && !isLoopback(ip) ? [{ ip, mask }] : [];
  });
  const near = candidates.find(({ ip, mask }) =>
    ip.every((byte, at) => ((byte ^ (peer[at] ?? 0)) & (mask[at] ?? 0)) === 0)
  );
  return (near ?? candidates[0])?.ip ?? UNKNOWN[family];
}

function isLoopback(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] === 127 : ip.every((byte, at) => byte === LOOPBACK[16][at]);
}
