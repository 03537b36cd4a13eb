/**
 * Messages out of a byte stream, with limits. Pure but for the timer that notices a pause.
 *
 * TCP delivers bytes, not messages: one write may arrive in many reads, many writes in one (RFC 9293 3.7). A read here has three
 * results: bytes, the end (`null`), or an error from below.
 *
 * @module
 */
import { ProtocolError } from "./errors.ts";
import type { MemoryShare } from "./memory.ts";
import { endsInsideCharacter } from "./text.ts";
import { within } from "./within.ts";

/** What a reader needs of a socket: `read(2)` as the platform offers it. */
export interface ByteSource {
  /** Reads at most `into.length` bytes; `null` is the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
}

/** What counts as one message on a stream. */
export interface MessageRules {
  /** The most bytes that one message may have, its line end not counted. */
  readonly max: number;
  /** A pause of so many milliseconds ends a message that has no newline; 0 = only a newline or the end does. */
  readonly gap: number;
  /** Leave the line end (LF or CR LF) on the message. */
  readonly keepEnd?: boolean;
  /** A newline does not end the message: only a pause or the end of the stream does. */
  readonly manyLines?: boolean;
}

const READY = Promise.resolve();
const LF = 10;
const CR = 13;
/** The buffer of a connection that has little to say; a larger one is given back when a read brings less than this. */
const FIRST_BUFFER = 4096;
/** Where a buffer stops growing for throughput: larger reads gain little and cost memory per connection. */
const FULL_BUFFER = 64 * 1024;
/** A pause inside a UTF-8 character is waited out for so many gaps: half a character is no message. */
const GAPS_INSIDE_CHARACTER = 10;

/**
 * Reads pieces, lines and messages from a source.
 *
 * Bytes that it returns are views of its buffer: they stay valid until the next call. One call at a time.
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
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BUFFER);
  /** Bytes received and not yet taken: `#buffer[#start .. #end]`. */
  #start = 0;
  #end = 0;
  /** The view that was given last. */
  #taken: Uint8Array = this.#buffer.subarray(0, 0);
  /** A read under way into the buffer behind `#end`. It outlives a call that a pause has ended. */
  #pending: Promise<void> | null = null;
  #ended = false;
  /** What the source threw; it stays, as the end does. */
  #error: { readonly reason: unknown } | null = null;

  /** @param memory Counts the buffer where it is larger than the first one; released by its owner. */
  constructor(source: ByteSource, memory: MemoryShare | null = null) {
    this.#source = source;
    this.#memory = memory;
  }

  /** How many bytes were received so far. */
  received = 0;

  /** How many received bytes nobody has taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Waits until there is something to take: bytes, the end or an error. Never rejects. */
  ready(): Promise<void> {
    return this.buffered > 0 || this.#ended || this.#error !== null ? READY : this.#receive();
  }

  /** The same, for `ms` at most; tells whether there is something to take. */
  readyWithin(ms: number): Promise<boolean> {
    return within(this.ready(), ms);
  }

