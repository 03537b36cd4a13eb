/**
 * A collection for items that come and go often.
 *
 * @module
 */

/**
 * An unordered collection in which each item has a slot.
 *
 * Why not a `Set`: V8 rehashes it into a new table again and again as items come and go, and the discarded tables keep each other and
 * their contents alive until the next full garbage collection. A server of short connections then spends a tenth of its time copying
 * dead entries.
 *
 * @example Usage
 * ```ts
 * import { Bag } from "./bag.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bag = new Bag<string>();
 * const slot = bag.add("alice");
 * bag.add("bob");
 * bag.remove(slot);
 * assertEquals([bag.size, [...bag]], [1, ["bob"]]);
 * ```
 */
export class Bag<T> {
  #items: (T | undefined)[] = [];
  #free: number[] = [];

  /** The number of items. */
  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Adds an item and returns its slot, the argument of {@linkcode Bag.remove}. */
  add(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  /** Removes the item in a slot. Call it once per item: the slot is reused. */
  remove(slot: number): void {
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }

  /** Iterates over all items; they may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const item of this.#items) {
      if (item !== undefined) yield item;
    }
  }
}
