/**
 * What a name may be, and when two names are the same. Pure.
 *
 * @module
 */

/** The most characters (code points) of a name. */
export const MAX_NAME = 24;

/** A name that may be used, or why it may not. */
export type NameCheck = { readonly name: string } | { readonly problem: string };

/** Names that only the person at the server may have. */
export const RESERVED_NAMES: readonly string[] = ["server", "operator"];

/** Letters and digits of any script, emoji, and marks that no line of the chat gives a meaning to. */
const ALLOWED = /^[\p{L}\p{M}\p{N}\p{Emoji_Presentation}._'-]+$/u;
const FIRST = /^[\p{L}\p{N}\p{Emoji_Presentation}_]/u;
/** Characters that take no room (zero-width, fillers), and marks piled up until they cover the lines around. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}|\p{M}{4}/u;
/** Alphabets with letters that look alike: `аlice` with a Cyrillic а is not alice (Unicode TR 39 5.1). */
const LOOK_ALIKE = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];

/**
 * Checks a name that somebody wants.
 *
 * @param wanted What was typed.
 * @returns The name in its compatibility form (Unicode NFKC: `Ａlice` is written `Alice`), or the problem as the end of a sentence.
 *
 * @example Usage
 * ```ts
 * import { checkName } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkName("Zoë"), { name: "Zoë" });
 * assertEquals(checkName("a b"), { problem: "a name is one word of letters, digits, emoji and . _ ' -" });
 * ```
 */
export function checkName(wanted: string): NameCheck {
  const name = wanted.trim().normalize("NFKC");
  const length = [...name].length;
  if (length === 0) return { problem: "a name has at least one character" };
  if (length > MAX_NAME) return { problem: `a name has at most ${MAX_NAME} characters` };
  if (!ALLOWED.test(name) || UNSEEN.test(name)) {
    return { problem: "a name is one word of letters, digits, emoji and . _ ' -" };
  }
  if (!FIRST.test(name)) return { problem: "a name begins with a letter, a digit, an emoji or _" };
  if (LOOK_ALIKE.filter((script) => script.test(name)).length > 1) {
    return { problem: "a name does not mix alphabets whose letters look alike" };
  }
  return { name };
}

/**
 * What two names have in common when they are the same but for case and width.
 *
 * @example Usage
 * ```ts
 * import { nameKey } from "./names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nameKey("ＡLICE"), nameKey("alice"));
 * ```
 */
export function nameKey(name: string): string {
  // Upper case first: ß and SS, ς and σ then fold to the same, as full case folding does (Unicode 3.13).
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}
