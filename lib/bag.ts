/**
 * Who is there, where many come and go.
 *
 * @module
 */

/**
 * Things in no order, each with a place of its own.
 *
 * A `Set` could do the same. But V8 makes a new table for it every so many comings and goings, and the tables that were left behind
 * keep each other and all that was in them alive until the next full collection: a server of short connections spends a tenth of its
 * time on copying the dead.
 *
 * @example Usage
 * ```ts
 * import { Bag } from "./bag.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bag = new Bag<string>();
 * const place = bag.add("alice");
 * bag.add("bob");
 * bag.remove(place);
 * assertEquals([bag.size, [...bag]], [1, ["bob"]]);
 * ```
 */
export class Bag<T> {
  #items: (T | undefined)[] = [];
  #free: number[] = [];

  /** How many are there. */
  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Adds one; returns its place, which {@linkcode Bag.remove} wants to have. */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#items.length;
    this.#items[place] = item;
    return place;
  }

  /** Removes what is at a place; only once, since somebody else gets the place next. */
  remove(place: number): void {
    this.#items[place] = undefined;
    this.#free.push(place);
  }

  /** All that are there; they may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const item of this.#items) {
      if (item !== undefined) yield item;
    }
  }
}
