/**
 * Where a capture's bytes go: a file, or memory. Pure.
 *
 * @module
 */

/** Takes bytes without copying them: they are written where they stay. `FileOutput` is one. */
export interface Space {
  /** Space to fill, at least `length` bytes; it holds old bytes, and is valid until the next call. */
  reserve(length: number): Uint8Array<ArrayBuffer>;
  /** Takes the first `length` bytes of the reserved space. */
  commit(length: number): void;
}

/**
 * Keeps bytes in memory until they are taken.
 *
 * @example Usage
 * ```ts
 * import { Memory } from "./space.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory();
 * memory.reserve(4).set([1, 2]);
 * memory.commit(2);
 * assertEquals(memory.take(), Uint8Array.of(1, 2));
 * assertEquals(memory.take().length, 0);
 * ```
 */
export class Memory implements Space {
  #buffer = new Uint8Array(1024);
  #length = 0;

  reserve(length: number): Uint8Array<ArrayBuffer> {
    const needed = this.#length + length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    return this.#buffer.subarray(this.#length);
  }

  commit(length: number): void {
    this.#length += length;
  }

  /** A copy of what was committed since the last call. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}
