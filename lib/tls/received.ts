/**
 * Decrypted bytes that wait for a reader. Pure.
 *
 * @module
 */

/**
 * A queue of chunks. Readers copy out of the chunks as they came: `read()` of a Node stream would join them first.
 *
 * @example Usage
 * ```ts
 * import { Received } from "./received.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const received = new Received();
 * received.push(Uint8Array.of(1, 2));
 * received.push(Uint8Array.of(3, 4));
 * const into = new Uint8Array(3);
 * assertEquals([received.take(into), into, received.size], [3, Uint8Array.of(1, 2, 3), 1]);
 * ```
 */
export class Received {
  /** How many bytes wait. */
  size = 0;
  #chunks: Uint8Array[] = [];

  /** @param chunk Belongs to the queue from now on. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.size += chunk.length;
  }

  /** Moves the oldest bytes, as many as fit; returns how many. */
  take(into: Uint8Array): number {
    let taken = 0;
    for (let first; taken < into.length && (first = this.#chunks[0]) !== undefined;) {
      const room = into.length - taken;
      // A view costs more than the copy of a small chunk.
      const part = first.length <= room ? first : first.subarray(0, room);
      into.set(part, taken);
      taken += part.length;
      if (part === first) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(room);
    }
    this.size -= taken;
    return taken;
  }
}
