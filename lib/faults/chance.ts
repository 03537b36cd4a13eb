/**
 * Chance that repeats itself: the same numbers for the same seed, on every system. Pure.
 *
 * Decisions compare a whole number of 32 bits with a threshold. Only operations are used whose results IEEE 754 fixes to the last bit.
 *
 * @module
 */
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

const RANGE = 2 ** 32;

/**
 * What one kind of decision about one flow and direction draws from. Each has its own sequence, so that the decisions of one kind never
 * shift those of another, and flows never influence each other.
 *
 * @example Usage
 * ```ts
 * import { Chance } from "./chance.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const draws = (seed: number): number[] => {
 *   const chance = new Chance(seed, 1, "out", "loss");
 *   return [chance.draw(), chance.draw()];
 * };
 * assertEquals(draws(7), draws(7));
 * ```
 */
export class Chance {
  #generator: { next(): number };

  /**
   * @param seed 0 to 2³²-1.
   * @param flow The number of the flow or connection.
   * @param kind What is decided.
   */
  constructor(seed: number, flow: number, direction: "out" | "in", kind: string) {
    const words = [seed, flow, ...`${direction} ${kind}`].map((word) =>
      typeof word === "number" ? word : word.charCodeAt(0)
    );
    // The generator's first numbers for near seeds are alike: each word of its state is a hash of everything.
    const state = [1, 2, 3, 4].map((lane) => hash(lane, words));
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** A number from 0 to 2³²-1. */
  draw(): number {
    return this.#generator.next() >>> 0;
  }

  /** Whether something happens that has this share (0 to 1). One draw. */
  happens(share: number): boolean {
    return this.draw() < share * RANGE;
  }

  /** A whole number from 0 up to, not including, `below`. One draw. */
  below(below: number): number {
    return Math.floor(this.draw() * below / RANGE);
  }

  /** A time from `-most` to `most` (ms), to the microsecond. One draw. */
  spread(most: number): number {
    const micros = Math.round(most * 1000);
    return (this.below(2 * micros + 1) - micros) / 1000;
  }
}

/**
 * Losses in bursts, after Gilbert (1960): a chain with a good state, in which everything passes, and a bad one, in which nothing does.
 */
export class Losses {
  #chance: Chance;
  /** Whether the last one was lost; `null` before the first. */
  #bad: boolean | null = null;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /**
   * Whether the next one is lost. One draw.
   *
   * @param loss The share that is lost in the long run.
   * @param burst How many are lost in a row, on average; 1 = each is lost or not by itself.
   */
  next(loss: number, burst: number): boolean {
    this.#bad = this.#chance.happens(this.#share(loss, burst));
    return this.#bad;
  }

  #share(loss: number, burst: number): number {
    if (burst === 1 || this.#bad === null) return loss;
    // A burst ends with the chance 1 / burst; it begins so often that `loss` are in one.
    return this.#bad ? 1 - 1 / burst : loss / ((1 - loss) * burst);
  }
}

/** MurmurHash3 (32 bits) of some words. */
function hash(seed: number, words: readonly number[]): number {
  let hash = seed;
  for (const word of words) {
    const mixed = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = Math.imul(rotated(hash ^ mixed, 13), 5) + 0xe6546b64 | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}

function rotated(word: number, bits: number): number {
  return word << bits | word >>> 32 - bits;
}
