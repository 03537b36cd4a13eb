/**
 * IP headers. Pure.
 *
 * @module
 */

/** What an IP packet carries. */
export interface IpPacket {
  /** The addresses: 4 or 16 bytes. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** The protocol of the payload, see `Protocol`. */
  readonly protocol: number;
  /** As far as it was captured. */
  readonly payload: Uint8Array;
  /** The length of the payload, also where less was captured. */
  readonly length: number;
  /** Which piece of a larger packet it is; `null` = it is whole. */
  readonly fragment: { readonly id: number; readonly offset: number; readonly more: boolean } | null;
}

/** Extension headers of IPv6 that come before the payload (RFC 8200 4): hop-by-hop, routing, destination options, mobility. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const FRAGMENT = 44;
/** IPsec's authentication, whose length counts in other units. */
const AUTHENTICATION = 51;

/**
 * Reads an IPv4 (RFC 791) or IPv6 (RFC 8200) header with its options or extensions. Checksums are not checked: network cards fill them in
 * after the capture.
 *
 * @returns `null` if it is malformed, or cut off before its payload.
 */
export function readIp(packet: Uint8Array): IpPacket | null {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const version = (packet[0] ?? 0) >> 4;
  return version === 4 ? readV4(packet, view) : version === 6 ? readV6(packet, view) : null;
}

function readV4(packet: Uint8Array, view: DataView): IpPacket | null {
  if (packet.length < 20) return null;
  const header = (view.getUint8(0) & 15) * 4;
  // Segmentation offload leaves the length 0 where it does not fit.
  const total = view.getUint16(2) || packet.length;
  if (header < 20 || header > packet.length || header > total) return null;
  const pieces = view.getUint16(6);
  const offset = (pieces & 0x1fff) * 8;
  const more = (pieces & 0x2000) !== 0;
  return {
    from: packet.subarray(12, 16),
    to: packet.subarray(16, 20),
    protocol: view.getUint8(9),
    payload: packet.subarray(header, total),
    length: total - header,
    fragment: offset > 0 || more ? { id: view.getUint16(4), offset, more } : null,
  };
}

function readV6(packet: Uint8Array, view: DataView): IpPacket | null {
  if (packet.length < 40) return null;
  const end = 40 + (view.getUint16(4) || packet.length - 40);
  let protocol = view.getUint8(6);
  let fragment: IpPacket["fragment"] = null;
  let at = 40;
  while (EXTENSIONS.has(protocol) || protocol === FRAGMENT || protocol === AUTHENTICATION) {
    if (at + 8 > Math.min(packet.length, end)) return null;
    const units = view.getUint8(at + 1);
    if (protocol === FRAGMENT) fragment = fragmentAt(view, at);
    const length = protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
    protocol = view.getUint8(at);
    at += length;
    // What follows the first piece's headers belongs to the whole packet.
    if (fragment !== null) break;
  }
  if (at > Math.min(packet.length, end)) return null;
  return {
    from: packet.subarray(8, 24),
    to: packet.subarray(24, 40),
    protocol,
    payload: packet.subarray(at, end),
    length: end - at,
    fragment,
  };
}

/** A fragment header (RFC 8200 4.5); a packet that is its own only fragment is whole (RFC 6946). */
function fragmentAt(view: DataView, at: number): IpPacket["fragment"] {
  const pieces = view.getUint16(at + 2);
  const offset = pieces & 0xfff8;
  const more = (pieces & 1) !== 0;
  return offset > 0 || more ? { id: view.getUint32(at + 4), offset, more } : null;
}
