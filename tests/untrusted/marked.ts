/**
 * A hostile text with a mark in it, and what must never be seen of it.
 *
 * @module
 */
import { assert } from "@std/assert";

/** What tells the text in an output, whatever was done to the rest of it. */
export const MARK = "PWNED";

/** Sets a window's title, clears the screen, colours by an 8-bit control, goes back to the start of the row, reorders, hides. */
export const HOSTILE = `\x1b]0;${MARK}\x07\x1b[2J\x9b31m${MARK}\r\u202e${MARK}\u2066\u2028\x7f`;

/** The line that a text with a line break in it would like to forge. */
export const FORGED = "[+] Accepted connection from 203.0.113.9:1";

/** The same with a line of its own, for where the text may have line breaks. */
export const HOSTILE_LINES = `${HOSTILE}\n${FORGED}\n`;

/** Controls other than line feed, and marks that reorder or break lines. */
const RAW = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** An output that the mark came to, with nothing around it that could drive a terminal or pass for a line of the program's own. */
export function assertHarmless(output: string, what: string): void {
  assert(output.includes(MARK), `${what} shows nothing of the text:\n${JSON.stringify(output)}`);
  assertNotRaw(output, what);
}

/** An output that has nothing raw in it; it need not show the text. */
export function assertNotRaw(output: string, what: string): void {
  const raw = RAW.exec(output);
  assert(
    raw === null,
    `${what} is raw at ${raw?.index}: ${JSON.stringify(output.slice(Math.max(0, (raw?.index ?? 0) - 60)))}`,
  );
  assert(!output.split("\n").includes(FORGED), `${what} has a forged line:\n${output}`);
}

/** The same for what a terminal gets, where the program itself moves the cursor: none of the sequences that the text brings. */
export function assertHarmlessAtTerminal(output: string, what: string): void {
  assert(output.includes(MARK), `${what} shows nothing of the text:\n${JSON.stringify(output)}`);
  for (
    const sequence of ["\x1b]", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\u2028", "\x7f", `\r${MARK}`, `\r\n${FORGED}`]
  ) {
    assert(!output.includes(sequence), `${what} has ${JSON.stringify(sequence)}: ${JSON.stringify(output)}`);
  }
}
