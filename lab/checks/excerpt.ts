/**
 * A check's bytes as people read them, and as a shell takes them. Pure.
 *
 * @module
 */
import { decodeText, escapeControls, thousands } from "../../lib/text.ts";
import { sequenceLength } from "../../lib/utf8.ts";

/** The most characters of an excerpt. */
const SHOWN = 100;
/** From this length on, a run of one byte is counted instead of repeated. */
const RUN = 16;
const NAMES: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/**
 * The beginning of some bytes, with the escapes of C: `one\ntwo\n`, `\xff` for what is not UTF-8, `⟨60,000 × x⟩` for a long run.
 *
 * @param total How many bytes there were, if not all are given.
 *
 * @example Usage
 * ```ts
 * import { excerptOf } from "./excerpt.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(excerptOf(Uint8Array.of(0x68, 0x69, 0x0a, 0xff)), "hi\\n\\xff");
 * ```
 */
export function excerptOf(bytes: Uint8Array, total: number = bytes.length): string {
  let text = "";
  let at = 0;
  while (at < bytes.length && text.length < SHOWN) {
    const run = runAt(bytes, at);
    // A run up to the end of what was kept has gone on, as far as one can tell.
    const length = at + run === bytes.length ? run + total - bytes.length : run;
    if (length >= RUN) {
      text += `⟨${thousands(length)} × ${characterAt(bytes, at).text}⟩`;
      at += run;
      if (at === bytes.length) return text;
      continue;
    }
    const character = characterAt(bytes, at);
    text += character.text;
    at += character.length;
  }
  return at < total ? `${text}…` : text;
}

/** How often the byte at an index is repeated. */
function runAt(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] === bytes[at]) end++;
  return end - at;
}

function characterAt(bytes: Uint8Array, at: number): { readonly text: string; readonly length: number } {
  const byte = bytes[at] ?? 0;
  const name = NAMES[byte];
  if (name !== undefined) return { text: name, length: 1 };
  const length = sequenceLength(bytes, at);
  const character = bytes.subarray(at, at + length);
  const isText = length > 0 && character.length === length && byte >= 0x20 && byte !== 0x7f;
  const text = isText ? escapeControls(decodeText(character)) : `\\x${byte.toString(16).padStart(2, "0")}`;
  return { text, length: isText ? length : 1 };
}

/**
 * Bytes as the argument of `printf` (POSIX): quoted, and what is not plain text in octal.
 *
 * @example Usage
 * ```ts
 * import { printfWord } from "./excerpt.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printfWord(new TextEncoder().encode("50%'\n\x1b1")), "'50%%'\\''\\n\\0331'");
 * ```
 */
export function printfWord(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x25) text += "%%";
    else if (byte === 0x27) text += "'\\''";
    else if (NAMES[byte] !== undefined) text += NAMES[byte];
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `'${text}'`;
}
