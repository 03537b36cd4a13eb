/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), as a capture needs them, in little-endian order. Pure.
 *
 * @module
 */
import type { Direction } from "../event.ts";
import { Block, BYTE_ORDER, Link, Option } from "../formats.ts";
import { type Packet, packetLength, writePacket } from "./packets.ts";
import type { Space } from "./space.ts";

/** 10^-9: timestamps are in nanoseconds. */
const NANOSECONDS = 9;

/** The longest text of an option, in bytes; its length has 16 bits. */
const MAX_TEXT = 65_535;

/** What a packet's block says about it. */
export interface PacketHead {
  /** The number of its interface, in the order of their blocks. */
  readonly interface: number;
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number;
  readonly direction: Direction;
  readonly comments: readonly string[];
}

/** Writes blocks, each whole, into a space. */
export class BlockWriter {
  #space: Space;
  /** Over the whole buffer of the reserved space: one view serves many blocks. */
  #view = new DataView(new ArrayBuffer(0));
  #bytes = new Uint8Array();
  #start = 0;
  #at = 0;
  /** Numbers IPv4 packets. */
  #id = 0;
  #encoder = new TextEncoder();

  constructor(space: Space) {
    this.#space = space;
  }

  /** Starts a section: everything up to the next one refers to its interfaces. A file begins with one. */
  section({ os, app, comment }: { os: string; app: string; comment: string }): void {
    this.#begin(Block.section, 16, [os, app, comment]);
    // The byte order, version 1.0, and an unknown length.
    this.#u32(BYTE_ORDER);
    this.#u32(1);
    this.#u32(0xffffffff);
    this.#u32(0xffffffff);
    this.#text(Option.comment, comment);
    this.#text(Option.section.os, os);
    this.#text(Option.section.app, app);
    this.#end(true);
  }

  /** Describes the next interface. */
  interface({ name, description, comment }: { name: string; description: string; comment: string }): void {
    this.#begin(Block.interface, 24, [name, description, comment]);
    // Raw IP: Ethernet would only add invented hardware addresses.
    this.#u32(Link.raw);
    // No limit on the length of packets.
    this.#u32(0);
    this.#text(Option.comment, comment);
    this.#text(Option.interface.name, name);
    this.#text(Option.interface.description, description);
    this.#option(Option.interface.resolution, 1);
    this.#u32(NANOSECONDS);
    this.#end(true);
  }

  /** Says which names the addresses of a section have. */
  names(name: string, addresses: readonly Uint8Array[]): void {
    this.#begin(Block.names, 24 * addresses.length + 4, addresses.map(() => name));
    for (const address of addresses) {
      const start = this.#at;
      this.#u32(address.length === 16 ? 2 : 1);
      this.#append(address);
      this.#at += this.#encoder.encodeInto(name, this.#bytes.subarray(this.#at)).written;
      this.#bytes[this.#at++] = 0;
      this.#view.setUint16(start + 2, this.#at - start - 4, true);
      this.#pad();
    }
    // The end of the records.
    this.#u32(0);
    this.#end(false);
  }

  /** A packet, whole. */
  packet(head: PacketHead, packet: Packet): void {
    const length = packetLength(packet);
    this.#begin(Block.packet, length + 36, head.comments);
    this.#u32(head.interface);
    this.#time(head.at);
    this.#u32(length);
    this.#u32(length);
    writePacket(this.#bytes, this.#view, this.#at, packet, this.#id++);
    this.#at += length;
    this.#pad();
    for (const comment of head.comments) this.#text(Option.comment, comment);
    this.#option(Option.packet.flags, 4);
    this.#u32(head.direction === "in" ? 1 : 2);
    this.#end(true);
  }

  /** How many packets an interface had, at the end of a file. */
  statistics(head: { interface: number; at: number; packets: number; comments: readonly string[] }): void {
    this.#begin(Block.statistics, 28, head.comments);
    this.#u32(head.interface);
    this.#time(head.at);
    for (const comment of head.comments) this.#text(Option.comment, comment);
    this.#option(Option.statistics.received, 8);
    this.#u32(head.packets);
    this.#u32(0);
    this.#end(true);
  }

  /** @param length The most that its body takes, without `texts`. */
  #begin(type: number, length: number, texts: readonly string[]): void {
    // The ends of the block and of its options, and up to 3 bytes of padding.
    let most = length + 20;
    // A UTF-16 unit has at most three bytes in UTF-8; a code and a length come before, padding after.
    for (const text of texts) most += 3 * Math.min(text.length, MAX_TEXT) + 8;
    const space = this.#space.reserve(most);
    if (space.buffer !== this.#view.buffer) {
      this.#view = new DataView(space.buffer);
      this.#bytes = new Uint8Array(space.buffer);
    }
    this.#start = this.#at = space.byteOffset;
    this.#u32(type);
    // The length follows at the end.
    this.#u32(0);
  }

  /** @param options Whether the block has options, which a zero ends. */
  #end(options: boolean): void {
    if (options) this.#u32(0);
    const length = this.#at - this.#start + 4;
    this.#u32(length);
    this.#view.setUint32(this.#start + 4, length, true);
    this.#space.commit(length);
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Fills up to a multiple of 4. */
  #pad(): void {
    while ((this.#at - this.#start) % 4 !== 0) this.#bytes[this.#at++] = 0;
  }

  #option(code: number, length: number): void {
    this.#view.setUint16(this.#at, code, true);
    this.#view.setUint16(this.#at + 2, length, true);
    this.#at += 4;
  }

  /** An option with a text, cut at a character where it is too long. */
  #text(code: number, text: string): void {
    const start = this.#at;
    this.#at += 4;
    const room = this.#bytes.subarray(this.#at, this.#at + MAX_TEXT);
    const { written } = this.#encoder.encodeInto(text, room);
    this.#at = start;
    this.#option(code, written);
    this.#at += written;
    this.#pad();
  }

  /** A time in nanoseconds since the epoch, 64 bits, the high half first. It has more digits than a number holds, so it goes in parts. */
  #time(at: number): void {
    const whole = Math.floor(at);
    const high = Math.floor(whole / 0x10000) * 1e6;
    const low = (high % 0x10000) * 0x10000 + (whole % 0x10000) * 1e6 + Math.round((at - whole) * 1e6);
    this.#u32(Math.floor(high / 0x10000) + Math.floor(low / 0x100000000));
    this.#u32(low % 0x100000000);
  }
}
