/**
 * QR codes as text for a terminal. Pure.
 *
 * @module
 */
import { type TerminalSize, wrapText } from "./width.ts";

/** The light modules around a code that scanners need (ISO/IEC 18004 5.3.8). */
const QUIET_ZONE = 4;
/** Rows that stay free below a code: for a line that follows, an input line, and one more. */
const ROWS_BELOW = 3;

/**
 * The QR code of a text. Two rows of modules become one row of text, since a character is about twice as high as wide: `▀` is dark above
 * and light below, `▄` the reverse, `█` dark, a space light. Without {@linkcode paintRow} a dark terminal would show it inverted.
 *
 * @param text Such as a URL; 29 characters take 33 columns and 17 rows.
 * @returns The rows, of one width, with the light zone around the code.
 *
 * @example Usage
 * ```ts
 * import { qrRows } from "./qr.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = await qrRows("http://192.168.1.7:23456/");
 * assertEquals([rows.length, rows[0]?.length], [17, 33]);
 * assertEquals(rows[2], "    █▀▀▀▀▀█  ▄▄▀▀█▄ ▀ █▀▀▀▀▀█    ");
 * ```
 */
export async function qrRows(text: string): Promise<string[]> {
  // Most runs print none.
  const { encode } = await import("uqr");
  const { data } = encode(text, { border: QUIET_ZONE });
  const rows: string[] = [];
  for (let y = 0; y < data.length; y += 2) {
    const [above = [], below = []] = data.slice(y, y + 2);
    rows.push(above.map((dark, x) => dark ? (below[x] ? "█" : "▀") : below[x] ? "▄" : " ").join(""));
  }
  return rows;
}

/** A row of a code in black on bright white (SGR 30 and 107, ECMA-48 8.3.117), whatever the colours of the terminal. */
export function paintRow(row: string): string {
  return `\x1b[30;107m${row}\x1b[0m`;
}

/**
 * Whether a code fits on a terminal below the text that belongs to it. It must not scroll that text away.
 *
 * @param rows The code.
 * @param text The lines above it, which the terminal may have to break.
 */
export function codeFits(rows: readonly string[], text: string, { columns, rows: height }: TerminalSize): boolean {
  if ((rows[0]?.length ?? 0) > columns) return false;
  return wrapText(text, columns).split("\n").length + rows.length + ROWS_BELOW <= height;
}
