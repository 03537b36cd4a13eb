/**
 * Which names are allowed; `name_keys.ts` decides when two are the same. Pure.
 *
 * @module
 */

/** The most characters (code points) of a name. */
export const MAX_NAME = 24;

/** A valid name, or why it is not valid. */
export type NameCheck = { readonly name: string } | { readonly problem: string };

/** Letters and digits of any script, emoji, and punctuation without a meaning in the chat's lines. */
const isAllowed = (name: string): boolean => /^[\p{L}\p{M}\p{N}\p{Emoji_Presentation}._'-]+$/u.test(name);
const beginsWell = (name: string): boolean => /^[\p{L}\p{N}\p{Emoji_Presentation}_]/u.test(name);
/**
 * Characters without width (zero-width, fillers), marks stacked until they cover the lines around them, a dot above i or j, and
 * modifier letters, some of which look like the colon that ends a name (Unicode TR 39 3.1).
 */
const hasUnseen = (name: string): boolean =>
  /\p{Default_Ignorable_Code_Point}|(?:(?=\p{M})\p{Script=Inherited}){4}|\p{M}{7}|[ij]\u0307|[\u{16fe0}-\u{16fff}]|(?![\u3005\u303b\u309d\u309e\u30fc-\u30fe])\p{Lm}/iu
    .test(name);
/**
 * Letters that no living language uses: phonetic and historic ones, small capitals. In names they only serve as look-alikes. Allowed
 * are the letters that Unicode TR 39 3.1 (version 15) recommends for identifiers, and some of Hausa, Ewe and Akan.
 */
const hasOutOfUse = (name: string): boolean =>
  /(?![A-Za-z\u00c0-\u0131\u0134-\u0137\u0139-\u017e\u0181\u0186\u0189\u018a\u018f-\u0192\u0194\u0198\u0199\u01a0\u01a1\u01af\u01b0\u01b2-\u01b4\u01cd-\u01e3\u01e6-\u01f5\u01f8-\u021b\u021e\u021f\u0226-\u0233\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u028b\u1e00-\u1eff\u0386-\u03ce\u1f00-\u1fff\u0400-\u045f\u048a-\u0529\u052e\u052f\u0531-\u0586])[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}]/u
    .test(name);
/** A name without any of these. Told apart first: to make the expressions takes a millisecond of a server's start. */
const PLAIN = /^\w[\w.'-]*$/;
/** Scripts in everyday use (Unicode TR 31, table 5); in names, letters of the others only serve as look-alikes. */
const SCRIPTS =
  ("Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada " +
    "Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer Hangul Hiragana Katakana Bopomofo Han Common Inherited")
    .split(" ");
/** Tell a letter of each of them; made when they are first needed. */
let scripts: readonly { readonly script: string; readonly has: RegExp }[] | null = null;
/** Scripts that one name may mix (Unicode TR 39 5.2, "highly restrictive"). */
const TOGETHER = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"].map((scripts) =>
  scripts.split(" ")
);

/**
 * Checks a requested name.
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
  // Typographic apostrophes are apostrophes: O’Brien, Oʻzbek.
  const name = wanted.trim().normalize("NFKC").replace(/[\u2019\u02bb]/g, "'");
  const length = [...name].length;
  if (length === 0) return { problem: "a name has at least one character" };
  if (length > MAX_NAME) return { problem: `a name has at most ${MAX_NAME} characters` };
  if (PLAIN.test(name)) return { name };
  if (!isAllowed(name) || hasUnseen(name)) {
    return { problem: "a name is one word of letters, digits, emoji and . _ ' -" };
  }
  if (!beginsWell(name)) return { problem: "a name begins with a letter, a digit, an emoji or _" };
  if (hasOutOfUse(name) || !isOfOneKind(name)) {
    return { problem: "a name does not mix alphabets whose letters look alike" };
  }
  return { name };
}

/** Whether a name's letters belong to one script in everyday use, or to scripts that may be mixed. */
function isOfOneKind(name: string): boolean {
  const known = scripts ??= SCRIPTS.map((script) => ({ script, has: new RegExp(`\\p{Script=${script}}`, "u") }));
  const mixed = new Set([...name].map((letter) => known.find(({ has }) => has.test(letter))?.script));
  mixed.delete("Common");
  mixed.delete("Inherited");
  if (mixed.has(undefined)) return false;
  return mixed.size <= 1 ||
    TOGETHER.some((together) => [...mixed].every((script) => together.includes(script ?? "")));
}

/** A name without case, width and accents: for finding a typed name, not for detecting look-alikes. */
export function foldName(name: string): string {
  // Upper case first, so that ß and SS, ς and σ fold to the same, as in full case folding (Unicode 3.13).
  return name.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD").replace(ACCENTS, "");
}

/**
 * Marks that decorate a letter without changing which letter it is. The vowel signs of Indic scripts are marks too, but make a
 * different name; so do the two marks that turn kana into other kana.
 */
export const ACCENTS =
  /(?![\u3099\u309a])[\p{Script=Inherited}\p{Script=Common}\p{Script=Hebrew}\p{Script=Arabic}](?<=\p{M})/gu;
