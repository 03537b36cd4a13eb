/**
 * Bytes that are read as a response, and what is wrong with them. Pure.
 *
 * @module
 */

/** Something wrong in a response that can be read nevertheless. */
export interface Flaw {
  readonly kind: "status line" | "line end" | "field" | "framing";
  /** A clause: `its status line is "HTTP/1.1 200"`. */
  readonly what: string;
}

/** Where the reading is. */
export interface Reading {
  readonly bytes: Uint8Array;
  /** Where the next byte is. */
  at: number;
  readonly flaws: Flaw[];
  /** Whether no more bytes will come. */
  readonly ended: boolean;
}

/** Thrown for bytes that cannot be read as a response; the message says why, as a clause. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

const LF = 10;
const CR = 13;

/** Takes a line, as Latin-1 without its end; `null` if it is not complete. One that ends with LF alone is a flaw. */
export function readLine(reading: Reading, kind: Flaw["kind"]): string | null {
  const newline = reading.bytes.indexOf(LF, reading.at);
  if (newline < 0) return null;
  const bare = newline === reading.at || reading.bytes[newline - 1] !== CR;
  const line = latin1(reading.bytes.subarray(reading.at, bare ? newline : newline - 1));
  reading.at = newline + 1;
  if (bare && !reading.flaws.some((flaw) => flaw.kind === kind)) {
    reading.flaws.push({ kind, what: `its line ${JSON.stringify(line)} ends with LF alone` });
  }
  return line;
}

/** `TextDecoder` has no ISO 8859-1: its `latin1` is windows-1252. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
