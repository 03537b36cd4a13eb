/**
 * A peer's bytes, quoted so that every byte that matters shows. Pure.
 *
 * @module
 */
import { decodeText, escapeControls, hexPairs, thousands } from "../../text.ts";
import { sequenceLength } from "../../utf8.ts";

/** The most characters of an excerpt. */
const SHOWN = 40;
/** From this length on, a run of one byte is counted instead of repeated. */
const RUN = { nul: 4, other: 12 };
const HEX_SHOWN = 12;
/** So much text at the beginning is shown as text (bytes): a little more than an excerpt holds. */
const HEAD = 64;

/**
 * The beginning of some bytes in quotation marks: line ends as `⏎` and `␍⏎`, NUL as `␀`, what is not UTF-8 as `⟨c3⟩`, a character
 * that the end cuts as `⟨c3…⟩`, a long run as `⟨1,020 × ␀⟩`. Bytes that are no text at all come in hexadecimal, without marks.
 *
 * @param rest How many bytes at the beginning are the rest of a character that the read before cut: shown as `⟨…a9⟩`.
 *
 * @example Usage
 * ```ts
 * import { excerptOf } from "./excerpt.ts";
 * import { encodeText } from "../../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(excerptOf(encodeText("GET /\r\n")), "“GET /␍⏎”");
 * assertEquals(excerptOf(Uint8Array.of(0x68, 0x69, 0xc3)), "“hi⟨c3…⟩”");
 * assertEquals(excerptOf(Uint8Array.of(0, 0, 1, 44)), "00 00 01 2c");
 * ```
 */
export function excerptOf(bytes: Uint8Array, rest = 0): string {
  // What is shown decides: the head of an HTTP message is text, whatever its body is.
  if (!looksLikeText(bytes.subarray(rest)) && !looksLikeText(bytes.subarray(rest, rest + HEAD))) return hexOf(bytes);
  let text = rest === 0 ? "" : `⟨…${hexOf(bytes.subarray(0, rest))}⟩`;
  let shown = text.length;
  for (let at = rest; at < bytes.length;) {
    if (shown >= SHOWN) return `“${text}…”`;
    const { length, as } = runAt(bytes, at) ?? characterAt(bytes, at);
    text += as;
    shown += as.length;
    at += length;
  }
  return `“${text}”`;
}

/** The first bytes in hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  return bytes.length > HEX_SHOWN ? `${hexPairs(bytes.subarray(0, HEX_SHOWN))} …` : hexPairs(bytes);
}

/** How much of the bytes decides on their kind. */
const SAMPLE = 256;

/**
 * Whether bytes are text as far as their beginning tells: few control characters and little that is not UTF-8. NUL bytes at the end do
 * not count: they may be padding.
 */
export function looksLikeText(bytes: Uint8Array): boolean {
  const end = Math.min(withoutNuls(bytes), SAMPLE);
  if (end === 0) return bytes.length === 0;
  let odd = 0;
  for (let at = 0; at < end;) {
    const byte = bytes[at] ?? 0;
    const length = sequenceLength(bytes, at);
    if (length === 0 || (byte < 0x20 && (byte < 9 || byte > 13) && byte !== 0x1b)) odd++;
    at += length || 1;
  }
  return odd * 8 <= end || (odd === 1 && end >= 4);
}

/** The length without the NUL bytes at the end. */
export function withoutNuls(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

interface Piece {
  readonly length: number;
  readonly as: string;
}

/** A long run of one ASCII byte. */
function runAt(bytes: Uint8Array, at: number): Piece | null {
  const byte = bytes[at] ?? 0;
  if (byte >= 0x80 || byte !== bytes[at + 1]) return null;
  let end = at + 2;
  while (end < bytes.length && bytes[end] === byte) end++;
  const length = end - at;
  if (length < (byte === 0 ? RUN.nul : RUN.other)) return null;
  return { length, as: `⟨${thousands(length)} × ${quoted(String.fromCharCode(byte))}⟩` };
}

function characterAt(bytes: Uint8Array, at: number): Piece {
  const byte = bytes[at] ?? 0;
  if (byte === 13 && bytes[at + 1] === 10) return { length: 2, as: "␍⏎" };
  if (byte < 0x80) return { length: 1, as: quoted(String.fromCharCode(byte)) };
  const length = sequenceLength(bytes, at);
  if (length === 0) return { length: 1, as: `⟨${byte.toString(16)}⟩` };
  const character = bytes.subarray(at, at + length);
  const isCut = character.length < length;
  return { length, as: isCut ? `⟨${hexOf(character)}…⟩` : escapeControls(decodeText(character)) };
}

function quoted(character: string): string {
  return character === "\n" ? "⏎" : character === "\r" ? "␍" : character === " " ? " " : escapeControls(character);
}
