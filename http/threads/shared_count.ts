/**
 * The open connections of all workers, counted against one limit.
 *
 * @module
 */
import type { Slots } from "../../lib/stream/admission.ts";

/** Memory for so many counts, to be shared with the workers. */
export function countMemory(counts: number): SharedArrayBuffer {
  return new SharedArrayBuffer(counts * Int32Array.BYTES_PER_ELEMENT);
}

/** Counts 1, 2, 3 … together with all who count in the same memory. */
export function countedIn(memory: SharedArrayBuffer): () => number {
  const last = new Int32Array(memory);
  return () => Atomics.add(last, 0, 1) + 1;
}

/**
 * One worker's view of the counts: it writes its own and reads all. Two workers that take the last place in the same instant are
 * both turned away; the limit is never passed.
 *
 * @example Usage
 * ```ts
 * import { SharedSlots, countMemory } from "./shared_count.ts";
 * import { assert } from "@std/assert";
 *
 * const memory = countMemory(2);
 * const [one, two] = [new SharedSlots(memory, 0, 1), new SharedSlots(memory, 1, 1)];
 * assert(one.take() && !two.take());
 * one.free();
 * assert(two.take());
 * ```
 */
export class SharedSlots implements Slots {
  #counts: Int32Array;
  #index: number;
  #limit: number;

  constructor(memory: SharedArrayBuffer, index: number, limit: number) {
    this.#counts = new Int32Array(memory);
    this.#index = index;
    this.#limit = limit;
  }

  take(): boolean {
    Atomics.add(this.#counts, this.#index, 1);
    let open = 0;
    for (let index = 0; index < this.#counts.length; index++) open += Atomics.load(this.#counts, index);
    if (open <= this.#limit) return true;
    this.free();
    return false;
  }

  free(): void {
    Atomics.sub(this.#counts, this.#index, 1);
  }

  /** Gives back what a worker that died had taken. */
  clear(): void {
    Atomics.store(this.#counts, this.#index, 0);
  }
}
