/**
 * Splits a byte stream into messages, with limits. Pure except for the timer that detects a pause.
 *
 * TCP delivers bytes, not messages: one write may arrive in many reads, many writes in one (RFC 9293 3.7). A read here has three
 * results: bytes, the end (`null`), or an error of the source.
 *
 * @module
 */
import { ProtocolError, RefusedError, TooLongError } from "./errors.ts";
import type { MemoryShare } from "./memory.ts";
import { REFUSED } from "./refusal.ts";
import { NOTHING, smallBuffer } from "./small_buffer.ts";
import { endsInsideCharacter } from "./utf8.ts";
import { within } from "./within.ts";

/** What a reader needs from a socket: the platform's `read(2)`. */
export interface ByteSource {
  /** Reads at most `into.length` bytes; `null` is the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
}

/** What counts as one message on a stream. */
export interface MessageRules {
  /** The most bytes in one message, excluding its line end. */
  readonly max: number;
  /** The pause (ms) that ends a message without a newline; 0 = only a newline or the end of the stream ends it. */
  readonly gap: number;
  /** Keep the line end (LF or CR LF) on the message. */
  readonly keepEnd?: boolean;
  /** A newline does not end the message: only a pause or the end of the stream does. */
  readonly manyLines?: boolean;
}

const READY = Promise.resolve();
const [LF, CR] = [10, 13];
/** The initial buffer, which an idle connection keeps; a line or a browser's request fits in. A given chunk size replaces these three. */
const FIRST_BUFFER = 1024;
/** A larger buffer shrinks to this when a read returns fewer bytes; up to this size it is not counted. */
const BUSY_BUFFER = 4096;
/** Buffers stop growing for throughput here: they cost memory per connection. */
const FULL_BUFFER = 64 * 1024;
/** So many small reads in a row bring the initial buffer back. */
const CALM = 8;
/** How many gaps to wait for the rest of a UTF-8 character: a message should not end inside one. */
const MAX_GAPS_INSIDE_CHARACTER = 10;

/**
 * Reads chunks, lines and messages from a source.
 *
 * The bytes it returns are views of its buffer, valid until the next call. One call at a time.
 *
 * @example Usage
 * ```ts
 * import { ByteReader } from "./reader.ts";
 * import { decodeText, encodeText } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pieces = ["one\ntw", "o\n"].map(encodeText);
 * const reader = new ByteReader({
 *   read(into) {
 *     const piece = pieces.shift();
 *     if (piece) into.set(piece);
 *     return Promise.resolve(piece ? piece.length : null);
 *   },
 * });
 * const lines = [];
 * for (let line; (line = await reader.readLine(80)) !== null;) lines.push(decodeText(line));
 * assertEquals(lines, ["one", "two"]);
 * ```
 */
export class ByteReader {
  #source: ByteSource;
  #memory: MemoryShare | null;
  /** The size of the buffer at first, and the largest one for throughput. */
  #first: number;
  #full: number;
  #buffer: Uint8Array<ArrayBuffer>;
  /** Bytes received but not yet taken: `#buffer[#start .. #end]`. */
  #start = 0;
  #end = 0;
  /** The bytes of the last read, and how many in a row have been small: fewer than the initial buffer holds. */
  #last = 0;
  #calm = 0;
  /** The view that was returned last. */
  #taken: Uint8Array = NOTHING;
  /** A pending read into the buffer after `#end`. It outlives a call that a pause has ended. */
  #pending: Promise<void> | null = null;
  #ended = false;
  /** What the source threw; sticky, like the end. */
  #error: { readonly reason: unknown } | null = null;

  /**
   * @param memory Charged for the buffer once it is larger than 4 KiB; its owner releases it.
   * @param chunk A fixed buffer size, for a stream that is known to carry much. Otherwise it is 1 to 64 KiB, as data arrives.
   */
  constructor(source: ByteSource, memory: MemoryShare | null = null, chunk: number | null = null) {
    this.#source = source;
    this.#memory = memory;
    this.#first = chunk ?? FIRST_BUFFER;
    this.#full = chunk ?? FULL_BUFFER;
    this.#buffer = smallBuffer(this.#first);
  }

  /** How many bytes have been received. */
  received = 0;

  /** How many received bytes have not been taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** How many bytes the last message took, its line end included. */
  get consumed(): number {
    return this.#buffer.byteOffset + this.#start - this.#taken.byteOffset;
  }

  /** Waits until {@linkcode ByteReader.take} has a result: bytes, the end or an error. Never rejects. */
  ready(): Promise<void> {
    return this.buffered > 0 || this.#ended || this.#error !== null ? READY : this.#receive();
  }

  /** The same, for at most `ms`; returns whether there is a result. */
  readyWithin(ms: number): Promise<boolean> {
    return within(this.ready(), ms);
  }

