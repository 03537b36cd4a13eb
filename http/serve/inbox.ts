/**
 * Bytes that were received but not yet parsed. Pure.
 *
 * @module
 */
import type { Holding } from "../request/holding.ts";
import { NOTHING } from "../request/syntax.ts";

/** A buffer up to this size is not counted against the memory limit, and is kept once allocated. */
const SMALL = 8192;

/**
 * Works on the reader's buffer while no bytes are left over from one read to the next, which is nearly always. Bytes left over are
 * copied once to a buffer of the inbox, which then grows.
 */
export class Inbox {
  /** All bytes, including parsed ones at the front. */
  bytes: Uint8Array = NOTHING;
  /** The offset of the first byte that is not parsed yet. */
  at = 0;
  #own: Uint8Array = NOTHING;
  #holding: Holding | null;

  /** @param holding Counts the buffer when it is large; not shared. */
  constructor(holding: Holding | null = null) {
    this.#holding = holding;
  }

  /** The number of bytes that are not parsed yet. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /**
   * Makes the remaining bytes outlive the next read. Call it before the read.
   *
   * @throws {Refusal} 503: the memory limit is reached.
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
   * Adds received bytes: a view of the reader's buffer, which is copied only if other bytes remain.
   *
   * @throws {Refusal} 503: the memory limit is reached.
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

  /** Releases the buffer and drops the remaining bytes. */
  release(): void {
    this.bytes = this.#own = NOTHING;
    this.at = 0;
    this.#holding?.release();
  }

  /** Moves the remaining bytes to the start of a new buffer with room for at least `size` bytes. */
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

/** Twice the length, but not beyond the uncounted size if that suffices. */
function roomFor(length: number): number {
  return length <= SMALL ? Math.min(length * 2, SMALL) : length * 2;
}

function counted(length: number): number {
  return length > SMALL ? length : 0;
}
