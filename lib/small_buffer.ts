/**
 * Small buffers, of which a server with thousands of connections has thousands. Pure.
 *
 * @module
 */

/** What they are cut from, in bytes; it stays as long as one of them is in use. */
const PIECE = 4096;
/** A larger one gets memory of its own. */
const SMALL = PIECE / 4;

/** For whoever has no bytes yet: a view of its own takes 100 bytes. */
export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

let piece = new Uint8Array(0);
let taken = 0;

/**
 * A new buffer of zero bytes. Up to 1 KiB it is cut from a piece that others share: an `ArrayBuffer` of its own takes 300 bytes more.
 * Nothing is cut twice from a piece, so a view of an old buffer never shows another connection's bytes.
 *
 * @example Usage
 * ```ts
 * import { smallBuffer } from "./small_buffer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, other] = [smallBuffer(256), smallBuffer(256)];
 * one.fill(1);
 * assertEquals(other, new Uint8Array(256));
 * ```
 */
export function smallBuffer(size: number): Uint8Array<ArrayBuffer> {
  if (size > SMALL) return new Uint8Array(size);
  if (taken + size > piece.length) [piece, taken] = [new Uint8Array(PIECE), 0];
  return piece.subarray(taken, taken += size);
}
