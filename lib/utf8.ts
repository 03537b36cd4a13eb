/**
 * Where characters begin and end in bytes (RFC 3629). Pure.
 *
 * @module
 */

/**
 * The length of the UTF-8 sequence at an index.
 *
 * @returns 1 to 4, also where the bytes end before the sequence does and are right so far; 0 if it is invalid.
 *
 * @example Usage
 * ```ts
 * import { sequenceLength } from "./utf8.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = Uint8Array.of(0xc3, 0xa9, 0xff, 0xe2, 0x82); // é, a byte that is none, and two thirds of €
 * assertEquals([0, 2, 3].map((at) => sequenceLength(bytes, at)), [2, 0, 3]);
 * ```
 */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const end = Math.min(at + length, bytes.length);
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next] ?? 0;
    // The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF (RFC 3629 4).
    const second = next === at + 1;
    const low = second && lead === 0xe0 ? 0xa0 : second && lead === 0xf0 ? 0x90 : 0x80;
    const high = second && lead === 0xed ? 0x9f : second && lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

/** Whether a byte goes on with a character that an earlier one began. */
export function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * Where a character begins that the end of the bytes cuts, so that its rest may still arrive; the end itself if it cuts none.
 *
 * @example Usage
 * ```ts
 * import { cutStart } from "./utf8.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cutStart(Uint8Array.of(0x68, 0xc3)), 1); // first half of é
 * assertEquals(cutStart(Uint8Array.of(0x68, 0xc3, 0xa9)), 3);
 * ```
 */
export function cutStart(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let at = length - 1; at >= Math.max(0, length - 3); at--) {
    if (isContinuation(bytes[at])) continue;
    return at + sequenceLength(bytes, at) > length ? at : length;
  }
  return length;
}

/** Whether the bytes end inside a character, so that its rest may still arrive. */
export function endsInsideCharacter(bytes: Uint8Array): boolean {
  return cutStart(bytes) < bytes.length;
}
