/**
 * Bounded memory. Pure.
 *
 * @module
 */

/**
 * A map with a limit: a new entry beyond it takes the place of the oldest. An entry that is deleted and set again counts as new.
 *
 * @example Usage
 * ```ts
 * import { BoundedMap } from "./bounded_map.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const forgotten: string[] = [];
 * const map = new BoundedMap<number, string>(2, (_, value) => forgotten.push(value));
 * map.set(1, "one").set(2, "two").set(3, "three");
 * assertEquals([[...map.keys()], forgotten], [[2, 3], ["one"]]);
 * ```
 */
export class BoundedMap<K, V> extends Map<K, V> {
  #most: number;
  #onForget: (key: K, value: V) => void;
  /** Goes from the oldest entry on. A new iterator would step over what was deleted before, again and again. */
  #oldest: MapIterator<[K, V]> | null = null;
  /** New entries since it moved. While it stands still it keeps every table alive that the map has outgrown. */
  #still = 0;

  /**
   * @param most The most entries.
   * @param onForget Takes an entry that has given way, and is no longer in the map.
   */
  constructor(most: number, onForget: (key: K, value: V) => void = () => {}) {
    super();
    this.#most = most;
    this.#onForget = onForget;
  }

  override set(key: K, value: V): this {
    if (!this.has(key)) {
      while (this.size >= this.#most) this.#forget();
      if (++this.#still > this.#most) this.#oldest = null;
    }
    return super.set(key, value);
  }

  #forget(): void {
    this.#oldest ??= this.entries();
    this.#still = 0;
    const { done, value } = this.#oldest.next();
    if (done === true) {
      this.#oldest = null;
      return;
    }
    const [key, forgotten] = value;
    this.delete(key);
    this.#onForget(key, forgotten);
  }
}
