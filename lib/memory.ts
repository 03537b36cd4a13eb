/**
 * One limit on the memory that all connections of a process hold together. Pure.
 *
 * A limit per connection bounds nothing by itself: 10,000 connections times 64 KiB are 625 MiB.
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
  #told = false;

  /**
   * @param limit In bytes; 0 = no limit.
   * @param onFull Called when bytes are refused, and not again before half of the limit is free.
   */
  constructor(limit: number, onFull: () => void = () => {}) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  /** Bytes held at the moment. */
  get used(): number {
    return this.#used;
  }

  /** A part of the budget with an owner, who releases it. */
  share(): MemoryShare {
    return new MemoryShare((bytes) => this.#take(bytes));
  }

  #take(bytes: number): boolean {
    if (bytes > 0 && this.#limit > 0 && this.#used + bytes > this.#limit) {
      if (!this.#told) this.#onFull();
      this.#told = true;
      return false;
    }
    this.#used += bytes;
    if (this.#used <= this.#limit / 2) this.#told = false;
    return true;
  }
}

/** What one owner holds of a {@linkcode MemoryBudget}. */
export class MemoryShare implements Disposable {
  #take: (bytes: number) => boolean;
  #held = 0;
  #over = false;

  /** @param take Takes so many bytes more (or fewer) from the budget; `false` when there are not as many left. */
  constructor(take: (bytes: number) => boolean) {
    this.#take = take;
  }

  /**
   * Holds so many bytes from now on, instead of as many as before.
   *
   * @returns `false` when the budget has no room for them; then nothing changes.
   */
  hold(bytes: number): boolean {
    if (this.#over) return true;
    if (!this.#take(bytes - this.#held)) return false;
    this.#held = bytes;
    return true;
  }

  /** Holds nothing for now. */
  release(): void {
    this.hold(0);
  }

  /** Holds nothing any more. What its owner still takes is on its way out, and is not counted: nobody would give it back. */
  [Symbol.dispose](): void {
    this.release();
    this.#over = true;
  }
}

/**
 * A budget of so many MiB (0 = no limit) that says in the log when it is spent.
 *
 * @param message What it says, where the budget is not that of the whole process.
 */
export function memoryBudget(
  mebibytes: number,
  events: Events,
  message = `All connections together hold ${mebibytes} MiB (--max-memory): ` +
    "until there is room, reads are short and large messages are refused",
): MemoryBudget {
  return new MemoryBudget(mebibytes * 1024 * 1024, () => events.emit({ event: "warning", message }));
}
