/**
 * IP packets with their TCP or UDP headers and checksums. Pure.
 *
 * @module
 */

import { Flag, Protocol } from "../formats.ts";

/** One end, as a packet names it. */
export interface Address {
  /** 4 bytes of IPv4 or 16 of IPv6; both ends of a packet have the same length. */
  readonly ip: Uint8Array;
  readonly port: number;
}

/** What a TCP header says besides its ports. */
export interface TcpFields {
  readonly seq: number;
  readonly ack: number;
  /** A sum of {@linkcode Flag}s. */
  readonly flags: number;
}

/** A packet to write. */
export interface Packet {
  readonly from: Address;
  readonly to: Address;
  /** `null` = a UDP datagram. */
  readonly tcp: TcpFields | null;
  readonly payload: Uint8Array;
}

/** The most that a UDP datagram carries over IPv4, in bytes; IPv6 would take 20 more. */
export const MAX_DATAGRAM = 65_507;

/**
 * The options of a SYN: a maximum segment size of 1460 and a window scale of 7 (RFC 7323 2.2). Without the scale, an analyser takes the
 * window for full after 64 KiB.
 */
const SYN_OPTIONS = [0x020405b4, 0x01030307] as const;
const NO_OPTIONS: readonly number[] = [];

const HOP_LIMIT = 64;
/** Its window, before scaling. */
const WINDOW = 65_535;

const optionsOf = (tcp: TcpFields): readonly number[] => (tcp.flags & Flag.syn) === 0 ? NO_OPTIONS : SYN_OPTIONS;

const isV6 = ({ from }: Packet): boolean => from.ip.length === 16;

/** The length of the TCP or UDP part of a packet. */
function segmentLength({ tcp, payload }: Packet): number {
  return (tcp === null ? 8 : 20 + 4 * optionsOf(tcp).length) + payload.length;
}

/** The length of a packet in bytes. */
export function packetLength(packet: Packet): number {
  return (isV6(packet) ? 40 : 20) + segmentLength(packet);
}

/**
 * Writes a packet of {@linkcode packetLength} bytes, and a zero after it, which the checksum of an odd length needs.
 *
 * @param bytes Where it is written, and `view` over the same memory.
 * @param id The identification in an IPv4 header (RFC 791); the lowest 16 bits count.
 */
export function writePacket(bytes: Uint8Array, view: DataView, at: number, packet: Packet, id: number): void {
  const length = segmentLength(packet);
  const start = isV6(packet) ? writeV6(view, at, packet, length) : writeV4(view, at, packet, length, id);
  const { tcp, payload } = packet;
  view.setUint16(start, packet.from.port);
  view.setUint16(start + 2, packet.to.port);
  const checksumAt = start + (tcp === null ? writeUdp(view, start, length) : writeTcp(view, start, tcp));
  bytes.set(payload, start + length - payload.length);
  view.setUint8(start + length, 0);
  const sum = checksum(view, start, length, pseudoHeader(packet, length));
  // In UDP, 0 means that there is no checksum (RFC 768).
  view.setUint16(checksumAt, sum === 0 && tcp === null ? 0xffff : sum);
}

/** Writes a TCP header after its ports (RFC 9293 3.1); returns the offset of its checksum. */
function writeTcp(view: DataView, start: number, tcp: TcpFields): number {
  const options = optionsOf(tcp);
  view.setUint32(start + 4, tcp.seq);
  view.setUint32(start + 8, tcp.ack);
  view.setUint16(start + 12, ((5 + options.length) << 12) | tcp.flags);
  view.setUint16(start + 14, WINDOW);
  // The checksum and the urgent pointer.
  view.setUint32(start + 16, 0);
  for (let index = 0; index < options.length; index++) view.setUint32(start + 20 + 4 * index, options[index] ?? 0);
  return 16;
}

/** Writes a UDP header after its ports (RFC 768); returns the offset of its checksum. */
function writeUdp(view: DataView, start: number, length: number): number {
  view.setUint16(start + 4, length);
  view.setUint16(start + 6, 0);
  return 6;
}

/** Writes an IPv4 header (RFC 791 3.1); returns where it ends. */
function writeV4(view: DataView, at: number, { from, to, tcp }: Packet, length: number, id: number): number {
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, 20 + length);
  view.setUint16(at + 4, id & 0xffff);
  // Don't fragment.
  view.setUint16(at + 6, 0x4000);
  view.setUint8(at + 8, HOP_LIMIT);
  view.setUint8(at + 9, tcp === null ? Protocol.udp : Protocol.tcp);
  view.setUint16(at + 10, 0);
  setBytes(view, at + 12, from.ip);
  setBytes(view, at + 16, to.ip);
  view.setUint16(at + 10, checksum(view, at, 20, 0));
  return at + 20;
}

/** Writes an IPv6 header (RFC 8200 3); returns where it ends. */
function writeV6(view: DataView, at: number, { from, to, tcp }: Packet, length: number): number {
  view.setUint32(at, 0x60000000);
  view.setUint16(at + 4, length);
  view.setUint8(at + 6, tcp === null ? Protocol.udp : Protocol.tcp);
  view.setUint8(at + 7, HOP_LIMIT);
  setBytes(view, at + 8, from.ip);
  setBytes(view, at + 24, to.ip);
  return at + 40;
}

function setBytes(view: DataView, at: number, bytes: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) view.setUint8(at + index, bytes[index] ?? 0);
}

/** The sum over what a checksum covers besides its segment: addresses, protocol and length (RFC 9293 3.1, RFC 8200 8.1). */
function pseudoHeader({ from, to, tcp }: Packet, length: number): number {
  let sum = length + (tcp === null ? Protocol.udp : Protocol.tcp);
  for (const { ip } of [from, to]) {
    for (let index = 0; index < ip.length; index += 2) sum += ((ip[index] ?? 0) << 8) | (ip[index + 1] ?? 0);
  }
  return sum;
}

/**
 * The checksum of the internet (RFC 1071): the complement of the sum of 16-bit words, its carries added back.
 *
 * @param length In bytes; after an odd length, the next byte must be zero.
 * @param sum What was added up before.
 *
 * @example Usage
 * ```ts
 * import { checksum } from "./packets.ts";
 * import { assertEquals } from "@std/assert";
 *
 * // The example of RFC 1071 3.
 * const view = new DataView(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7).buffer);
 * assertEquals(checksum(view, 0, 8, 0), 0xffff - 0xddf2);
 * ```
 */
export function checksum(view: DataView, at: number, length: number, sum: number): number {
  // No overflow: 32,768 words of at most 65,535 stay below 2^31.
  const end = at + length;
  for (let word = at; word < end; word += 2) sum += view.getUint16(word);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum ^ 0xffff;
}
