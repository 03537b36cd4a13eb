/**
 * The chunked transfer coding (RFC 9112 7.1). Pure.
 *
 * @module
 */
import type { HeadLimits } from "./head.ts";
import { malformed, Refusal } from "./refusal.ts";
import { CR, LF } from "./syntax.ts";

/** The limit (bytes) of a line with a chunk size, and of all chunk extensions in one body; no known client uses any. */
const MAX_EXTENSIONS = 4096;

const TOKEN = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+";
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const EXTENSION = `[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?`;
/** `chunk-size [ chunk-ext ]`. The size may have leading zeros, as many as fit on the line. */
const SIZE_LINE = new RegExp(`^([\\dA-Fa-f]+)((?:${EXTENSION})*)$`);
/** `field-line`, as strict as in the head. */
const TRAILER_LINE = new RegExp(`^${TOKEN}:[\\t -~\\x80-\\xff]*$`);

/** What the next bytes must be. */
type Expected = "size" | "data" | "data CR" | "data LF" | "trailer" | "nothing";

/**
 * Decodes a chunked body incrementally.
 *
 * @example Usage
 * ```ts
 * import { ChunkedDecoder } from "./chunked.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * const decoder = new ChunkedDecoder(
 *   { maxLine: 8192, maxHead: 65536, maxFields: 100 },
 *   (piece) => text += new TextDecoder().decode(piece),
 * );
 * const bytes = new TextEncoder().encode("5\r\nhello\r\n0\r\n\r\nGET");
 * assertEquals(decoder.push(bytes, 0), bytes.length - 3);
 * assertEquals([text, decoder.done], ["hello", true]);
 * ```
 */
export class ChunkedDecoder {
  /** The trailer lines without line ends. */
  readonly trailers: string[] = [];
  #limits: HeadLimits;
  #onData: (piece: Uint8Array) => void;
  #expected: Expected = "size";
  #line = "";
  #left = 0;
  #extensions = 0;
  #trailerBytes = 0;

  /** @param onData Receives the data of the chunks as views that are valid during the call. */
  constructor(limits: HeadLimits, onData: (piece: Uint8Array) => void) {
    this.#limits = limits;
    this.#onData = onData;
  }

  /** Whether the last chunk and the trailers have arrived. */
  get done(): boolean {
    return this.#expected === "nothing";
  }

  /**
   * Consumes received bytes.
   *
   * @returns Where the body ends, or the end of the bytes.
   * @throws {Refusal} The framing is malformed (400) or the trailers are too large (431).
   */
  push(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#expected !== "nothing") {
      switch (this.#expected) {
        case "data": {
          const end = Math.min(bytes.length, at + this.#left);
          this.#onData(bytes.subarray(at, end));
          this.#left -= end - at;
          at = end;
          if (this.#left === 0) this.#expected = "data CR";
          break;
        }
        case "data CR":
          if (bytes[at++] !== CR) throw malformed("chunk data longer than its size");
          this.#expected = "data LF";
          break;
        case "data LF":
          if (bytes[at++] !== LF) throw malformed("a CR without LF after chunk data");
          this.#expected = "size";
          break;
        default:
          at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  #readLine(bytes: Uint8Array, from: number): number {
    const newline = bytes.indexOf(LF, from);
    const end = newline < 0 ? bytes.length : newline + 1;
    const max = this.#expected === "size" ? MAX_EXTENSIONS : this.#limits.maxLine;
    for (let at = from; at < end && this.#line.length <= max; at++) {
      this.#line += String.fromCharCode(bytes[at] as number);
    }
    if (this.#line.length > max) throw this.#tooLong();
    if (newline < 0) return end;
    if (!this.#line.endsWith("\r\n")) throw malformed("a line of the chunked body ends with LF alone");
    const line = this.#line.slice(0, -2);
    this.#line = "";
    if (this.#expected === "size") this.#sizeLine(line);
    else this.#trailerLine(line);
    return end;
  }

  #tooLong(): Refusal {
    return this.#expected === "size"
      ? malformed(`a chunk size with its extensions, or all extensions together, longer than ${MAX_EXTENSIONS} bytes`)
      : new Refusal(431, `a trailer is longer than ${this.#limits.maxLine} bytes`);
  }

  #sizeLine(line: string): void {
    const [, digits, extensions = ""] = SIZE_LINE.exec(line) ?? [];
    if (digits === undefined) {
      throw malformed("a chunk size line that is not hexadecimal digits with optional extensions");
    }
    const size = parseInt(digits, 16);
    if (!Number.isSafeInteger(size)) throw malformed("a chunk size that is too large");
    this.#extensions += extensions.length;
    if (this.#extensions > MAX_EXTENSIONS) throw this.#tooLong();
    this.#left = size;
    this.#expected = size === 0 ? "trailer" : "data";
  }

  #trailerLine(line: string): void {
    if (line === "") {
      this.#expected = "nothing";
      return;
    }
    if (!TRAILER_LINE.test(line)) throw malformed("a trailer that is not a field");
    this.#trailerBytes += line.length;
    if (this.trailers.push(line) > this.#limits.maxFields || this.#trailerBytes > this.#limits.maxHead) {
      throw new Refusal(
        431,
        `more than ${this.#limits.maxFields} trailers, or more than ${this.#limits.maxHead} bytes of them`,
      );
    }
  }
}
