/**
 * The traffic of connections, in figures for people.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { milliseconds } from "./text.ts";
import { SYSTEM_TIME, type TimeSource } from "./time.ts";

/** Counters of bytes; a connection has them. */
export interface Counted {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * Makes figures out of counters.
 *
 * @example Usage
 * ```ts
 * import { Traffic } from "./traffic.ts";
 * import { assertMatch } from "@std/assert";
 *
 * const traffic = new Traffic(() => ({ bytesIn: 5, bytesOut: 2000 }));
 * assertMatch(traffic.total(), /^2 kB out, 5 B in, \S+ ms, .*B\/s$/);
 * ```
 */
export class Traffic {
  #count: () => Counted;
  #time: TimeSource;
  #started: number;
  #ended: number | null = null;
  #last: { readonly at: number; readonly bytes: number };

  /** @param count Returns the current totals. */
  constructor(count: () => Counted, time: TimeSource = SYSTEM_TIME) {
    this.#count = count;
    this.#time = time;
    this.#started = time.now();
    this.#last = { at: this.#started, bytes: this.#bytes };
  }

  get #bytes(): number {
    const { bytesIn, bytesOut } = this.#count();
    return bytesIn + bytesOut;
  }

  get #sums(): string {
    const { bytesIn, bytesOut } = this.#count();
    return `${formatBytes(bytesOut)} out, ${formatBytes(bytesIn)} in`;
  }

  /** The totals so far, and the rate since the last call. */
  now(): string {
    const { at, bytes } = this.#last;
    this.#last = { at: this.#time.now(), bytes: this.#bytes };
    return `${this.#sums}, ${rate(this.#last.bytes - bytes, this.#last.at - at)}`;
  }

  /** Ends the time that counts, until the next call: what follows may be only a wait. */
  end(): void {
    this.#ended = this.#time.now();
  }

  /** The totals, the time that it took, and the average rate. */
  total(): string {
    const duration = (this.#ended ?? this.#time.now()) - this.#started;
    return `${this.#sums}, ${milliseconds(duration)}, ${rate(this.#bytes, duration)}`;
  }
}

function rate(bytes: number, ms: number): string {
  return `${formatBytes(ms > 0 ? bytes / ms * 1000 : 0)}/s`;
}
