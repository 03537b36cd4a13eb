/**
 * Bytes that were received and not yet taken. Pure.
 *
 * @module
 */
import type { Holding } from "../request/holding.ts";
import { NOTHING } from "../request/syntax.ts";

/** A buffer up to this size is not counted, and stays where it is once made. */
const SMALL = 8192;

/**
 * Works on the socket's own buffer as long as nothing is left over from one read to the next, which is nearly always; what is left
 * over is copied, once, and grows there.
 */
export class Inbox {
  /** All that is there; what was taken is in front. */
  bytes: Uint8Array = NOTHING;
  /** Where the part begins that was not taken yet. */
  at = 0;
  #own: Uint8Array = NOTHING;
  #holding: Holding | null;

  /** @param holding Counts the buffer where it is large; used by nobody else. */
  constructor(holding: Holding | null = null) {
    this.#holding = holding;
  }

  /** How many bytes nobody has taken. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /**
   * Makes what is left outlive the next read. Call it before the read.
   *
   * @throws {Refusal} 503: there is no memory for it.
   */
  keep(): void {
    const { left } = this;
    if (left > 0) {
      if (this.bytes.buffer !== this.#own.buffer) this.#grow(left);
      return;
    }
    this.bytes = NOTHING;
    this.at = 0;
    if (this.#own.length > SMALL) this.release();
  }

  /**
   * Adds what was read; a view of the reader's buffer, which is not copied when nothing was left.
   *
   * @throws {Refusal} 503: there is no memory for it.
   */
  add(piece: Uint8Array): void {
    const { left, at } = this;
    if (left === 0) {
      this.bytes = piece;
      this.at = 0;
      return;
    }
    const end = at + left;
    if (end + piece.length > this.#own.length) this.#grow(roomFor(left + piece.length));
    this.#own.set(piece, this.at + left);
    this.bytes = this.#own.subarray(0, this.at + left + piece.length);
  }

  /** Gives the buffer back; what is left in it is gone. */
  release(): void {
    this.bytes = this.#own = NOTHING;
    this.at = 0;
    this.#holding?.release();
  }

  /** Moves what is left to the start of a buffer of our own, with room for at least `size` bytes. */
  #grow(size: number): void {
    const { left } = this;
    const length = Math.max(size, 1024);
    this.#holding?.add(counted(length) - counted(this.#own.length));
    const larger = new Uint8Array(length);
    larger.set(this.bytes.subarray(this.at));
    this.#own = larger;
    this.bytes = larger.subarray(0, left);
    this.at = 0;
  }
}

/** Twice as much, but no more than goes without counting where that will do. */
function roomFor(length: number): number {
  return length <= SMALL ? Math.min(length * 2, SMALL) : length * 2;
}

function counted(length: number): number {
  return length > SMALL ? length : 0;
}
