/**
 * Bounded memory. Pure.
 *
 * @module
 */

/** Makes room in a map for one more: the oldest entries go, those that were put in first. */
export function forgetOldest<K, V>(map: Map<K, V>, most: number, onForget: (value: V) => void = () => {}): void {
  for (const [key, value] of map) {
    if (map.size < most) return;
    map.delete(key);
    onForget(value);
  }
}
