/**
 * The name that somebody may have meant. Pure.
 *
 * It imports nothing, so that `plainwire.ts` starts without an import map.
 *
 * @module
 */

/**
 * The name that is nearest to what was typed, in any case of letters.
 *
 * @returns `null` if none is near: more than a third of the letters, and more than two, would have to change.
 *
 * @example Usage
 * ```ts
 * import { nearest } from "./nearest.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("TPC server", ["tcp server", "tcp client"]), "tcp server");
 * assertEquals(nearest("ftp", ["tcp server", "demo"]), null);
 * ```
 */
export function nearest(typed: string, names: readonly string[]): string | null {
  const given = typed.toLowerCase();
  let [found, least]: [string | null, number] = [null, Math.max(2, given.length / 3)];
  for (const name of names) {
    const distance = edits(given, name);
    if (distance > least || (distance === least && found !== null)) continue;
    [found, least] = [name, distance];
  }
  return found;
}

/** How many characters must be added, removed or replaced to make one text of the other (Levenshtein). */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, char] of [...one].entries()) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at++) {
      const replaced = (row[at] ?? 0) + (char === other[at] ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
