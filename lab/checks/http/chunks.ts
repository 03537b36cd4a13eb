/**
 * Reads a chunked body (RFC 9112 7.1). Pure.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { type Reading, readLine, Unreadable } from "./reading.ts";

const SIZE_LINE = /^([\dA-Fa-f]{1,12})[ \t]*(?:;.*)?$/;

/**
 * Takes the chunks and the trailer section.
 *
 * @returns The data; `null` if it is not complete.
 * @throws {Unreadable} There is something else where a chunk should be.
 */
export function readChunks(reading: Reading): Uint8Array | null {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const line = readLine(reading, "framing");
    if (line === null) return cutOff(reading, pieces);
    const [, digits] = SIZE_LINE.exec(line) ?? [];
    if (digits === undefined) throw new Unreadable(`${JSON.stringify(line)} stands where a chunk's size should`);
    const size = parseInt(digits, 16);
    if (size === 0) break;
    const end = reading.at + size;
    const after = reading.bytes.subarray(end, end + 2);
    if (after.length === 2 && (after[0] !== 13 || after[1] !== 10)) {
      throw new Unreadable(`a chunk of ${size} bytes is not followed by CR LF`);
    }
    if (after.length < 2) {
      pieces.push(reading.bytes.subarray(reading.at, end));
      return cutOff(reading, pieces);
    }
    pieces.push(reading.bytes.subarray(reading.at, end));
    reading.at = end + 2;
  }
  for (let line; (line = readLine(reading, "framing")) !== "";) if (line === null) return cutOff(reading, pieces);
  return concat(pieces);
}

/** What there is of a body that goes no further; `null` if it may. */
function cutOff(reading: Reading, pieces: readonly Uint8Array[]): Uint8Array | null {
  if (!reading.ended) return null;
  reading.flaws.push({ kind: "framing", what: "its chunked body ends without the last chunk" });
  reading.at = reading.bytes.length;
  return concat([...pieces]);
}