  /** Takes whatever is buffered, after {@linkcode ByteReader.ready} has resolved; `null` is the end. */
  take(): Uint8Array | null {
    if (this.buffered === 0 && !this.#stillOpen()) return null;
    return this.#take(this.#end, this.#end);
  }

  /** Reads whatever is buffered, or waits for the next bytes. */
  async read(): Promise<Uint8Array | null> {
    await this.ready();
    return this.take();
  }

  /**
   * Reads a line without its LF or CR LF; a lone CR is data. An unterminated last line counts as a line.
   *
   * @param max The most bytes in a line.
   * @throws {TooLongError} The line is longer.
   */
  readLine(max: number): Promise<Uint8Array | null> {
    return this.readMessage({ max, gap: 0 });
  }

  /**
   * Reads a message: bytes up to a newline, up to the end of the stream, or up to a pause.
   *
   * @throws {TooLongError} The message is longer than `rules.max`. What was read of it stays buffered, as also with the next error.
   * @throws {ProtocolError} It is longer than memory allows.
   */
  async readMessage(rules: MessageRules): Promise<Uint8Array | null> {
    let scanned = this.#start;
    for (let pauses = 0;;) {
      const newline = rules.manyLines === true ? -1 : this.#find(LF, scanned);
      if (newline >= 0) return this.#takeLine(newline, rules);
      // One byte over the limit may be the CR of a line end. Anything else is refused now: the peer may be waiting for an answer.
      this.#checkLength(this.#buffer[this.#end - 1] === CR ? rules.max + 1 : rules.max, rules);
      if (this.#ended) return this.#rest(rules);
      const offset = this.#end - this.#start;
      const got = offset > 0 && rules.gap > 0 ? await this.#fillWithin(rules.gap) : await this.#fill();
      scanned = this.#start + offset;
      if (got !== null) {
        pauses = 0;
      } else if (
        ++pauses >= MAX_GAPS_INSIDE_CHARACTER ||
        !endsInsideCharacter(this.#buffer.subarray(this.#start, this.#end))
      ) {
        return this.#rest(rules);
      }
    }
  }

  /** Everything that is buffered, as the last message; `null` when there is nothing. */
  #rest(rules: MessageRules): Uint8Array | null {
    this.#checkLength(rules.max, rules);
    return this.buffered === 0 ? null : this.#take(this.#end, this.#end);
  }

  #takeLine(newline: number, rules: MessageRules): Uint8Array {
    const end = newline > this.#start && this.#buffer[newline - 1] === CR ? newline - 1 : newline;
    if (end - this.#start > rules.max) this.#checkLength(-1, rules);
    return this.#take(rules.keepEnd === true ? newline + 1 : end, newline + 1);
  }

  #checkLength(most: number, rules: MessageRules): void {
    if (this.buffered > most) throw new TooLongError(rules.max);
  }

  /** The size of buffer for the next read, if nothing is left from the last one. */
  #wanted(): number {
    const { length } = this.#buffer;
    // A read that filled the buffer suggests that more data is waiting.
    if (this.#end === length && length < this.#full) return Math.min(length * 4, this.#full);
    if (length <= this.#first) return length;
    if (length > BUSY_BUFFER && this.#last < BUSY_BUFFER) return Math.max(BUSY_BUFFER, this.#first);
    return this.#calm >= CALM ? this.#first : length;
  }

  /** Charges a buffer of this size to the memory share; `false` if there is no room. */
  #reserve(size: number): boolean {
    return this.#memory === null || this.#memory.hold(size > Math.max(BUSY_BUFFER, this.#first) ? size : 0);
  }

  #take(end: number, next: number): Uint8Array {
    const last = this.#taken;
    const offset = this.#buffer.byteOffset + this.#start;
    // Creating a view costs as much as parsing a request; messages of equal length reuse the last one.
    if (last.byteOffset !== offset || last.length !== end - this.#start || last.buffer !== this.#buffer.buffer) {
      this.#taken = this.#buffer.subarray(this.#start, end);
    }
    this.#start = next;
    return this.#taken;
  }

  #find(byte: number, from: number): number {
    const index = this.#buffer.subarray(from, this.#end).indexOf(byte);
    return index < 0 ? -1 : from + index;
  }

  /** Waits for more bytes; `false` is the end. */
  async #fill(): Promise<boolean> {
    if (!this.#ended && this.#error === null) await this.#receive();
    return this.#stillOpen();
  }

  /** As {@linkcode ByteReader.#fill}, but `null` after a pause of `gap` milliseconds; the read stays pending. */
  async #fillWithin(gap: number): Promise<boolean | null> {
    return await within(this.#receive(), gap) ? this.#stillOpen() : null;
  }

  #stillOpen(): boolean {
    if (this.#error !== null) throw this.#error.reason;
    return !this.#ended;
  }

  /**
   * The pending read, or a new one. Its result is stored once, no matter who awaits it: a call that a pause has ended leaves it to the
   * next call. It never rejects, so an abandoned read cannot cause an unhandled rejection.
   */
  #receive(): Promise<void> {
    if (this.#pending !== null) return this.#pending;
    this.#makeRoom();
    return this.#pending = this.#source.read(this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end)).then(
      this.#received,
      this.#failed,
    );
  }

  #received = (count: number | null): void => {
    this.#pending = null;
    if (count === null) {
      this.#ended = true;
    } else {
      this.#end += count;
      this.received += count;
      this.#last = count;
      this.#calm = count < this.#first ? this.#calm + 1 : 0;
    }
  };

  #failed = (reason: unknown): void => {
    this.#pending = null;
    this.#error = { reason };
    // A refusal is no message, but it was received.
    if (reason instanceof RefusedError) this.received += reason.bytes;
  };

  /**
   * Frees space after `#end`. Only between reads: a pending read owns its part of the buffer.
   *
   * @throws {ProtocolError} The message needs more memory than there is.
   */
  #makeRoom(): void {
    if (this.#start === this.#end) {
      const size = this.#wanted();
      if (size !== this.#buffer.length && this.#reserve(size)) this.#buffer = smallBuffer(size);
      this.#start = this.#end = 0;
    } else if (this.#end === this.#buffer.length) {
      const { length } = this.#buffer;
      const size = length < BUSY_BUFFER ? BUSY_BUFFER : this.#start > 0 ? length : length * 2;
      if (!this.#reserve(size)) {
        throw new ProtocolError(`${REFUSED}the server has no memory for the message; try again later`);
      }
      const buffer = size === length ? this.#buffer : new Uint8Array(size);
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#end -= this.#start;
      this.#start = 0;
    }
  }
}
