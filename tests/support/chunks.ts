/**
 * The same bytes in every way that a stream can deliver them.
 *
 * @module
 */
import type { ByteSource } from "../../lib/reader.ts";

/** Delivers these pieces, one per read, then the end; a piece that does not fit continues in the next read. */
export function sourceOf(pieces: readonly Uint8Array[]): ByteSource {
  const queue = pieces.filter((piece) => piece.length > 0);
  return {
    read(into) {
      const piece = queue.shift();
      if (piece === undefined) return Promise.resolve(null);
      const count = Math.min(piece.length, into.length);
      into.set(piece.subarray(0, count));
      if (count < piece.length) queue.unshift(piece.subarray(count));
      return Promise.resolve(count);
    },
  };
}

/** The bytes whole, one at a time, and split in two at every index. */
export function* everyWay(bytes: Uint8Array): Generator<{ name: string; pieces: Uint8Array[] }> {
  yield { name: "whole", pieces: [bytes] };
  yield { name: "byte by byte", pieces: Array.from(bytes, (byte) => Uint8Array.of(byte)) };
  for (let index = 1; index < bytes.length; index++) {
    yield { name: `split at ${index}`, pieces: [bytes.subarray(0, index), bytes.subarray(index)] };
  }
}

/** One array with the bytes of all. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
