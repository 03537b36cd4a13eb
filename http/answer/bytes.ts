/**
 * Answers on their way into one write. Pure.
 *
 * @module
 */
import type { Holding } from "../request/holding.ts";

/** ASCII text, a byte per character; as bytes where it is made once and sent again and again. */
export type Ascii = string | Uint8Array;

const ENCODER = new TextEncoder();

/** Encodes text that is sent often, once. */
export function ascii(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** How many bytes of answers may wait before they are written: a client that sends requests and reads nothing fills no memory. */
const FULL = 64 * 1024;
/** The most that a buffer grows to for a body; what is larger is written as it is. */
const LARGEST = FULL * 2;
/** A buffer of this size is not counted. */
const FIRST_OUTBOX = 8 * 1024;
/** Up to this length, storing the characters of a string one by one is quicker than calling the encoder. */
const SHORT = 64;

/** Answers that wait to be written, all in one piece: a write for each would cost more than making them. */
export class AnswerBytes {
  #buffer = new Uint8Array(FIRST_OUTBOX);
  #length = 0;
  /** What {@linkcode AnswerBytes.take} gave last: answers of one length after another need no new view. */
  #taken = this.#buffer.subarray(0, 0);
  #holding: Holding | null;
  /** Whether it has grown without being counted, since a head has to go somewhere. */
  #overdrawn = false;

  /** @param holding Counts the buffer where it has grown; used by nobody else. */
  constructor(holding: Holding | null = null) {
    this.#holding = holding;
  }

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** Whether it is time to write; sooner where memory is short. */
  get full(): boolean {
    return this.#length >= FULL || (this.#overdrawn && this.#length >= FIRST_OUTBOX);
  }

  /** Whether it is worth keeping: one that has grown much is not. */
  get reusable(): boolean {
    return this.#buffer.length <= LARGEST && !this.#overdrawn;
  }

  /** Makes room for so many bytes more; `false` where they are too many to be copied, or there is no memory for them. */
  fits(more: number): boolean {
    const size = this.#length + more;
    if (size <= this.#buffer.length) return true;
    return size <= LARGEST && this.#grow(size);
  }

  /** Gives the buffer back; nothing may be added after that. */
  free(): void {
    this.#holding?.release();
  }

  /**
   * Adds text.
   *
   * @throws {TypeError} It is not ASCII: it would be longer than it was said to be, and its tail would be taken for the next answer.
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

  /** All that waits: a view, valid until something is added. */
  take(): Uint8Array {
    if (this.#taken.length !== this.#length) this.#taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return this.#taken;
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
    this.#overdrawn = true;
    this.#replace(size);
  }

  /** Grows to `size` at least, if there is memory for it. */
  #grow(size: number): boolean {
    const length = Math.max(this.#buffer.length * 2, size);
    const counted = this.#buffer.length > FIRST_OUTBOX ? this.#buffer.length : 0;
    if (this.#overdrawn || this.#holding?.tryAdd(length - counted) === false) return false;
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
