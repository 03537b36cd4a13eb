/**
 * When two names count as the same: when readers of the chat could not tell them apart. Pure.
 *
 * @module
 */
import { ACCENTS, foldName } from "./names.ts";
import { CONFUSABLES } from "./confusables.ts";

/** Roles: names that only the operator may use, and so all that reads as one of them (see {@linkcode isReservedName}). */
export const RESERVED_NAMES: readonly string[] = [
  ...[
    "server",
    "operator",
    "admin",
    "administrator",
    "sysadmin",
    "sysop",
    "system",
    "service",
    "moderator",
    "mod",
    "root",
  ],
  ...["host", "owner", "staff", "support"],
];
/** Words that leave a role what it is: `the-admin`, `chat_server`. */
const WITH_ROLES = ["the", "chat", "room"];
/** What passes for a letter in a role, besides what its key already is: digits for letters, and letters of living languages. */
const PASSES_FOR: Readonly<Record<string, string>> = {
  ...{ a: "(?:ae|[a4])", b: "[b8]", e: "[e3\ua793\u01dd]", g: "[g9]", n: "[n\u014b]", o: "(?:oe|[o\u0254])" },
  ...{ s: "[s5\u00df]", t: "[t7]", v: "[vu]" },
};
/** The key of `guest-N`: 0 and 1 become the letters they look like, and `-` is not compared. */
const GUEST = /^guest[\p{N}ol]*$/u;
const NUMBER_AFTER = /[\p{N}\p{P}]+$/u;
const NUMBER_BEFORE = /^[\p{N}\p{P}]+/u;
/** Matches the key of a reserved name; made on the first lookup. */
let reserved: RegExp | null = null;

/**
 * Look-alikes missing from `confusables.txt`. It lists only the capital of `i` as looking like `l`, but case is ignored here. Names may
 * mix Han strokes, Bopomofo and (conjoining) Hangul letters with Latin ones. And þ and ĸ pass for p and k.
 */
const MORE: ReadonlyMap<string, string> = new Map([
  ...[["i", "l"], ["þ", "p"], ["ĸ", "k"], ["丨", "l"], ["亅", "l"], ["工", "l"], ["ㄧ", "l"]] as const,
  ...[["丁", "t"], ["ㄒ", "t"], ["\u116e", "t"], ["ㄚ", "y"]] as const,
  // Regional indicators, which make up flags: some terminals show them as letters.
  ...Array.from("abcdefghijklmnopqrstuvwxyz", (letter, at) => [String.fromCodePoint(0x1f1e6 + at), letter] as const),
]);
/** Only letters, digits, marks and emoji are compared. */
const NOT_COMPARED = /[^\p{L}\p{N}\p{M}\p{Emoji_Presentation}]/gu;

/** Each look-alike with the letters it stands for; built from the table on the first lookup. */
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
 * The keys of a name: it without case, width, accents and punctuation, and with one letter for all that look alike (the skeletons of
 * Unicode TR 39 4). Two names are the same when they share a key.
 *
 * A name can have several, since letters may look alike in one case only: Greek `ΜΑΧ` looks like `MAX`, but `μαχ` like nothing else;
 * Armenian `հսցօ` like `hugo`, but `ՀՍՑՕ` like nothing else; Greek `Τυνα` like `Tuva` only in this mix of cases. So a name is compared
 * as written, in lower case and in upper case.
 * A single key would have to merge letters that look alike in either case, and then their look-alikes in turn: `ν` looks like `v` and,
 * through its capital, like `n`, so `v` would equal `n`.
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
  // The name is all punctuation.
  return keys.size === 0 ? [foldName(name)] : [...keys];
}

/** Whether a name with these keys looks like `guest-N`, the names that the room assigns. */
export function isGuestName(keys: readonly string[]): boolean {
  return keys.some((key) => GUEST.test(key));
}

/**
 * Whether a name passes for a reserved one: roles and nothing else, in the singular or plural, with a number before or after it (the
 * operators of a shared room have these), with letters doubled, and with digits for letters.
 *
 * So `5erver`, `Serverr`, `server-admin` and `the_mods` are reserved; a word that only contains a role, such as `modest`, is not.
 *
 * @example Usage
 * ```ts
 * import { isReservedName } from "./name_keys.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["Adm1n-007", "serveŕ", "Adminah"].filter(isReservedName), ["Adm1n-007", "serveŕ"]);
 * ```
 */
export function isReservedName(name: string): boolean {
  const pattern = reserved ??= reservedPattern();
  const unnumbered = name.replace(NUMBER_AFTER, "");
  // A digit at the start is a number or a letter: 2admins, 0perator.
  const readings = new Set([name, unnumbered, unnumbered.replace(NUMBER_BEFORE, "")]);
  return [...readings].some((reading) => nameKeys(reading).some((key) => pattern.test(key)));
}

function reservedPattern(): RegExp {
  const anyOf = (words: readonly string[]): string => words.flatMap(patternsOf).join("|");
  return new RegExp(`^(?:${anyOf(WITH_ROLES)})*(?:(?:${anyOf(RESERVED_NAMES)})s?)+$`, "u");
}

/** Patterns for a word in which each letter may come more often than it does, as what passes for it. But `mood` is not `mod`. */
function patternsOf(word: string): string[] {
  const orMore = word.length > 3 ? "," : "";
  const stretched = (run: string, letter: string): string => `${PASSES_FOR[letter] ?? letter}{${run.length}${orMore}}`;
  return nameKeys(word).map((key) => key.replace(/(.)\1*/gu, stretched));
}

function keyOf(letters: string): string {
  // Twice: a capital may look like a letter whose lower case has look-alikes of its own, as M becomes m and then rn.
  return skeleton(skeleton(letters).toLowerCase()).replaceAll("vv", "w");
}

function skeleton(text: string): string {
  const table = lookAlikes ??= readTable();
  const letters = text.normalize("NFKD").replace(ACCENTS, "");
  const alike = Array.from(letters, (letter) => table.get(letter) ?? letter).join("").normalize("NFKD");
  const plain = alike.replace(ACCENTS, "").replace(NOT_COMPARED, "");
  return Array.from(plain, (letter) => MORE.get(letter) ?? letter).join("");
}
