/**
 * The older file format, pcap (draft-ietf-opsawg-pcap). Pure.
 *
 * @module
 */
import { type Frame, NO_COMMENTS } from "./frame.ts";
import type { Input } from "./input.ts";

/** What such a file begins with, read in its own byte order, and how many units of time a millisecond has. */
const MAGIC: ReadonlyMap<number, number> = new Map([[0xa1b2c3d4, 1e3], [0xa1b23c4d, 1e6]]);
/** The longest packet that is taken, in bytes. */
const MAX_PACKET = 16 * 1024 * 1024;

/** The byte order of a file and the unit of its times. */
interface Format {
  readonly little: boolean;
  readonly perMs: number;
}

/** Which format a file has, from its first four bytes; `null` if it is not pcap. */
export function classicFormat({ view, at }: Input): Format | null {
  for (const little of [true, false]) {
    const perMs = MAGIC.get(view.getUint32(at, little));
    if (perMs !== undefined) return { little, perMs };
  }
  return null;
}

/** Reads a file's header and then its packets. */
export class ClassicParser {
  #input: Input;
  #format: Format;
  #link: number | null = null;

  constructor(input: Input, format: Format) {
    this.#input = input;
    this.#format = format;
  }

  /**
   * The next packet.
   *
   * @returns `null` until more bytes come.
   * @throws {ProtocolError} The file breaks the format.
   */
  next(): Frame | null {
    this.#link ??= this.#header();
    if (this.#link === null || this.#input.length < 16) return null;
    const { little, perMs } = this.#format;
    const { view, at: start } = this.#input;
    const captured = view.getUint32(start + 8, little);
    if (captured > MAX_PACKET) throw this.#input.broken(`a packet of ${captured} bytes`);
    if (this.#input.length < 16 + captured) return null;
    const at = view.getUint32(start, little) * 1000 + view.getUint32(start + 4, little) / perMs;
    this.#input.take(16);
    const data = this.#input.take(captured);
    return { at, link: this.#link, data, direction: null, comments: NO_COMMENTS, ours: false, tls: false };
  }

  /** Reads the header; returns the link type, which shares its number with flags. */
  #header(): number | null {
    const { little } = this.#format;
    if (this.#input.length < 24) return null;
    const { view, at } = this.#input;
    const major = view.getUint16(at + 4, little);
    if (major !== 2) throw this.#input.broken(`version ${major}, of which only 2 is known`);
    const link = view.getUint32(at + 20, little) & 0xffff;
    this.#input.take(24);
    return link;
  }
}
