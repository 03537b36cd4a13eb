/**
 * Untrusted bytes and text as a short label. Pure.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { charWidth } from "../../console/width.ts";
import { decodeText, hexPairs, printableText } from "../../text.ts";
import { cutStart } from "../../utf8.ts";

/** Combining marks after the second on one letter: a pile of them would cover the lines above. */
const PILE = /(\p{M}{2})\p{M}+/gu;
/** How many bytes stand for a message that is no text. */
const HEX_BYTES = 12;

/**
 * Shows the beginning of a message on one line: its line ends as `␍` and `⏎`, other controls escaped, bytes that are no text as hex.
 *
 * @param head The first bytes.
 * @param size How many bytes the message has.
 *
 * @example Usage
 * ```ts
 * import { excerpt } from "./excerpt.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(excerpt(new TextEncoder().encode("GET / HTTP/1.1\r\n"), 16), "GET / HTTP/1.1␍⏎");
 * assertEquals(excerpt(Uint8Array.of(0xff, 0xd8, 0xff), 900), "ff d8 ff …");
 * ```
 */
export function excerpt(head: Uint8Array, size: number): string {
  const cut = size > head.length;
  const text = decodeText(cut ? head.subarray(0, cutStart(head)) : head);
  const odd = text.match(/[^\P{Cc}\r\n\t\0]|\ufffd/gu)?.length ?? 0;
  if (odd * 5 > text.length) {
    return hexPairs(head.subarray(0, HEX_BYTES)) + (size > HEX_BYTES || cut ? " …" : "");
  }
  return oneLine(text) + (cut ? "…" : "");
}

/** Any text on one line, with nothing in it that could act on its surroundings. */
export function oneLine(text: string): string {
  const marked = text.replaceAll("\r", "␍").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  return printableText(marked).replace(PILE, "$1");
}

/** Escapes text for SVG and HTML; the result is well-formed XML 1.0 (2.2: no controls, no lone surrogates, no U+FFFE). */
export function markup(text: string): string {
  return escape(oneLine(text));
}

/** The width of a text in columns of a fixed-width font; a control's sign is drawn as the letters of its name. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += columnsOfChar(char);
  return columns;
}

function columnsOfChar(char: string): number {
  return CONTROL_NAMES.has(char) ? 2 : charWidth(char);
}

/** The signs of controls that few fonts have, and their names. */
export const CONTROL_NAMES: ReadonlyMap<string, string> = new Map([["␀", "NUL"], ["␍", "CR"], ["␛", "ESC"]]);

/** Cuts a text to a number of columns; `…` stands for the rest. */
export function shortened(text: string, columns: number): string {
  let [end, width, fits] = [0, 0, 0];
  for (const char of text) {
    width += columnsOfChar(char);
    if (width > columns) return columns < 1 ? "" : `${text.slice(0, fits).trimEnd()}…`;
    end += char.length;
    if (width < columns) fits = end;
  }
  return text;
}

/** Cuts a text in its middle: the beginning and the end of an address matter most. */
export function shortenedInside(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const tail = Math.ceil((columns - 1) * 0.4);
  return `${text.slice(0, columns - 1 - tail)}…${text.slice(text.length - tail)}`;
}
