/**
 * Rows of a hex dump, written straight into a buffer. Pure.
 *
 * A row is an offset, sixteen bytes in hex and the same as text:
 *
 * ```
 *   00000000  47 72 c3 bc c3 9f 65 0a  |Grü·ß·e␊|
 * ```
 *
 * In the text each byte has one place. Controls are shown by their pictures (␍ ␊ ␀ ␛), the bytes of a character after its first as `·`,
 * those of a character that is split between two reads as `‥`, and bytes that are no UTF-8 as `�`.
 *
 * @module
 */
import { cutStart, isContinuation, sequenceLength } from "../../utf8.ts";

/** The bytes in a row. */
const WIDTH = 16;
/** The most bytes that a row takes: four for each character of its text, and the rest. */
const ROW = 2 + 8 + 2 + 3 * WIDTH + 1 + 1 + 4 * WIDTH + 2;

/** The digits, and those of each byte. */
const HEX = new Uint8Array([..."0123456789abcdef"].map((digit) => digit.charCodeAt(0)));
const HIGH = Uint8Array.from({ length: 256 }, (_, byte) => HEX[byte >> 4] ?? 0);
const LOW = Uint8Array.from({ length: 256 }, (_, byte) => HEX[byte & 15] ?? 0);
const [SPACE, BAR, NEWLINE] = [0x20, 0x7c, 0x0a];

/** The space that the dump of so many bytes takes at most. */
export function dumpSpace(length: number): number {
  return Math.ceil(length / WIDTH) * ROW;
}

/**
 * Writes the dump of some bytes.
 *
 * @param into Has at least {@linkcode dumpSpace} bytes from `to` on.
 * @param options `offset` is the number of the first byte, modulo 2^32; `pending` how many of the first bytes may belong to a character
 * that the bytes before began ({@linkcode splitAfter}).
 * @returns Where the dump ends.
 *
 * @example Usage
 * ```ts
 * import { dump, dumpSpace } from "./hexdump.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("hi\n");
 * const into = new Uint8Array(dumpSpace(bytes.length));
 * const length = dump(bytes, into);
 * assertEquals(
 *   new TextDecoder().decode(into.subarray(0, length)),
 *   "  00000000  68 69 0a                                          |hi␊|\n",
 * );
 * ```
 */
export function dump(bytes: Uint8Array, into: Uint8Array, { to = 0, offset = 0, pending = 0 } = {}): number {
  const cells = isAscii(bytes) ? null : cellsOf(bytes, pending);
  for (let row = 0; row < bytes.length; row += WIDTH) {
    const end = Math.min(row + WIDTH, bytes.length);
    into[to++] = SPACE;
    into[to++] = SPACE;
    for (let shift = 28; shift >= 0; shift -= 4) into[to++] = HEX[((offset + row) >>> shift) & 15] ?? 0;
    into[to++] = SPACE;
    to = hex(bytes, row, end, into, to);
    into[to++] = SPACE;
    into[to++] = SPACE;
    into[to++] = BAR;
    to = cells === null ? asciiText(bytes, row, end, into, to) : text(cells, row, end, into, to);
    into[to++] = BAR;
    into[to++] = NEWLINE;
  }
  return to;
}

/** Two digits for each byte of a row, in two halves, padded to the width of a full row. */
function hex(bytes: Uint8Array, from: number, end: number, into: Uint8Array, to: number): number {
  for (let at = from; at < end; at++) {
    if (at - from === WIDTH / 2) into[to++] = SPACE;
    const byte = bytes[at] ?? 0;
    into[to++] = SPACE;
    into[to++] = HIGH[byte] ?? 0;
    into[to++] = LOW[byte] ?? 0;
  }
  const missing = from + WIDTH - end;
  const padding = 3 * missing + (missing >= WIDTH / 2 ? 1 : 0);
  into.fill(SPACE, to, to + padding);
  return to + padding;
}

function asciiText(bytes: Uint8Array, from: number, end: number, into: Uint8Array, to: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) into[to++] = byte;
    else {
      // Control pictures, U+2400 to U+2421, in UTF-8.
      into[to++] = 0xe2;
      into[to++] = 0x90;
      into[to++] = byte === 0x7f ? 0xa1 : 0x80 + byte;
    }
  }
  return to;
}

function text(cells: Uint32Array, from: number, end: number, into: Uint8Array, to: number): number {
  for (let at = from; at < end; at++) to = putCodePoint(cells[at] ?? 0, into, to);
  return to;
}

/** Writes a character in UTF-8 (RFC 3629 3); an encoder would have to be called for each. */
function putCodePoint(code: number, into: Uint8Array, to: number): number {
  if (code < 0x80) {
    into[to] = code;
    return to + 1;
  }
  const length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (let at = length - 1; at > 0; at--, code >>>= 6) into[to + at] = 0x80 | (code & 0x3f);
  into[to] = (0xf00 >> length) & 0xff | code;
  return to + length;
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] ?? 0) > 0x7f) return false;
  return true;
}

/** `·`, `‥` and `�`. */
const [LATER, SPLIT, BROKEN] = [0xb7, 0x2025, 0xfffd];

/** The character that stands for each byte. */
function cellsOf(bytes: Uint8Array, pending: number): Uint32Array {
  const cells = new Uint32Array(bytes.length);
  let at = 0;
  while (at < pending && isContinuation(bytes[at])) cells[at++] = SPLIT;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      cells[at++] = byte === 0x7f ? 0x2421 : byte < 0x20 ? 0x2400 + byte : byte;
      continue;
    }
    const length = sequenceLength(bytes, at);
    if (at + length > bytes.length) {
      cells.fill(SPLIT, at);
      break;
    }
    cells[at] = length === 0 ? BROKEN : visible(codePointAt(bytes, at, length));
    cells.fill(LATER, at + 1, at + length);
    at += Math.max(1, length);
  }
  return cells;
}

/** The character of a valid UTF-8 sequence. */
function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  let code = (bytes[at] ?? 0) & (0x7f >> length);
  for (let next = 1; next < length; next++) code = code << 6 | (bytes[at + next] ?? 0) & 0x3f;
  return code;
}

/** A character, if it can stand in one place by itself: no mark that combines, no control of direction. */
function visible(code: number): number {
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(String.fromCodePoint(code)) ? code : LATER;
}

/** How many bytes are missing from the character inside which the bytes end; 0 if they end after one. */
export function splitAfter(bytes: Uint8Array): number {
  const start = cutStart(bytes);
  return start === bytes.length ? 0 : start + sequenceLength(bytes, start) - bytes.length;
}
