/**
 * Bytes that were received and not yet taken. Pure.
 *
 * @module
 */

import { NOTHING } from "./syntax.ts";

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

  /** How many bytes nobody has taken. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Makes what is left outlive the next read. Call it before the read. */
  keep(): void {
    const { left } = this;
    if (left > 0 && this.bytes.buffer !== this.#own.buffer) this.#grow(left);
    else if (left === 0) this.bytes = NOTHING;
    if (left === 0) this.at = 0;
  }

  /** Adds what was read; a view of the reader's buffer, which is not copied when nothing was left. */
  add(piece: Uint8Array): void {
    const { left, at } = this;
    if (left === 0) {
      this.bytes = piece;
      this.at = 0;
      return;
    }
    const end = at + left;
    if (end + piece.length > this.#own.length) this.#grow((left + piece.length) * 2);
    this.#own.set(piece, this.at + left);
    this.bytes = this.#own.subarray(0, this.at + left + piece.length);
  }

  /** Moves what is left to the start of a buffer of our own, with room for at least `size` bytes. */
  #grow(size: number): void {
    const { left } = this;
    const larger = new Uint8Array(Math.max(size, 1024));
    larger.set(this.bytes.subarray(this.at));
    this.#own = larger;
    this.bytes = larger.subarray(0, left);
    this.at = 0;
  }
}
