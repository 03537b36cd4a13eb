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
/**
 * Characters that take no room (zero-width, fillers), marks piled up until they cover the lines around, a dot above what has one, and
 * letters that are signs: some look like the colon that ends a name (Unicode TR 39 3.1).
 */
const UNSEEN =
  /\p{Default_Ignorable_Code_Point}|\p{M}{4}|[ij]\u0307|[\u{16fe0}-\u{16fff}]|(?![\u3005\u303b\u309d\u309e\u30fc-\u30fe])\p{Lm}/iu;
/** Letters of phonetic alphabets, small capitals and their like: they look as others do. */
const PHONETIC =
  /[\u0180-\u0183\u018d\u01c0-\u01c3\u0250-\u02af\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f\u{10780}-\u{107bf}\u{1df00}-\u{1dfff}]/u;
/** Scripts in everyday use (Unicode TR 31, table 5); letters of others are to be found nowhere but in look-alikes. */
const SCRIPTS =
  ("Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada " +
    "Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer Hangul Hiragana Katakana Bopomofo Han Common Inherited")
    .split(" ").map((script) => ({ script, has: new RegExp(`\\p{Script=${script}}`, "u") }));
/** Scripts that are written together (Unicode TR 39 5.2, "highly restrictive"). */
const TOGETHER = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"].map((scripts) =>
  scripts.split(" ")
);
/** Letters that look like a Latin one, which stands for them when names are compared (Unicode TR 39 4). */
const LIKE: ReadonlyMap<string, string> = new Map(
  "аa еe оo рp сc уy хx іi јj ѕs ԁd ӏi һh ԛq ԝw кk мm тt вb нh гr αa εe οo ρp ιi νv υu κk τt χx ηn 0o 1i li".split(" ")
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

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
  if (PHONETIC.test(name) || !isOfOneKind(name)) {
    return { problem: "a name does not mix alphabets whose letters look alike" };
  }
  return { name };
}

/** Whether a name's letters are of one script in everyday use, or of some that are written together. */
function isOfOneKind(name: string): boolean {
  const scripts = new Set([...name].map((letter) => SCRIPTS.find(({ has }) => has.test(letter))?.script));
  scripts.delete("Common");
  scripts.delete("Inherited");
  if (scripts.has(undefined)) return false;
  return scripts.size <= 1 ||
    TOGETHER.some((together) => [...scripts].every((script) => together.includes(script ?? "")));
}

/**
 * What two names have in common when they are the same but for case, width and letters that look alike.
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
  const folded = name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
  return [...folded].map((letter) => LIKE.get(letter) ?? letter).join("");
}
