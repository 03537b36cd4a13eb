/**
 * A check's bytes, readable by people or quoted for a shell. Pure.
 *
 * @module
 */
import { decodeText, escapeControls, thousands } from "../../lib/text.ts";
import { sequenceLength } from "../../lib/utf8.ts";

/** The most characters of an excerpt. */
const SHOWN = 100;
/** From this length on, a run of the same byte is shown as a count. */
const RUN = 16;
const NAMES: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/**
 * The first of some bytes with C's escapes: `one\ntwo\n`, `\xff` for what is not UTF-8, `⟨60,000 × x⟩` for a long run.
 *
 * @param total How many bytes there were, if only the first are given.
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
    // A run that reaches the end of what was kept presumably went on.
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

/** The length of the run of equal bytes at an index. */
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
 * Bytes as the argument of `printf(1)` in POSIX: quoted, with everything but printable ASCII in octal.
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
