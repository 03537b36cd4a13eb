/**
 * `chat/names.ts` and `chat/name_keys.ts`: which names are allowed, and which are the same.
 *
 * @module
 */
import { checkName, foldName, MAX_NAME } from "../../../chat/names.ts";
import { isGuestName, isReservedName, nameKeys, RESERVED_NAMES } from "../../../chat/name_keys.ts";
import { decodeText, escapeControls } from "../../../lib/text.ts";
import { utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, same, type Target } from "../engine/target.ts";

/** What must be in no name: it would change the lines around it, or the meaning of its own. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Z}\p{Cs}\p{Co}:,*~#+=/()<>&"@\\]|\p{M}{7}/u;

function checkAccepted(name: string): void {
  same(checkName(name), { name }, "a name that was accepted is a name");
  const { length } = [...name];
  holds(length >= 1 && length <= MAX_NAME, "a name has 1 to 24 characters", () => String(length));
  holds(!HARMFUL.test(name), "a name has nothing that changes a line", () => JSON.stringify(name));
  same(escapeControls(name), name, "a name is printed as it is");
  holds(name.isWellFormed(), "a name can be encoded");
  same(name.normalize("NFKC"), name, "a name is in its compatibility form");
  const keys = nameKeys(name);
  holds(keys.length > 0 && keys.every((key) => key !== ""), "a name has a key");
  for (const other of [name.toUpperCase(), name.toLowerCase(), name.normalize("NFD")]) {
    const checked = checkName(other);
    if (!("name" in checked)) continue;
    const shared = nameKeys(checked.name).some((key) => keys.includes(key));
    holds(
      shared,
      "a name is the same in capitals, small letters and parts",
      () => `${JSON.stringify(name)}, ${JSON.stringify(other)}`,
    );
  }
  same(foldName(foldName(name)), foldName(name), "what is folded stays as it is");
  isGuestName(keys);
  isReservedName(name);
  for (const reserved of RESERVED_NAMES) {
    // Whoever writes a reserved name, in whatever case or width, does not get it.
    if (foldName(name) === reserved) {
      holds(isReservedName(name), "a reserved name is refused", () => JSON.stringify(name));
    }
  }
}

const LETTERS = [
  "a",
  "B",
  "ß",
  "é",
  "e\u0301",
  "ı",
  "İ",
  "Ａ",
  "ﬁ",
  "ё",
  "Ж",
  "α",
  "Ω",
  "ς",
  "名",
  "か",
  "が",
  "カ",
  "ｶﾞ",
  "한",
  "ㄱ",
  "ا",
  "ש",
  "क",
  "कि",
  "ก",
  "ა",
  "Ⅷ",
  "①",
  "1",
  "_",
  ".",
  "-",
  "'",
  "’",
  "ʻ",
  "😀",
  "👩‍👩‍👧",
  "🇩🇪",
  "server",
  "admin",
  "guest-",
  "rn",
  "vv",
  "\u0301",
  "\u200d",
  "\u00ad",
  "\u115f",
  "ʰ",
  "ｓｅｒｖｅｒ",
  "𝐬",
  "l",
  "I",
  "0",
  "O",
  " ",
  ":",
  "\u202e",
  "\ufe0f",
];

function make(draw: Draw): Uint8Array {
  const most = draw.happens(0.8) ? 5 : 26;
  return utf8(draw.some(1, most, () => {
    if (draw.happens(0.85)) return draw.pick(LETTERS);
    return String.fromCodePoint(draw.happens(0.8) ? draw.between(32, 0xd7ff) : draw.between(0x10000, 0x1ffff));
  }));
}

export const names: Target = {
  name: "names",
  what: "which names a chat allows, and which of them are the same",
  max: 400,
  seeds: [
    "alice",
    "Zoë",
    "O’Brien",
    "ＡＢＣ",
    "名前",
    "guest-12",
    "server",
    "x".repeat(24),
    "x".repeat(25),
    "😀",
    "",
    " a ",
    "a b",
  ].map(utf8),
  words: LETTERS.map(utf8),
  make,
  check(input) {
    for (const text of [decodeText(input), fromCodeUnits(input)]) {
      const checked = checkName(text);
      if ("name" in checked) checkAccepted(checked.name);
      else holds(/^a name [^\n]+$/.test(checked.problem), "a problem is the end of a sentence", () => checked.problem);
      // Whatever is typed after a command is looked up.
      holds(foldName(text) !== undefined && nameKeys(text).length > 0, "every text has a key");
    }
  },
};

/** UTF-16 as it comes: half surrogate pairs too, which JSON can bring. */
function fromCodeUnits(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 1 < Math.min(bytes.length, 60); at += 2) {
    text += String.fromCharCode((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
  }
  return text;
}
