/**
 * Counts the open connections of all workers against one limit.
 *
 * @module
 */
import type { Slots } from "../../lib/stream/admission.ts";

/** Allocates counters, to be shared with the workers. */
export function sharedCounts(counts: number): SharedArrayBuffer {
  return new SharedArrayBuffer(counts * Int32Array.BYTES_PER_ELEMENT);
}

/** Returns 1, 2, 3 … in turn, over all threads that share the memory. */
export function sharedCounter(memory: SharedArrayBuffer): () => number {
  const last = new Int32Array(memory);
  return () => Atomics.add(last, 0, 1) + 1;
}

/**
 * One worker's view of the counters: it writes its own and reads all. If two workers take the last slot at the same instant, both may
 * be refused; the limit is never exceeded.
 *
 * @example Usage
 * ```ts
 * import { SharedSlots, sharedCounts } from "./shared_count.ts";
 * import { assert } from "@std/assert";
 *
 * const memory = sharedCounts(2);
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

  /** Frees all slots of a worker that died. */
  clear(): void {
    Atomics.store(this.#counts, this.#index, 0);
  }
}
