/**
 * Lines out of a stream of bytes, many at a time. Pure.
 *
 * The reader of `lib/` hands out one line per promise, which is right for a conversation; in a room one client may have hundreds of
 * lines in a single read.
 *
 * @module
 */
import { ProtocolError } from "../../lib/errors.ts";
import { decodeText, encodeText, endsInsideCharacter } from "../../lib/text.ts";

const LF = 10;
/** So many bytes become lines at a time: a client that is slowed down should not keep thousands of lines in memory meanwhile. */
const SLICE = 4096;
const NOTHING = new Uint8Array(0);

/**
 * Cuts a stream into lines; LF and CR LF end one.
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
  #max: number;
  /** The beginning of a line. */
  #begun: Uint8Array<ArrayBuffer> = NOTHING;
  #endsLines = false;

  /** @param max The most bytes of a line. */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many bytes the line has that has begun and not ended. */
  get begun(): number {
    return this.#begun.length;
  }

  /**
   * Whether a pause may end the line that has begun: not for a sender that has ended a line with a newline before, and not inside a
   * character.
   */
  get mayEnd(): boolean {
    return this.#begun.length > 0 && !this.#endsLines && !endsInsideCharacter(this.#begun);
  }

  /**
   * Takes bytes, which must stay as they are until all lines have been taken.
   *
   * @returns The lines that they complete.
   * @throws {ProtocolError} A line is too long; those before it have been returned.
   */
  *push(bytes: Uint8Array): Generator<string> {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) {
      this.#endsLines = true;
      let begun = this.#begun;
      this.#begun = bytes.slice(end);
      for (let from = 0, to; from < end; from = to) {
        to = sliceEnd(bytes, from, end);
        // Many at once: decoding and splitting cost next to nothing per line then. A newline is never part of a character.
        const lines = decodeText(concat(begun, bytes.subarray(from, to - 1))).split("\n");
        begun = NOTHING;
        for (const line of lines) {
          if (line.length * 3 > this.#max && encodeText(line).length > this.#max) throw this.#tooLong();
          yield line.endsWith("\r") ? line.slice(0, -1) : line;
        }
      }
    } else {
      this.#begun = concat(this.#begun, bytes);
    }
    if (this.#begun.length > this.#max) throw this.#tooLong();
  }

  /** Takes what has begun for a whole line: the stream has ended, or the sender waits for an answer. */
  rest(): string | null {
    if (this.#begun.length === 0) return null;
    const line = decodeText(this.#begun);
    this.#begun = NOTHING;
    return line;
  }

  #tooLong(): ProtocolError {
    return new ProtocolError(`Cannot take the line: it is longer than ${this.#max} bytes`);
  }
}

/** Where the lines end that begin at a position and are a slice together, or are one. */
function sliceEnd(bytes: Uint8Array, from: number, end: number): number {
  if (end - from <= SLICE) return end;
  const last = bytes.lastIndexOf(LF, from + SLICE - 1) + 1;
  return last > from ? last : bytes.indexOf(LF, from) + 1;
}

function concat(begun: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(begun.length + bytes.length);
  all.set(begun);
  all.set(bytes, begun.length);
  return all;
}
