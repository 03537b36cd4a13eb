/**
 * A queue of bytes. Pure.
 *
 * @module
 */

const FIRST_SIZE = 1024;

/**
 * Bytes that are appended at the end and dropped from the front.
 *
 * @example Usage
 * ```ts
 * import { ByteQueue } from "./byte_queue.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new ByteQueue();
 * queue.push(Uint8Array.of(1, 2, 3), 2); // keeps two of them
 * queue.drop(1);
 * assertEquals([queue.bytes, queue.length], [Uint8Array.of(2), 2]);
 * ```
 */
export class ByteQueue {
  #buffer = new Uint8Array(FIRST_SIZE);
  #start = 0;
  #end = 0;
  /** How many bytes came after the last one that was kept. */
  #lost = 0;

  /** How many bytes there are, with those that were not kept. */
  get length(): number {
    return this.#end - this.#start + this.#lost;
  }

  /** The bytes that were kept; a view, valid until the next change. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /**
   * Appends a copy of the bytes.
   *
   * @param max How many to keep in all; the rest is only counted.
   */
  push(bytes: Uint8Array, max: number): void {
    const room = this.#lost > 0 ? 0 : Math.max(0, max - (this.#end - this.#start));
    const kept = bytes.subarray(0, room);
    this.#lost += bytes.length - kept.length;
    if (this.#end + kept.length > this.#buffer.length) this.#makeRoom(kept.length);
    this.#buffer.set(kept, this.#end);
    this.#end += kept.length;
  }

  /** Drops bytes from the front. */
  drop(count: number): void {
    const kept = Math.min(count, this.#end - this.#start);
    this.#start += kept;
    this.#lost -= Math.min(this.#lost, count - kept);
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #makeRoom(count: number): void {
    const size = this.#end - this.#start;
    const buffer = size + count > this.#buffer.length / 2
      ? new Uint8Array(Math.max(FIRST_SIZE, 2 * (size + count)))
      : this.#buffer;
    // The same buffer: the bytes move to its front.
    buffer.set(this.bytes);
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = size;
  }
}
