/**
 * How much room text takes on a terminal. Pure.
 *
 * @module
 */

/**
 * Characters that take two columns: East Asian wide and full-width ones (Unicode TR 11), and emoji. Where terminals differ or a block
 * is still growing, all of it counts as wide: a line that is broken too early looks odd, one that is broken too late by the terminal
 * looks like two.
 */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f000}-\u{1ffff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Makes an emoji of the character before it, which may take two columns then instead of one. */
const EMOJI_STYLE = "\ufe0f";
/** Characters that take none: they change the one before them, or are not shown. */
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
/** Colours and the like, as a log line may carry them (ECMA-48 8.3.117). */
// deno-lint-ignore no-control-regex
const STYLE = /\x1b\[[\d;]*m/y;

/** How many columns one character takes. */
export function charWidth(char: string): 0 | 1 | 2 {
  if (char < "\u0300" || char === EMOJI_STYLE) return 1;
  return NARROWEST.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

/** How many columns a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/**
 * Breaks a line where a terminal would, and indents what follows, so that the middle of a long line never looks like a line of its own.
 *
 * @param line Without line ends; it may have colours.
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
export function wrapLine(line: string, columns: number): string[] {
  // Most lines are short: a character of one UTF-16 unit takes two columns at most, and so does one of two.
  if (columns < 4 || line.length * 2 <= columns) return [line];
  const rows: string[] = [];
  let row = "";
  let used = 0;
  for (let index = 0; index < line.length;) {
    STYLE.lastIndex = index;
    const style = STYLE.exec(line)?.[0];
    const char = style ?? String.fromCodePoint(line.codePointAt(index) ?? 0);
    const width = style === undefined ? charWidth(char) : 0;
    if (used + width > columns) {
      const cut = breakAt(row, columns);
      rows.push(row.slice(0, cut).trimEnd());
      row = INDENT + row.slice(cut);
      used = textWidth(row);
    }
    row += char;
    used += width;
    index += char.length;
  }
  return [...rows, row];
}

const INDENT = "  ";

/** Where to break a full row: after its last space, unless much of the row would be empty then. */
function breakAt(row: string, columns: number): number {
  const space = row.lastIndexOf(" ") + 1;
  return textWidth(row.slice(0, space)) > columns / 2 ? space : row.length;
}
