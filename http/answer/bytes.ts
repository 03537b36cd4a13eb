/**
 * Gathers answers for a single write. Pure.
 *
 * @module
 */
import type { Holding } from "../request/holding.ts";

/** ASCII text, one byte per character; as bytes if it is encoded once and sent often. */
export type Ascii = string | Uint8Array;

const ENCODER = new TextEncoder();

/** Encodes ASCII text; do it once for text that is sent often. */
export function ascii(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** How many bytes of answers may be queued before they are written: a client that sends requests but does not read fills no memory. */
const FULL = 64 * 1024;
/** The size up to which a buffer grows for a body; larger bodies are written without a copy. */
const MAX_SIZE = FULL * 2;
/** A buffer of this size is not counted against the memory limit. */
const INITIAL_SIZE = 8 * 1024;
/** Up to this length, storing the characters of a string one by one is faster than calling the encoder. */
const SHORT = 64;

/** Queued answers in one buffer: a separate write for each would cost more than making them. */
export class AnswerBytes {
  #buffer = new Uint8Array(INITIAL_SIZE);
  #length = 0;
  /** The last result of {@linkcode AnswerBytes.take}: successive answers of one length need no new view. */
  #taken = this.#buffer.subarray(0, 0);
  #holding: Holding | null;
  /** Whether it has grown beyond the memory limit, uncounted: a head must be written in any case. */
  #overLimit = false;

  /** @param holding Counts the buffer once it has grown; not shared. */
  constructor(holding: Holding | null = null) {
    this.#holding = holding;
  }

  /** The number of queued bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether to write now; earlier if the memory limit is reached. */
  get full(): boolean {
    return this.#length >= FULL || (this.#overLimit && this.#length >= INITIAL_SIZE);
  }

  /** Whether to keep it for reuse: not if it has grown large. */
  get reusable(): boolean {
    return this.#buffer.length <= MAX_SIZE && !this.#overLimit;
  }

  /** Makes room for more bytes; `false` if they are too many to copy, or the memory limit is reached. */
  fits(more: number): boolean {
    const size = this.#length + more;
    if (size <= this.#buffer.length) return true;
    return size <= MAX_SIZE && this.#grow(size);
  }

  /** Releases the buffer; add nothing after that. */
  free(): void {
    this.#holding?.release();
  }

  /**
   * Adds text.
   *
   * @throws {TypeError} It is not ASCII: it would exceed its announced length, and its tail would be read as the next answer.
   */
  text(text: Ascii): void {
    if (typeof text !== "string") return this.bytes(text);
    this.#reserve(text.length);
    const ascii = text.length <= SHORT ? this.#store(text) : this.#encode(text);
    if (!ascii) throw new TypeError("Cannot send the text: it is not ASCII");
    this.#length += text.length;
  }

  /** Adds bytes. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Takes all queued bytes: a view that is valid until something is added. */
  take(): Uint8Array {
    if (this.#taken.length !== this.#length) this.#taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return this.#taken;
  }

  /** The bytes queued after the first `start`: a view that is valid until something is added. */
  from(start: number): Uint8Array {
    return this.#buffer.subarray(start, this.#length);
  }

  /** Drops the bytes queued after the first `start`. */
  cut(start: number): void {
    this.#length = start;
  }

  #store(text: string): boolean {
    let all = 0;
    for (let index = 0, at = this.#length; index < text.length; index++) {
      const code = text.charCodeAt(index);
      all |= code;
      this.#buffer[at++] = code;
    }
    return all < 0x80;
  }

  #encode(text: string): boolean {
    const { read } = ENCODER.encodeInto(text, this.#buffer.subarray(this.#length, this.#length + text.length));
    return read === text.length;
  }

  #reserve(more: number): void {
    const size = this.#length + more;
    if (size <= this.#buffer.length || this.#grow(size)) return;
    this.#overLimit = true;
    this.#replace(size);
  }

  /** Grows to at least `size`, if the memory limit allows it. */
  #grow(size: number): boolean {
    const length = Math.max(this.#buffer.length * 2, size);
    const counted = this.#buffer.length > INITIAL_SIZE ? this.#buffer.length : 0;
    if (this.#overLimit || this.#holding?.tryAdd(length - counted) === false) return false;
    this.#replace(length);
    return true;
  }

  #replace(length: number): void {
    const larger = new Uint8Array(length);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#taken = larger.subarray(0, 0);
  }
}
