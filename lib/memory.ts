/**
 * One memory limit for all connections of a process. Pure.
 *
 * A limit per connection is no bound by itself: 10,000 connections times 64 KiB are 625 MiB.
 *
 * @module
 */

import type { Events } from "./events.ts";

/**
 * Counts bytes against a limit.
 *
 * @example Usage
 * ```ts
 * import { MemoryBudget } from "./memory.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new MemoryBudget(100);
 * const [one, two] = [budget.share(), budget.share()];
 * assertEquals([one.hold(60), two.hold(60)], [true, false]);
 * one.release();
 * assertEquals([two.hold(60), budget.used], [true, 60]);
 * ```
 */
export class MemoryBudget {
  #limit: number;
  #onFull: () => void;
  #used = 0;
  #reported = false;

  /**
   * @param limit In bytes; 0 = no limit.
   * @param onFull Called when bytes are refused, and not again until half of the limit is free.
   */
  constructor(limit: number, onFull: () => void = () => {}) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  /** Bytes currently held. */
  get used(): number {
    return this.#used;
  }

  /** A share of the budget; its owner releases it. */
  share(): MemoryShare {
    return new MemoryShare(this.#take);
  }

  /** The same for all shares: thousands of connections have one each. */
  #take = (bytes: number): boolean => {
    if (bytes > 0 && this.#limit > 0 && this.#used + bytes > this.#limit) {
      if (!this.#reported) this.#onFull();
      this.#reported = true;
      return false;
    }
    this.#used += bytes;
    if (this.#used <= this.#limit / 2) this.#reported = false;
    return true;
  };
}

/** What one owner holds of a {@linkcode MemoryBudget}. */
export class MemoryShare implements Disposable {
  #take: (bytes: number) => boolean;
  #held = 0;
  #over = false;

  /** @param take Takes bytes from the budget (negative: returns them); `false` if too few are left. */
  constructor(take: (bytes: number) => boolean) {
    this.#take = take;
  }

  /**
   * Changes the number of bytes held.
   *
   * @returns `false` if the budget has no room; nothing changes then.
   */
  hold(bytes: number): boolean {
    if (this.#over) return true;
    if (!this.#take(bytes - this.#held)) return false;
    this.#held = bytes;
    return true;
  }

  /** Returns all bytes; the share can be used again. */
  release(): void {
    this.hold(0);
  }

  /** Releases for good. What the owner still takes while shutting down is not counted, since nothing would release it. */
  [Symbol.dispose](): void {
    this.release();
    this.#over = true;
  }
}

/**
 * A budget in MiB (0 = no limit) that logs a warning when it is exhausted.
 *
 * @param message The warning, if the budget is not for the whole process.
 */
export function memoryBudget(
  mebibytes: number,
  events: Events,
  message = `All connections together hold ${mebibytes} MiB (--max-memory): ` +
    "until there is room, reads are short and large messages are refused",
): MemoryBudget {
  return new MemoryBudget(mebibytes * 1024 * 1024, () => events.emit({ event: "warning", message }));
}