  /**
   * Takes whatever is there, once {@linkcode ByteReader.ready} has said so; `null` is the end.
   */
  take(): Uint8Array | null {
    if (this.buffered === 0 && !this.#goesOn()) return null;
    // A read that filled the buffer to its end says that more is waiting: take larger bites from now on.
    const full = this.#end === this.#buffer.length && this.#pending === null;
    const bytes = this.#take(this.#end, this.#end);
    if (full && this.#buffer.length < FULL_BUFFER) this.#replace(this.#buffer.length * 4);
    return bytes;
  }

  /** Reads whatever is there, or waits for the next bytes. */
  async read(): Promise<Uint8Array | null> {
    await this.ready();
    return this.take();
  }

  /**
   * Reads a line; its LF or CR LF is left out, a lone CR is data. What the stream's end cuts off counts as a last line.
   *
   * @param max The most bytes a line may have.
   * @throws {ProtocolError} The line is longer.
   */
  readLine(max: number): Promise<Uint8Array | null> {
    return this.readMessage({ max, gap: 0 });
  }

  /**
   * Reads a message: bytes up to a newline, up to the end of the stream, or up to a pause.
   *
   * @throws {ProtocolError} The message is longer than `rules.max`, or than memory allows. What was read of it stays.
   */
  async readMessage(rules: MessageRules): Promise<Uint8Array | null> {
    let scanned = this.#start;
    for (let pauses = 0;;) {
      const newline = rules.manyLines === true ? -1 : this.#find(LF, scanned);
      if (newline >= 0) return this.#takeLine(newline, rules);
      // One byte more may be the CR of a line end; any other is too much, and the peer may be waiting to hear so.
      this.#refuseAbove(this.#buffer[this.#end - 1] === CR ? rules.max + 1 : rules.max, rules);
      if (this.#ended) return this.#rest(rules);
      const offset = this.#end - this.#start;
      const got = offset > 0 && rules.gap > 0 ? await this.#fillWithin(rules.gap) : await this.#fill();
      scanned = this.#start + offset;
      if (got !== null) {
        pauses = 0;
      } else if (
        ++pauses >= GAPS_INSIDE_CHARACTER ||
        !endsInsideCharacter(this.#buffer.subarray(this.#start, this.#end))
      ) {
        return this.#rest(rules);
      }
    }
  }

  /** Everything that is buffered, as the last message; `null` when there is nothing. */
  #rest(rules: MessageRules): Uint8Array | null {
    this.#refuseAbove(rules.max, rules);
    return this.buffered === 0 ? null : this.#take(this.#end, this.#end);
  }

  #takeLine(newline: number, rules: MessageRules): Uint8Array {
    const end = newline > this.#start && this.#buffer[newline - 1] === CR ? newline - 1 : newline;
    if (end - this.#start > rules.max) this.#refuseAbove(-1, rules);
    return this.#take(rules.keepEnd === true ? newline + 1 : end, newline + 1);
  }

  #refuseAbove(most: number, rules: MessageRules): void {
    if (this.buffered > most) {
      throw new ProtocolError(`Cannot take the message: it is longer than ${rules.max} bytes`);
    }
  }

  /** Begins the buffer anew; a large one is given back when what was taken last was small. */
  #empty(): void {
    this.#start = this.#end = 0;
    if (this.#buffer.length > FIRST_BUFFER && this.#taken.length < FIRST_BUFFER) this.#replace(FIRST_BUFFER);
  }

  /** Takes an empty buffer of another size, if there is memory for it. */
  #replace(size: number): void {
    if (!this.#holds(size)) return;
    this.#buffer = new Uint8Array(size);
    this.#start = this.#end = 0;
  }

  /** Whether there is memory for a buffer of this size. */
  #holds(size: number): boolean {
    return this.#memory === null || this.#memory.hold(size > FIRST_BUFFER ? size : 0);
  }

  #take(end: number, next: number): Uint8Array {
    const last = this.#taken;
    // Making a view costs as much as parsing a request: where messages have one length, there is one already.
    if (last.byteOffset !== this.#start || last.length !== end - this.#start || last.buffer !== this.#buffer.buffer) {
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
    return this.#goesOn();
  }

  /** As {@linkcode ByteReader.#fill}, but `null` when a pause of `gap` milliseconds comes first; the read goes on. */
  async #fillWithin(gap: number): Promise<boolean | null> {
    return await within(this.#receive(), gap) ? this.#goesOn() : null;
  }

  #goesOn(): boolean {
    if (this.#error !== null) throw this.#error.reason;
    return !this.#ended;
  }

  /**
   * The read under way, or a new one. Its result is noted here, once, whoever waits for it: a call that a pause has ended leaves it to
   * the next. It never rejects, so that nobody has to.
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
    }
  };

  #failed = (reason: unknown): void => {
    this.#pending = null;
    this.#error = { reason };
  };

  /**
   * Frees space behind `#end`. Only between reads: a read under way owns its part of the buffer.
   *
   * @throws {ProtocolError} The message needs more than there is memory for.
   */
  #makeRoom(): void {
    if (this.#start === this.#end) {
      this.#empty();
    } else if (this.#end === this.#buffer.length) {
      const size = this.#start > 0 ? this.#buffer.length : this.#buffer.length * 2;
      if (!this.#holds(size)) {
        throw new ProtocolError("Cannot serve you: the server has no memory for the message; try again later");
      }
      const buffer = size === this.#buffer.length ? this.#buffer : new Uint8Array(size);
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#end -= this.#start;
      this.#start = 0;
    }
  }
}
