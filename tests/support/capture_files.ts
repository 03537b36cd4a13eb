/**
 * Capture files of every kind, for tests of what reads them.
 *
 * @module
 */
import { concat as joined } from "@std/bytes/concat";
import { ipBytes } from "../../lib/wire/capture/addresses.ts";
import { type Packet, packetLength, type TcpFields, writePacket } from "../../lib/wire/capture/packets.ts";
import type { WireEvent } from "../../lib/wire/event.ts";
import { wireSteps } from "../../lib/wire/pcap/events.ts";
import { bytesOf, type Data, START } from "./wire_events.ts";

export const concat = (...pieces: Uint8Array[]): Uint8Array<ArrayBuffer> => joined(pieces);

/** An end: `192.0.2.1:80` or `[::1]:80`. */
function end(text: string): { ip: Uint8Array; port: number } {
  const [, host = "", port] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  return { ip: ipBytes(host) ?? new Uint8Array(4), port: Number(port) };
}

/** The bytes of an IP packet. */
export function ipPacket(from: string, to: string, tcp: TcpFields | null, data: Data = ""): Uint8Array<ArrayBuffer> {
  const packet: Packet = { from: end(from), to: end(to), tcp, payload: bytesOf(data) };
  const length = packetLength(packet);
  const bytes = new Uint8Array(length + 1);
  writePacket(bytes, new DataView(bytes.buffer), 0, packet, 1);
  return bytes.slice(0, length);
}

/** A datagram. */
export const udp = (from: string, to: string, data: Data): Uint8Array<ArrayBuffer> => ipPacket(from, to, null, data);

/** Numbers in the byte order of a file. */
export class Writer {
  #pieces: Uint8Array[] = [];

  constructor(readonly little: boolean) {}

  u16(...values: number[]): this {
    return this.#numbers(2, values, (view, at, value) => view.setUint16(at, value, this.little));
  }

  u32(...values: number[]): this {
    return this.#numbers(4, values, (view, at, value) => view.setUint32(at, value, this.little));
  }

  bytes(bytes: Uint8Array): this {
    this.#pieces.push(bytes);
    return this;
  }

  /** Bytes filled up to a multiple of 4. */
  padded(bytes: Uint8Array): this {
    return this.bytes(bytes).bytes(new Uint8Array(-bytes.length & 3));
  }

  done(): Uint8Array<ArrayBuffer> {
    return concat(...this.#pieces);
  }

  #numbers(size: number, values: readonly number[], set: (view: DataView, at: number, value: number) => void): this {
    const view = new DataView(new ArrayBuffer(size * values.length));
    for (const [index, value] of values.entries()) set(view, size * index, value);
    return this.bytes(new Uint8Array(view.buffer));
  }
}

/** How a file is written. */
export interface FileOptions {
  readonly link?: number;
  readonly little?: boolean;
}

/** A packet in a file, a millisecond later than the one before. */
const timeOf = (index: number): number => START + index;

/** A pcap file, in microseconds or nanoseconds. */
export function pcap(
  packets: readonly Uint8Array[],
  { link = 101, little = true, nano = false }: FileOptions & { nano?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const file = new Writer(little).u32(nano ? 0xa1b23c4d : 0xa1b2c3d4).u16(2, 4).u32(0, 0, 262_144, link);
  for (const [index, packet] of packets.entries()) {
    const at = timeOf(index);
    file.u32(Math.floor(at / 1000), (at % 1000) * (nano ? 1e6 : 1e3), packet.length, packet.length).bytes(packet);
  }
  return file.done();
}

/** A block of a pcapng file. */
export function block(little: boolean, type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = Math.ceil(body.length / 4) * 4 + 12;
  return new Writer(little).u32(type, length).padded(body).u32(length).done();
}

/** A section's first block. */
export const section = (little = true): Uint8Array<ArrayBuffer> =>
  block(little, 0x0a0d0d0a, new Writer(little).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff).done());

/** The description of an interface, in microseconds unless it has the option. */
export function described(
  { link = 101, little = true }: FileOptions = {},
  { resolution, snap = 0 }: { resolution?: number; snap?: number } = {},
): Uint8Array<ArrayBuffer> {
  const body = new Writer(little).u16(link, 0).u32(snap);
  if (resolution !== undefined) body.u16(9, 1).padded(Uint8Array.of(resolution)).u32(0);
  return block(little, 1, body.done());
}

/** An enhanced packet; its time is in units of the interface. */
export function enhanced(
  packet: Uint8Array,
  { little = true, time = BigInt(START) * 1000n, on = 0, options = new Uint8Array() }: {
    little?: boolean;
    time?: bigint;
    on?: number;
    options?: Uint8Array;
  } = {},
): Uint8Array<ArrayBuffer> {
  const [high, low] = [Number(time >> 32n), Number(time & 0xffffffffn)];
  const body = new Writer(little).u32(on, high, low, packet.length, packet.length).padded(packet).bytes(options);
  return block(little, 6, body.done());
}

/** A pcapng file with one section and one interface. */
export function pcapng(packets: readonly Uint8Array[], options: FileOptions = {}): Uint8Array<ArrayBuffer> {
  const { little = true } = options;
  const blocks = packets.map((packet, index) => enhanced(packet, { little, time: BigInt(timeOf(index)) * 1000n }));
  return concat(section(little), described(options), ...blocks);
}

/** The events in a capture. */
export async function* wireEvents(...args: Parameters<typeof wireSteps>): AsyncGenerator<WireEvent> {
  for await (const { event } of wireSteps(...args)) yield event;
}
