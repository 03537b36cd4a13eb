/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng). Pure.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import type { Direction } from "../event.ts";
import { Block, BYTE_ORDER, Option, OURS } from "../formats.ts";
import { type Frame, NO_COMMENTS } from "./frame.ts";
import type { Input } from "./input.ts";
import { type Clock, clockOf, millisecondsOf } from "./time.ts";

/** The longest block that is taken, in bytes; Wireshark's limit too. */
const MAX_BLOCK = 16 * 1024 * 1024;
/** The most interfaces of a section. */
const MAX_INTERFACES = 65_536;
/** The most comments of a packet. */
const MAX_COMMENTS = 100;

/** How long the bodies of blocks are at least. */
const LEAST: ReadonlyMap<number, number> = new Map([
  [Block.section, 16],
  [Block.interface, 8],
  [Block.oldPacket, 20],
  [Block.simplePacket, 4],
  [Block.packet, 20],
]);

interface Interface {
  readonly link: number;
  /** The most bytes of a packet; 0 = no limit. */
  readonly snap: number;
  readonly clock: Clock;
  readonly tls: boolean;
}

/** Reads the blocks of a file and tells its packets. */
export class PcapngParser {
  #input: Input;
  #little = true;
  #ours = false;
  #interfaces: Interface[] = [];
  /** The time of the last packet: simple packets have none of their own. */
  #last = 0;

  constructor(input: Input) {
    this.#input = input;
  }

  /**
   * The next packet.
   *
   * @returns `null` until more bytes come.
   * @throws {ProtocolError} The file breaks the format.
   */
  next(): Frame | null {
    while (this.#input.length >= 12) {
      const { view, at } = this.#input;
      const type = view.getUint32(at, this.#little);
      if (type === Block.section) this.#little = this.#byteOrder(at);
      const length = view.getUint32(at + 4, this.#little);
      if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK) throw this.#input.broken(`a block of ${length} bytes`);
      if (this.#input.length < length) return null;
      const end = at + length - 4;
      if (view.getUint32(end, this.#little) !== length) throw this.#input.broken("a block whose two lengths differ");
      if (length < 12 + (LEAST.get(type) ?? 0)) throw this.#input.broken(`a block of only ${length} bytes`);
      const frame = this.#read(type, at + 8, end);
      this.#input.take(length);
      if (frame !== null) return frame;
    }
    return null;
  }

  #byteOrder(at: number): boolean {
    if (this.#input.view.getUint32(at + 8, true) === BYTE_ORDER) return true;
    if (this.#input.view.getUint32(at + 8, false) === BYTE_ORDER) return false;
    throw this.#input.broken("a section in no known byte order");
  }

  /** Reads a block's body: what is between its lengths. */
  #read(type: number, at: number, end: number): Frame | null {
    switch (type) {
      case Block.section:
        this.#section(at, end);
        return null;
      case Block.interface:
        this.#interface(at, end);
        return null;
      case Block.packet:
        return this.#packet(at, end, this.#u32(at));
      case Block.oldPacket:
        return this.#packet(at, end, this.#u16(at));
      case Block.simplePacket:
        return this.#simplePacket(at, end);
      default:
        return null;
    }
  }

  #section(at: number, end: number): void {
    const major = this.#u16(at + 4);
    if (major !== 1) throw this.#input.broken(`a section of version ${major}, of which only 1 is known`);
    this.#interfaces = [];
    this.#ours = false;
    this.#options(at + 16, end, (code, start, length) => {
      if (code === Option.section.app) this.#ours = this.#text(start, length).startsWith(OURS.app);
    });
  }

  #interface(at: number, end: number): void {
    let [resolution, offset, name] = [6, 0, ""];
    this.#options(at + 8, end, (code, start, length) => {
      if (code === Option.interface.resolution && length >= 1) resolution = this.#input.view.getUint8(start);
      if (code === Option.interface.offset && length >= 8) {
        offset = Number(this.#input.view.getBigInt64(start, this.#little));
      }
      if (code === Option.interface.name) name = this.#text(start, length);
    });
    if (this.#interfaces.length >= MAX_INTERFACES) throw this.#input.broken(`more than ${MAX_INTERFACES} interfaces`);
    const tls = this.#ours && name.endsWith(OURS.tls);
    this.#interfaces.push({ link: this.#u16(at), snap: this.#u32(at + 4), clock: clockOf(resolution, offset), tls });
  }

  #packet(at: number, end: number, index: number): Frame {
    const { link, clock, tls } = this.#interfaceOf(index);
    const captured = this.#u32(at + 12);
    const options = at + 20 + Math.ceil(captured / 4) * 4;
    if (options > end) throw this.#input.broken(`a packet of ${captured} bytes in a shorter block`);
    this.#last = millisecondsOf(this.#u32(at + 4), this.#u32(at + 8), clock);
    let direction: Direction | null = null;
    let comments: string[] | null = null;
    this.#options(options, end, (code, start, length) => {
      if (code === Option.packet.flags && length >= 4) direction = directionOf(this.#u32(start));
      if (code !== Option.comment) return;
      comments ??= [];
      if (comments.length < MAX_COMMENTS) comments.push(this.#text(start, length));
    });
    const data = this.#input.bytes(at + 20, captured);
    return { at: this.#last, link, data, direction, comments: comments ?? NO_COMMENTS, ours: this.#ours, tls };
  }

  #simplePacket(at: number, end: number): Frame {
    const original = this.#u32(at);
    const { link, snap } = this.#interfaceOf(0);
    const captured = Math.min(original, snap === 0 ? original : snap, end - at - 4);
    const data = this.#input.bytes(at + 4, captured);
    return { at: this.#last, link, data, direction: null, comments: NO_COMMENTS, ours: false, tls: false };
  }

  #interfaceOf(index: number): Interface {
    const found = this.#interfaces[index];
    if (found === undefined) throw this.#input.broken(`a packet of interface ${index}, which is not described`);
    return found;
  }

  /** Visits the options from an offset to the end of a body: their code, and where their value is. */
  #options(at: number, end: number, visit: (code: number, start: number, length: number) => void): void {
    while (at + 4 <= end) {
      const code = this.#u16(at);
      const length = this.#u16(at + 2);
      if (code === 0) return;
      if (at + 4 + length > end) throw this.#input.broken("an option that is longer than its block");
      visit(code, at + 4, length);
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }

  #u16(at: number): number {
    return this.#input.view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#input.view.getUint32(at, this.#little);
  }

  /** A text, without the zero that some programs put at its end. */
  #text(at: number, length: number): string {
    return decodeText(this.#input.bytes(at, length)).replace(/\0.*$/s, "");
  }
}

/** The direction in the flags of a packet (draft 4.3.1). */
function directionOf(flags: number): Direction | null {
  const bits = flags & 3;
  return bits === 1 ? "in" : bits === 2 ? "out" : null;
}
