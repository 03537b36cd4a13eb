/**
 * The numbered messages of a comparison: a line of text with its number at both ends, so that damage shows. Pure.
 *
 * @module
 */
import { decodeText, encodeText } from "../../lib/text.ts";

/** The most messages of a run, and the fewest bytes of one: room for such a number twice. */
export const [MAX_COUNT, MIN_SIZE] = [10_000, 16];

/**
 * Encodes a message.
 *
 * @param number From 1 to {@linkcode MAX_COUNT}.
 * @param size Its length in bytes including the newline, at least {@linkcode MIN_SIZE}.
 *
 * @example Usage
 * ```ts
 * import { encodeMessage, numberOf } from "./message.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeMessage(42, 16);
 * assertEquals(new TextDecoder().decode(bytes), "42 ......... 42\n");
 * assertEquals(numberOf(bytes, 16), 42);
 * ```
 */
export function encodeMessage(number: number, size: number): Uint8Array<ArrayBuffer> {
  const [head, tail] = [`${number} `, ` ${number}\n`];
  return encodeText(head + tail.padStart(size - head.length, "."));
}

/** The number of a message that arrived; `null` if it is damaged. */
export function numberOf(bytes: Uint8Array, size: number): number | null {
  if (bytes.length !== size) return null;
  const [, first, last] = /^(\d{1,5}) \.* (\d{1,5})\n$/.exec(decodeText(bytes)) ?? [];
  return first !== undefined && first === last ? Number(first) : null;
}
