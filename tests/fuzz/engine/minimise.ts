/**
 * Makes a failing input as short and as plain as it gets, while it still fails.
 *
 * @module
 */
import { concat } from "./bytes.ts";

/** What to put in the place of a byte, the plainest first. */
const PLAIN = [0x61, 0x30, 0x20, 0x0a, 0];

/**
 * Shortens an input by ever smaller pieces, then makes its bytes plain (after Zeller, "Simplifying and Isolating Failure-Inducing Input").
 *
 * @param fails Whether an input fails in the same way.
 * @param most The most inputs that are tried.
 */
export async function minimise(
  input: Uint8Array,
  fails: (input: Uint8Array) => boolean | Promise<boolean>,
  most = 3000,
): Promise<Uint8Array> {
  let tries = 0;
  let best = input;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (tries++ >= most || !await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let before = -1; before !== best.length && tries < most;) {
    before = best.length;
    for (
      let size = Math.ceil(best.length / 2);
      size >= 1 && tries < most;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let at = 0; at < best.length && tries < most;) {
        const shorter = concat([best.subarray(0, at), best.subarray(at + size)]);
        if (!await attempt(shorter)) at += size;
      }
    }
  }
  for (let at = 0; at < best.length && tries < most; at++) {
    for (const byte of PLAIN) {
      if (best[at] === byte) break;
      const plainer = best.slice();
      plainer[at] = byte;
      if (await attempt(plainer)) break;
    }
  }
  return best;
}
