/**
 * The chance of the checks: the same numbers for the same seed and check. Pure.
 *
 * @module
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/**
 * Numbers from 0 to 1, by a seed and a name: what one check draws does not depend on which others are run.
 *
 * @example Usage
 * ```ts
 * import { chanceOf } from "./chance.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(chanceOf(7, "split")(), chanceOf(7, "split")());
 * ```
 */
export function chanceOf(seed: number, name: string): () => number {
  let hash = seed | 0;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  const generator = xoroshiro128plus(hash);
  return () => uniformFloat64(generator);
}
