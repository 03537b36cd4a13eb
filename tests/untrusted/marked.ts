/**
 * A hostile text with a marker, and assertions that it never appears raw.
 *
 * @module
 */
import { assert } from "@std/assert";

/** Identifies the text in an output, however the rest was escaped. */
export const MARK = "PWNED";

/** Sets the window title, clears the screen, sets a colour with an 8-bit control, returns to the row start, reorders, hides. */
export const HOSTILE = `\x1b]0;${MARK}\x07\x1b[2J\x9b31m${MARK}\r\u202e${MARK}\u2066\u2028\x7f`;

/** The log line that a text with a line break tries to forge. */
export const FORGED = "[+] Accepted connection from 203.0.113.9:1";

/** The same with the forged line, for places where the text may contain line breaks. */
export const HOSTILE_LINES = `${HOSTILE}\n${FORGED}\n`;

/** Control characters other than line feed, and characters that reorder or break lines. */
const RAW = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Asserts that an output shows the marker, and nothing that could control a terminal or forge a line. */
export function assertHarmless(output: string, what: string): void {
  assert(output.includes(MARK), `${what} shows nothing of the text:\n${JSON.stringify(output)}`);
  assertNotRaw(output, what);
}

/** Asserts that an output contains nothing raw; it need not show the text. */
export function assertNotRaw(output: string, what: string): void {
  const raw = RAW.exec(output);
  assert(
    raw === null,
    `${what} is raw at ${raw?.index}: ${JSON.stringify(output.slice(Math.max(0, (raw?.index ?? 0) - 60)))}`,
  );
  assert(!output.split("\n").includes(FORGED), `${what} has a forged line:\n${output}`);
}

/** The same for terminal output, where the program itself uses control sequences: none of the text's sequences may appear. */
export function assertHarmlessAtTerminal(output: string, what: string): void {
  assert(output.includes(MARK), `${what} shows nothing of the text:\n${JSON.stringify(output)}`);
  for (
    const sequence of ["\x1b]", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\u2028", "\x7f", `\r${MARK}`, `\r\n${FORGED}`]
  ) {
    assert(!output.includes(sequence), `${what} has ${JSON.stringify(sequence)}: ${JSON.stringify(output)}`);
  }
}
