/**
 * The width of text on a terminal. Pure.
 *
 * @module
 */

/** The size of a terminal, in characters; zeros if it is none. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Characters that take two columns: East Asian wide and full-width ones (Unicode TR 11), and emoji. Where terminals differ or a block
 * is still growing, all of it counts as wide: a line broken too early looks odd, but one that the terminal breaks looks like two lines.
 */
const isWide = (char: string): boolean =>
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f000}-\u{1ffff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
    .test(char);
/** Turns the preceding character into an emoji, which may then take two columns instead of one. */
const EMOJI_STYLE = "\ufe0f";
/**
 * Characters that take no column in xterm, tmux and screen alike, as hexadecimal ranges. All others count as one: terminals give a
 * column to newer combining marks and to format characters such as U+0600. Counting a mark too wide breaks a line early; counting it
 * too narrow lets the terminal break the line, and a peer's text can then start a row like a line of ours.
 */
const ZERO_WIDTH =
  "300-36f 483-486 488-489 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-615 64b-65e 670 6d6-6dc 6df-6e4 6e7-6e8 6ea-6ed 711 730-74a 7a6-7b0 " +
  "901-902 93c 941-948 94d 951-954 962-963 981 9bc 9c1-9c4 9cd 9e2-9e3 a01-a02 a3c a41-a42 a47-a48 a4b-a4d a70-a71 a81-a82 abc " +
  "ac1-ac5 ac7-ac8 acd ae2-ae3 b01 b3c b3f b41-b43 b4d b56 b82 bc0 bcd c3e-c40 c46-c48 c4a-c4d c55-c56 cbc cbf cc6 ccc-ccd ce2-ce3 " +
  "d41-d43 d4d dca dd2-dd4 dd6 e31 e34-e3a e47-e4e eb1 eb4-eb9 ebb-ebc ec8-ecd f18-f19 f35 f37 f39 f71-f7e f80-f84 f86-f87 f90-f97 " +
  "f99-fbc fc6 102d-1030 1032 1036-1037 1039 1058-1059 1160-11ff 135f 17b4-17b5 17b7-17bd 17c6 17c9-17d3 17dd 1dc0-1dca 200b-200f " +
  "2060-2063 20d0-20ef 302a-302d 3099-309a fe00-fe0e fe20-fe23";
/** Matches one of them; made when it is first needed. */
let zeroWidth: RegExp | null = null;
/** Colours and other styles (SGR) that a log line may contain (ECMA-48 8.3.117). */
// deno-lint-ignore no-control-regex
const STYLE = /\x1b\[[\d;]*m/y;
const STYLES = new RegExp(STYLE.source, "g");

/** The number of columns of a character. */
export function charWidth(char: string): 0 | 1 | 2 {
  if (char < "\u0300" || char === EMOJI_STYLE) return 1;
  zeroWidth ??= anyOf(ZERO_WIDTH);
  return zeroWidth.test(char) ? 0 : isWide(char) ? 2 : 1;
}

function anyOf(ranges: string): RegExp {
  const range = (text: string): string => text.split("-").map((code) => `\\u{${code}}`).join("-");
  return new RegExp(`[${ranges.split(" ").map(range).join("")}]`, "u");
}

/** The number of columns of a text. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** The distance of a terminal's tab stops, in columns. */
const TAB_STOP = 8;

/** Replaces the tabs of a line by the spaces to the next stop: a terminal that moves its cursor itself would break lines elsewhere. */
function withoutTabs(line: string): string {
  if (!line.includes("\t")) return line;
  const [first = "", ...others] = line.split("\t");
  let text = first;
  let column = plainWidth(first);
  for (const part of others) {
    const gap = TAB_STOP - column % TAB_STOP;
    text += " ".repeat(gap) + part;
    column += gap + plainWidth(part);
  }
  return text;
}

/**
 * Breaks a line at the terminal's width and indents the continuation rows, so that the middle of a long line never looks like a new
 * line. Tabs become spaces.
 *
 * @param tabbed A line without line end; it may contain colours.
 * @param columns The width of the terminal.
 * @returns The rows.
 *
 * @example Usage
 * ```ts
 * import { wrapLine } from "./width.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wrapLine("eve: 漢字漢字", 10), ["eve: 漢字", "  漢字"]);
 * ```
 */
export function wrapLine(tabbed: string, columns: number): string[] {
  const line = withoutTabs(tabbed);
  // Fast path for short lines: a character takes at most two columns, whether it is one or two UTF-16 units long.
  if (columns < 4 || line.length * 2 <= columns) return [line];
  const indent = indentOf(line);
  const rows: string[] = [];
  let row = "";
  let used = 0;
  for (let index = 0; index < line.length;) {
    STYLE.lastIndex = index;
    const style = STYLE.exec(line)?.[0];
    const char = style ?? String.fromCodePoint(line.codePointAt(index) ?? 0);
    const width = style === undefined ? charWidth(char) : 0;
    if (used + width > columns) {
      // As much of the word as shows whether it fits into a row: the whole of a word without end would be looked at for each row.
      const rest = WORD.exec(line.slice(index, index + 2 * columns))?.[0] ?? "";
      const cut = breakPoint(row, rest, columns);
      rows.push(row.slice(0, cut).trimEnd());
      row = indent + row.slice(cut);
      used = textWidth(row);
    }
    row += char;
    used += width;
    index += char.length;
  }
  return [...rows, row];
}

/** Breaks each line of a text as {@linkcode wrapLine} does. */
export function wrapText(text: string, columns: number): string {
  return text.split("\n").flatMap((line) => wrapLine(line, columns)).join("\n");
}

const INDENT = "  ";
/** A line that is itself indented: its continuation rows must not stand out to the left of it. */
// deno-lint-ignore no-control-regex
const INDENTED = /^(?:\x1b\[[\d;]*m)* {4}/;

function indentOf(line: string): string {
  return INDENTED.test(line) ? INDENT.repeat(2) : INDENT;
}

/** What is left of a word. */
const WORD = /^[^ ]*/;
const ASCII = /^[\x21-\x7e]*$/;

/**
 * Where to break a full row: before its last word if the row is at least half full without it, or if the word fits into one row (a
 * fingerprint should stay in one piece for copying). Scripts without spaces have no such words.
 *
 * @param rest The continuation of the word.
 */
function breakPoint(row: string, rest: string, columns: number): number {
  const space = row.lastIndexOf(" ") + 1;
  if (row.slice(0, space).trim() === "") return row.length;
  const word = (row.slice(space) + rest).replace(STYLES, "");
  const fits = ASCII.test(word) && INDENT.length + word.length <= columns;
  return fits || plainWidth(row.slice(0, space)) > columns / 2 ? space : row.length;
}

function plainWidth(text: string): number {
  return textWidth(text.replace(STYLES, ""));
}
