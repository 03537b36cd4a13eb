/**
 * What one connection holds of the memory that all connections share. Pure.
 *
 * @module
 */
import type { MemoryBudget, MemoryShare } from "../../lib/memory.ts";
import { outOfMemory } from "./refusal.ts";

/** Counts the large buffers of one owner. Costs nothing until there is one. */
export class Holding {
  #budget: MemoryBudget;
  #share: MemoryShare | null = null;
  #bytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Holds so many bytes more; fewer, when the number is negative.
   *
   * @throws {Refusal} 503: all connections together hold as much as they may. Nothing has changed then.
   */
  add(bytes: number): void {
    if (!this.tryAdd(bytes)) throw outOfMemory();
  }

  /** As {@linkcode Holding.add}, but says `false` where there is no memory. */
  tryAdd(bytes: number): boolean {
    if (bytes === 0) return true;
    this.#share ??= this.#budget.share();
    if (!this.#share.hold(this.#bytes + bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Gives everything back. */
  release(): void {
    if (this.#bytes === 0) return;
    this.#share?.release();
    this.#bytes = 0;
  }
}

/**
 * Allocates a buffer, or grows one in place: the old bytes are freed at once, not when the collector comes by.
 *
 * @param old Owned by the caller; detached afterwards, as are the views of it.
 * @throws {Refusal} 503: the system has no memory (`ulimit -d`, a container's limit).
 */
export function grown(old: ArrayBuffer | null, size: number): ArrayBuffer {
  try {
    return old === null ? new ArrayBuffer(size) : old.transfer(size);
  } catch (error) {
    if (error instanceof RangeError) throw outOfMemory();
    throw error;
  }
}
