/**
 * Reproducible chance: the same seed gives the same numbers on every system. Pure.
 *
 * A decision compares a whole number of 32 bits with a threshold; every operation here is one that IEEE 754 defines to the last bit.
 *
 * @module
 */
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

const RANGE = 2 ** 32;

/**
 * A sequence of random numbers. Each flow has one of its own for each kind of decision, so that no decision shifts the sequence of
 * another and no flow influences another.
 *
 * @example Usage
 * ```ts
 * import { Chance } from "./chance.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const draws = (seed: number): number[] => {
 *   const chance = new Chance(seed, 1, "out loss");
 *   return [chance.draw(), chance.draw()];
 * };
 * assertEquals(draws(7), draws(7));
 * ```
 */
export class Chance {
  #generator: { next(): number };

  /**
   * @param seed 0 to 2³²-1.
   * @param flow The number of the flow or connection; 0 if it belongs to none.
   * @param use What the numbers decide: `out loss`.
   */
  constructor(seed: number, flow: number, use: string) {
    const words = [seed, flow, ...Array.from(use, (letter) => letter.charCodeAt(0))];
    // Neighbouring seeds would start the generator with similar numbers, so each word of its state is a hash of everything.
    const state = [1, 2, 3, 4].map((lane) => hash(lane, words));
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** A number from 0 to 2³²-1. */
  draw(): number {
    return this.#generator.next() >>> 0;
  }

  /** A number from 0 up to, but not including, 1. One draw. */
  share(): number {
    return this.draw() / RANGE;
  }

  /** Whether something with this probability (0 to 1) happens. One draw. */
  happens(share: number): boolean {
    return this.draw() < share * RANGE;
  }

  /** A whole number from 0 up to, but not including, `below`. One draw. */
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
 * Losses in bursts, after Gilbert (1960): a Markov chain with a good state, in which everything passes, and a bad one, in which nothing
 * does.
 */
export class Losses {
  #chance: Chance;
  /** Whether the last packet was lost; `null` before the first. */
  #bad: boolean | null = null;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /**
   * Whether the next packet is lost. One draw.
   *
   * @param loss The share that is lost in the long run.
   * @param burst The mean number of losses in a row; 1 = losses are independent.
   */
  next(loss: number, burst: number): boolean {
    this.#bad = this.#chance.happens(this.#share(loss, burst));
    return this.#bad;
  }

  #share(loss: number, burst: number): number {
    if (burst === 1 || this.#bad === null) return loss;
    // A burst ends with probability 1 / burst, and begins just often enough that a share of `loss` lies in bursts.
    return this.#bad ? 1 - 1 / burst : loss / ((1 - loss) * burst);
  }
}

/** The 32-bit MurmurHash3 of some words. */
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
