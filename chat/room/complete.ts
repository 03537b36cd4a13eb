/**
 * Tab completion for a line of chat. Pure.
 *
 * @module
 */
import { foldName } from "../names.ts";

/**
 * Completes a command at the start of the line, or a name anywhere.
 *
 * @param typed The line up to the cursor.
 * @param names The members.
 * @param commands Without their slash.
 * @returns The candidates for the last word, and that word, as `node:readline` expects them.
 *
 * @example Usage
 * ```ts
 * import { completions } from "./complete.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(completions("/w", ["alice"], ["who", "nick"]), [["/who "], "/w"]);
 * assertEquals(completions("al", ["alice"], ["who"]), [["alice: "], "al"]);
 * assertEquals(completions("/msg al", ["alice"], ["msg"]), [["alice "], "al"]);
 * ```
 */
export function completions(
  typed: string,
  names: readonly string[],
  commands: readonly string[],
): [string[], string] {
  if (/^\/\S*$/u.test(typed)) {
    return [commands.map((name) => `/${name} `).filter((command) => command.startsWith(typed)), typed];
  }
  const part = /\S*$/u.exec(typed)?.[0] ?? "";
  const end = part === typed ? ": " : " ";
  const key = foldName(part);
  return [names.filter((name) => foldName(name).startsWith(key)).sort().map((name) => name + end), part];
}
