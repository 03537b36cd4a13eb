/**
 * One connection's share of the memory that all connections may hold together. Pure.
 *
 * @module
 */
import type { MemoryBudget, MemoryShare } from "../../lib/memory.ts";
import { outOfMemory } from "./refusal.ts";

/** Counts the large buffers of one owner against the limit. Costs nothing until there is one. */
export class Holding {
  #budget: MemoryBudget;
  #share: MemoryShare | null = null;
  #bytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** The number of bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds to the bytes held, or releases some if the number is negative.
   *
   * @throws {Refusal} 503: the memory limit of all connections is reached; the count is unchanged.
   */
  add(bytes: number): void {
    if (!this.tryAdd(bytes)) throw outOfMemory();
  }

  /** Like {@linkcode Holding.add}, but returns `false` if the limit is reached. */
  tryAdd(bytes: number): boolean {
    if (bytes === 0) return true;
    this.#share ??= this.#budget.share();
    if (!this.#share.hold(this.#bytes + bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Releases everything. */
  release(): void {
    if (this.#bytes === 0) return;
    this.#share?.release();
    this.#bytes = 0;
  }
}

/**
 * Allocates a buffer, or grows one in place: the old memory is freed at once, not at the next garbage collection.
 *
 * @param old Owned by the caller; detached afterwards, as are the views of it.
 * @throws {Refusal} 503: the system is out of memory (`ulimit -d`, a container's limit).
 */
export function growBuffer(old: ArrayBuffer | null, size: number): ArrayBuffer {
  try {
    return old === null ? new ArrayBuffer(size) : old.transfer(size);
  } catch (error) {
    if (error instanceof RangeError) throw outOfMemory();
    throw error;
  }
}
