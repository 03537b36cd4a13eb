/**
 * Seeded choices, of which inputs are made.
 *
 * @module
 */
import { Chance } from "../../../lib/faults/chance.ts";

/** Numbers at which code that counts bytes goes wrong. */
const LIMITS = [0, 1, 2, 3, 15, 16, 17, 125, 126, 127, 128, 199, 200, 201, 255, 256, 400, 401, 1023, 1024, 4095, 4096];

/** Makes choices; the same seed and name make the same ones. */
export class Draw {
  readonly #chance: Chance;

  /** @param name A target: each has a sequence of its own. */
  constructor(seed: number, name: string) {
    this.#chance = new Chance(seed, 0, name);
  }

  /** A whole number from 0 up to, but not including, `below`. */
  below(below: number): number {
    return this.#chance.below(below);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether something with this probability (0 to 1) happens. */
  happens(share: number): boolean {
    return this.#chance.happens(share);
  }

  /** One of the items; there must be one. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A length: small most of the time, sometimes near one at which code changes its way, rarely up to `most`. */
  size(most: number): number {
    const kind = this.below(16);
    if (kind < 11) return Math.min(most, this.below(24));
    if (kind < 14) return Math.min(most, this.pick(LIMITS));
    if (kind === 14) return Math.max(0, most - this.below(3));
    return this.below(most + 1);
  }

  /** Any bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** The result of one of the makers, `times` times, in a row. */
  some(least: number, most: number, make: () => string): string {
    let text = "";
    for (let left = this.between(least, most); left > 0; left--) text += make();
    return text;
  }
}
