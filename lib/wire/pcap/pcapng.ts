/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng). Pure.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import { Block, BYTE_ORDER, Option, OURS } from "../formats.ts";
import { type Direction, type Frame, NO_COMMENTS } from "./frame.ts";
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

/** One option of a block. */
interface Found {
  readonly code: number;
  readonly value: DataView;
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
    for (;;) {
      const head = this.#input.peek(12);
      if (head === null) return null;
      const type = head.getUint32(0, this.#little);
      if (type === Block.section) this.#little = this.#byteOrder(head);
      const length = head.getUint32(4, this.#little);
      if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK) {
        throw this.#input.broken(`a block of ${length} bytes`);
      }
      const block = this.#input.peek(length);
      if (block === null) return null;
      if (block.getUint32(length - 4, this.#little) !== length) {
        throw this.#input.broken("a block whose two lengths differ");
      }
      const frame = this.#read(type, new DataView(block.buffer, block.byteOffset + 8, length - 12));
      this.#input.take(length);
      if (frame !== null) return frame;
    }
  }

  #byteOrder(head: DataView): boolean {
    if (head.getUint32(8, true) === BYTE_ORDER) return true;
    if (head.getUint32(8, false) === BYTE_ORDER) return false;
    throw this.#input.broken("a section in no known byte order");
  }

  /** Reads a block's body: what is between its lengths. */
  #read(type: number, body: DataView): Frame | null {
    if (body.byteLength < (LEAST.get(type) ?? 0)) {
      throw this.#input.broken(`a block of only ${body.byteLength + 12} bytes`);
    }
    if (type === Block.section) this.#section(body);
    if (type === Block.interface) this.#interface(body);
    if (type === Block.packet) return this.#packet(body, body.getUint32(0, this.#little));
    if (type === Block.oldPacket) return this.#packet(body, body.getUint16(0, this.#little));
    if (type === Block.simplePacket) return this.#simplePacket(body);
    return null;
  }

  #section(body: DataView): void {
    const major = body.getUint16(4, this.#little);
    if (major !== 1) throw this.#input.broken(`a section of version ${major}, of which only 1 is known`);
    this.#interfaces = [];
    const app = this.#options(body, 16).find(({ code }) => code === Option.section.app);
    this.#ours = app !== undefined && textOf(app.value).startsWith(OURS.app);
  }

  #interface(body: DataView): void {
    const link = body.getUint16(0, this.#little);
    const snap = body.getUint32(4, this.#little);
    let [resolution, offset, name] = [6, 0, ""];
    for (const { code, value } of this.#options(body, 8)) {
      if (code === Option.interface.resolution && value.byteLength >= 1) resolution = value.getUint8(0);
      if (code === Option.interface.offset && value.byteLength >= 8) {
        offset = Number(value.getBigInt64(0, this.#little));
      }
      if (code === Option.interface.name) name = textOf(value);
    }
    if (this.#interfaces.length >= MAX_INTERFACES) throw this.#input.broken(`more than ${MAX_INTERFACES} interfaces`);
    this.#interfaces.push({
      link,
      snap,
      clock: clockOf(resolution, offset),
      tls: this.#ours && name.endsWith(OURS.tls),
    });
  }

  #packet(body: DataView, index: number): Frame {
    const { link, clock, tls } = this.#interfaceOf(index);
    const captured = body.getUint32(12, this.#little);
    const padded = 20 + Math.ceil(captured / 4) * 4;
    if (padded > body.byteLength) throw this.#input.broken(`a packet of ${captured} bytes in a shorter block`);
    this.#last = millisecondsOf(body.getUint32(4, this.#little), body.getUint32(8, this.#little), clock);
    let direction: Direction | null = null;
    let comments = NO_COMMENTS;
    for (const { code, value } of this.#options(body, padded)) {
      if (code === Option.comment && comments.length < MAX_COMMENTS) comments = [...comments, textOf(value)];
      if (code === Option.packet.flags && value.byteLength >= 4) {
        direction = directionOf(value.getUint32(0, this.#little));
      }
    }
    return { at: this.#last, link, data: bytesOf(body, 20, captured), direction, comments, ours: this.#ours, tls };
  }

  #simplePacket(body: DataView): Frame {
    const original = body.getUint32(0, this.#little);
    const { link, snap } = this.#interfaceOf(0);
    const captured = Math.min(original, snap === 0 ? original : snap, body.byteLength - 4);
    const data = bytesOf(body, 4, captured);
    return { at: this.#last, link, data, direction: null, comments: NO_COMMENTS, ours: false, tls: false };
  }

  #interfaceOf(index: number): Interface {
    const found = this.#interfaces[index];
    if (found === undefined) throw this.#input.broken(`a packet of interface ${index}, which is not described`);
    return found;
  }

  /** The options from an offset to the end of a body. */
  #options(body: DataView, at: number): Found[] {
    const found: Found[] = [];
    while (at + 4 <= body.byteLength) {
      const code = body.getUint16(at, this.#little);
      const length = body.getUint16(at + 2, this.#little);
      if (code === 0) break;
      if (at + 4 + length > body.byteLength) throw this.#input.broken("an option that is longer than its block");
      found.push({ code, value: new DataView(body.buffer, body.byteOffset + at + 4, length) });
      at += 4 + Math.ceil(length / 4) * 4;
    }
    return found;
  }
}

/** The direction in the flags of a packet (draft 4.3.1). */
function directionOf(flags: number): Direction | null {
  const bits = flags & 3;
  return bits === 1 ? "in" : bits === 2 ? "out" : null;
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

/** A text, without the zero that some programs put at its end. */
function textOf(view: DataView): string {
  return decodeText(bytesOf(view, 0, view.byteLength)).replace(/\0.*$/s, "");
}
