/**
 * Round-trip times in constant memory. Pure.
 *
 * @module
 */

/** Each histogram bucket is 1 % wider than the one before it: percentiles are accurate to 1 %. */
const GROWTH = Math.log(1.01);
/** The shortest time that is distinguished (ms). */
const SHORTEST = 0.001;

/**
 * Collects times and reports min, avg, max and percentiles.
 *
 * @example Usage
 * ```ts
 * import { LatencyStats } from "./stats.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const times = new LatencyStats();
 * for (const time of [1, 2, 3]) times.add(time);
 * assertEquals([times.count, times.min, times.average, times.max], [3, 1, 2, 3]);
 * ```
 */
export class LatencyStats {
  #buckets = new Map<number, number>();
  #sum = 0;
  /** How many times were added. */
  count = 0;
  /** The shortest; `Infinity` when there is none. */
  min = Infinity;
  /** The longest; 0 when there is none. */
  max = 0;

  /** Adds one time in milliseconds. */
  add(time: number): void {
    this.count++;
    this.#sum += time;
    this.min = Math.min(this.min, time);
    this.max = Math.max(this.max, time);
    const bucket = Math.ceil(Math.log(Math.max(time, SHORTEST) / SHORTEST) / GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  /** The mean; `NaN` when there is none. */
  get average(): number {
    return this.#sum / this.count;
  }

  /** The time that the given share (0 to 1) of all times does not exceed. */
  percentile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(this.max, Math.max(this.min, SHORTEST * Math.exp(bucket * GROWTH)));
    }
    return this.max;
  }

  /** Adds everything that another instance has collected. */
  merge(other: LatencyStats): void {
    this.count += other.count;
    this.#sum += other.#sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const [bucket, count] of other.#buckets) this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
  }
}
