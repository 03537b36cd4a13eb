/**
 * The timestamps of capture files. Pure.
 *
 * @module
 */

/** The unit of an interface's timestamps. */
export interface Clock {
  /** How many units a millisecond has. */
  readonly perMs: number;
  /** Milliseconds to add. */
  readonly offset: number;
}

/**
 * The clock of an `if_tsresol` option: a negative power of 10 or, with the highest bit set, of 2.
 *
 * @param resolution One byte.
 * @param offset The seconds of the `if_tsoffset` option.
 */
export function clockOf(resolution: number, offset: number): Clock {
  const exponent = resolution & 0x7f;
  const perSecond = (resolution & 0x80) === 0 ? 10 ** exponent : 2 ** exponent;
  return { perMs: perSecond / 1000, offset: offset * 1000 };
}

/**
 * Converts a timestamp of 64 bits to milliseconds. It has more digits than a number holds, so it is divided in parts.
 *
 * @example Usage
 * ```ts
 * import { clockOf, millisecondsOf } from "./time.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const ns = 1_795_953_600_123_456_789n;
 * assertEquals(millisecondsOf(Number(ns >> 32n), Number(ns & 0xffffffffn), clockOf(9, 0)), 1_795_953_600_123.456_789);
 * ```
 */
export function millisecondsOf(high: number, low: number, { perMs, offset }: Clock): number {
  const upper = high * 0x10000 + Math.floor(low / 0x10000);
  const whole = Math.floor(upper / perMs);
  const rest = (upper - whole * perMs) * 0x10000 + (low % 0x10000);
  return whole * 0x10000 + rest / perMs + offset;
}
