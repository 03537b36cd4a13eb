/**
 * When two names are the same: a reader of the chat could not tell them apart. Pure.
 *
 * @module
 */
import { ACCENTS, foldName } from "./names.ts";
import { CONFUSABLES } from "./confusables.ts";

/** Names that only the person at the server may have. */
export const RESERVED_NAMES: readonly string[] = ["server", "operator", "admin", "system", "moderator"];
/** `guest-N`, as its key looks: 0 and 1 look like letters, and `-` is not compared. */
const GUEST = /^guest[\p{N}ol]*$/u;

/**
 * What `confusables.txt` leaves out. There, only the capital of `i` looks like `l`, but case does not count here; Han strokes, Bopomofo
 * and Hangul letters (in their conjoining form) may stand beside Latin ones; and þ and ĸ pass for p and k.
 */
const MORE: ReadonlyMap<string, string> = new Map([
  ...[["i", "l"], ["þ", "p"], ["ĸ", "k"], ["丨", "l"], ["亅", "l"], ["工", "l"], ["ㄧ", "l"]] as const,
  ...[["丁", "t"], ["ㄒ", "t"], ["\u116e", "t"], ["ㄚ", "y"]] as const,
  // Flags are made of these, and some terminals show them as letters.
  ...Array.from("abcdefghijklmnopqrstuvwxyz", (letter, at) => [String.fromCodePoint(0x1f1e6 + at), letter] as const),
]);
/** Whatever is no letter, digit, mark or emoji is not compared. */
const NOT_COMPARED = /[^\p{L}\p{N}\p{M}\p{Emoji_Presentation}]/gu;

/** Letters by those that look like them; made of the table when the first name is looked up. */
let lookAlikes: ReadonlyMap<string, string> | null = null;

function readTable(): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const group of CONFUSABLES.trim().split(/\s/)) {
    const [target = "", sources = ""] = group.split("=");
    const letters = target.split("+").map(fromHex).join("");
    for (const source of sources.split(",")) map.set(fromHex(source), letters);
  }
  return map;
}

function fromHex(code: string): string {
  return String.fromCodePoint(parseInt(code, 16));
}

/**
 * What names have in common that are the same but for case, width, accents, punctuation and letters that look alike (the skeletons of
 * Unicode TR 39 4). Two names are the same when they share a key.
 *
 * There can be several, since letters may look alike in one case and not in the other: Greek `ΜΑΧ` looks like `MAX`, `μαχ` like nothing
 * else; Armenian `հսցօ` like `hugo`, `ՀՍՑՕ` like nothing else; Greek `Τυνα` like `Tuva` in this mixture alone. So a name is compared as
 * it is written, in small letters and in capitals.
 * One key for all of that would have to call everything the same that looks the same in either case, and then what looks like that: `ν`
 * like `v` and, through its capital, like `n`, hence `v` like `n`.
 *
 * @returns The keys, one for most names.
 *
 * @example Usage
 * ```ts
 * import { nameKeys } from "./name_keys.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nameKeys("Änna."), ["anna"]);
 * assertEquals(nameKeys("ΖΟΕ"), ["zoe", "ζoꞓ"]);
 * assertEquals(nameKeys("Marie"), nameKeys("rnarie"));
 * ```
 */
export function nameKeys(name: string): readonly string[] {
  const letters = name.normalize("NFKD");
  const capitals = letters.toUpperCase();
  const keys = new Set([letters, capitals, capitals.toLowerCase()].map(keyOf));
  keys.delete("");
  // Nothing but punctuation, then.
  return keys.size === 0 ? [foldName(name)] : [...keys];
}

/** Tells whether keys are those of a name that looks like `guest-N`, which the room itself gives. */
export function isGuestName(keys: readonly string[]): boolean {
  return keys.some((key) => GUEST.test(key));
}

function keyOf(letters: string): string {
  // Twice: what a capital looks like may be a letter that looks like others when it is small, as M for m and rn.
  return skeleton(skeleton(letters).toLowerCase()).replaceAll("vv", "w");
}

function skeleton(text: string): string {
  const table = lookAlikes ??= readTable();
  const letters = text.normalize("NFKD").replace(ACCENTS, "");
  const alike = Array.from(letters, (letter) => table.get(letter) ?? letter).join("").normalize("NFKD");
  const plain = alike.replace(ACCENTS, "").replace(NOT_COMPARED, "");
  return Array.from(plain, (letter) => MORE.get(letter) ?? letter).join("");
}
