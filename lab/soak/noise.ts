/**
 * Bytes by chance. Pure.
 *
 * @module
 */
import type { Chance } from "../../lib/faults/chance.ts";

/** Random bytes, four a draw. */
export function noise(chance: Chance, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    const word = chance.draw();
    for (let byte = 0; byte < 4; byte++) bytes[at + byte] = word >>> (8 * byte);
  }
  return bytes;
}
