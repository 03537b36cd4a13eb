/**
 * Splits a byte stream into lines, many at a time. Pure.
 *
 * The reader in `lib/` returns one line per promise, which is right for a conversation; in a room a single read may bring hundreds of
 * lines from one client.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { TooLongError } from "../../lib/errors.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { endsInsideCharacter } from "../../lib/utf8.ts";
import { LINE_OVERHEAD, parseSessionCommand } from "../session_lines.ts";

const LF = 10;
/** How many bytes to split at a time: a throttled client should not keep thousands of lines in memory. */
const SLICE = 4096;
const NOTHING = new Uint8Array(0);

/**
 * Splits a stream into lines that end in LF or CR LF.
 *
 * @example Usage
 * ```ts
 * import { LineFramer } from "./lines.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const framer = new LineFramer(80);
 * assertEquals([...framer.push(encodeText("one\r\ntwo\nthr"))], ["one", "two"]);
 * assertEquals([...framer.push(encodeText("ee\n"))], ["three"]);
 * ```
 */
export class LineFramer {
  /** How many bytes the last line took, its line end included; 0 unless it `measures`. */
  length = 0;
  #max: number;
  #measures: boolean;
  /** The incomplete last line. */
  #begun: Uint8Array<ArrayBuffer> = NOTHING;
  #endsLines = false;

  /**
   * @param max The maximum length of a line in bytes.
   * @param options With `measures`, {@linkcode LineFramer.length} is kept.
   */
  constructor(max: number, { measures = false } = {}) {
    this.#max = max;
    this.#measures = measures;
  }

  /** The length of the incomplete last line in bytes. */
  get begun(): number {
    return this.#begun.length;
  }

  /**
   * Whether a pause may end the incomplete line: not if the sender has ended an earlier line with a newline, and not inside a
   * character.
   */
  get mayEnd(): boolean {
    return this.#begun.length > 0 && !this.#endsLines && !endsInsideCharacter(this.#begun);
  }

  /**
   * Takes bytes; the caller must not change them until all lines have been consumed.
   *
   * @returns The completed lines.
   * @throws {TooLongError} A line is too long; the lines before it have been returned.
   */
  *push(bytes: Uint8Array): Generator<string> {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) {
      this.#endsLines = true;
      let begun = this.#begun;
      let at = -begun.length;
      this.#begun = bytes.slice(end);
      for (let from = 0, to; from < end; from = to) {
        to = sliceEnd(bytes, from, end);
        // Decoded and split in bulk, which costs almost nothing per line. In UTF-8 a newline is never part of another character.
        const lines = decodeText(concat([begun, bytes.subarray(from, to - 1)])).split("\n");
        begun = NOTHING;
        for (const line of lines) {
          if (line.length * 3 > this.#max && this.#isTooLong(line)) throw this.#tooLong();
          if (this.#measures) at = this.#measure(bytes, at);
          yield line.endsWith("\r") ? line.slice(0, -1) : line;
        }
      }
    } else {
      this.#begun = concat([this.#begun, bytes]);
    }
    if (this.#begun.length > this.#max + LINE_OVERHEAD) throw this.#tooLong();
  }

  /** Whether a line is too long; the id that a session puts before it does not count. */
  #isTooLong(line: string): boolean {
    const command = parseSessionCommand(line);
    return encodeText(command?.kind === "line" ? command.text : line).length > this.#max;
  }

  /**
   * Returns the incomplete line as a line: the stream has ended, or the sender has paused.
   *
   * @throws {TooLongError} It is too long.
   */
  rest(): string | null {
    if (this.#begun.length === 0) return null;
    const line = decodeText(this.#begun);
    if (line.length * 3 > this.#max && this.#isTooLong(line)) throw this.#tooLong();
    this.length = this.#begun.length;
    this.#begun = NOTHING;
    return line;
  }

  /** Measures the line that begins at a position, which is negative if it began in earlier bytes; returns where the next one begins. */
  #measure(bytes: Uint8Array, at: number): number {
    const next = bytes.indexOf(LF, Math.max(at, 0)) + 1;
    this.length = next - at;
    return next;
  }

  #tooLong(): TooLongError {
    return new TooLongError(this.#max);
  }
}

/** The end of the slice that begins at a position: whole lines, as many as fit, but at least one. */
function sliceEnd(bytes: Uint8Array, from: number, end: number): number {
  if (end - from <= SLICE) return end;
  const last = bytes.lastIndexOf(LF, from + SLICE - 1) + 1;
  return last > from ? last : bytes.indexOf(LF, from) + 1;
}
