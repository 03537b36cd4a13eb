/**
 * What a shared room reads from its broker: `chat/shared/lines/entry_json.ts` and `chat/shared/others/others_json.ts`.
 *
 * @module
 */
import { checkName } from "../../../chat/names.ts";
import { actionLine, chatLine, noticeLine } from "../../../chat/protocol.ts";
import { MAX_TEXT } from "../../../chat/shared/broker/json.ts";
import { decodeEntry, encodeEntry } from "../../../chat/shared/lines/entry_json.ts";
import {
  decodeNews,
  decodePage,
  decodeQuestion,
  decodeReply,
  encode,
  PAGE,
} from "../../../chat/shared/others/others_json.ts";
import { utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, same, type Target } from "../engine/target.ts";

const CONTROL = /[^\P{Cc}\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Every text in a value, with the key under which it is. */
function* textsIn(value: unknown, key = ""): Generator<[key: string, text: string]> {
  if (typeof value === "string") yield [key, value];
  else if (Array.isArray(value)) {
    holds(value.length <= PAGE, "a list has no more members than a page", () => String(value.length));
    for (const each of value) yield* textsIn(each, key);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) yield* textsIn(each, name);
  }
}

const NAME_KEYS = ["name", "drop", "to"];

function checkDecoded(value: unknown): void {
  for (const [key, text] of textsIn(value)) {
    holds(text.length <= MAX_TEXT, "a text is within its limit", () => `${key}: ${text.length}`);
    holds(text.isWellFormed(), "a text can be encoded", () => key);
    if (NAME_KEYS.includes(key)) same(checkName(text), { name: text }, "a name is a name");
    if (["at", "server", "from", "session", "id"].includes(key)) {
      holds(/^[!-~]+$/.test(text), "what a server calls itself can be printed", () => JSON.stringify(text));
    }
  }
}

function checkEntry(input: Uint8Array): void {
  const signed = decodeEntry(input);
  if (signed === null) return;
  checkDecoded(signed);
  same(decodeEntry(encodeEntry(signed)), signed, "an entry that is written again is the same");
  const { entry } = signed;
  const lines = entry.kind === "said"
    ? [chatLine(entry.name, entry.text)]
    : entry.kind === "did"
    ? [actionLine(entry.name, entry.text)]
    : [noticeLine(`${entry.name} ${entry.kind}`)];
  for (const line of lines) {
    holds(!CONTROL.test(line), "an entry makes a line that can be printed", () => JSON.stringify(line));
  }
}

const ID = "a".repeat(22), SESSION = "s".repeat(43);
const SEEDS = [
  { v: 1, server: "192.0.2.1:23456", kind: "said", name: "alice", text: "hello" },
  { v: 1, server: "h", kind: "did", name: "Zoë", text: "waves\t\u001b[2J" },
  { v: 1, server: "h", kind: "joined", name: "alice" },
  { v: 1, server: "h", kind: "left", name: "alice", why: "quit" },
  { v: 1, server: "h", kind: "renamed", name: "alice", to: "bob" },
  { v: 1, from: ID, at: "h:1", version: 7, kind: "beat", count: 3 },
  {
    v: 1,
    from: ID,
    at: "h:1",
    version: 7,
    kind: "change",
    add: [{ name: "alice", session: SESSION }],
    drop: ["guest-1"],
  },
  { v: 1, from: ID, at: "h:1", version: 0, page: 0, pages: 1, members: [{ name: "bob", session: null }] },
  { v: 1, ask: "who" },
  { v: 1, ask: "tell", to: "bob", name: "alice", at: "h:1", text: "psst" },
  { v: 1, ask: "order", name: "bob", order: { kind: "ban", minutes: 10 } },
  {
    v: 1,
    ask: "spread",
    bans: [{ kind: "ban", id: "192.0.2.0/24", name: null, left: 1000 }],
    expel: true,
    late: false,
  },
  { v: 1, ask: "lift", kind: "mute", word: "bob" },
  { v: 1, ask: "moved", name: "bob", session: SESSION },
  { v: 1, from: ID, said: "done", bans: [] },
];
const VALUES: readonly unknown[] = [
  "alice",
  "Ａlice",
  " alice",
  "* alice",
  "a b",
  "",
  "\ud800",
  "x".repeat(300),
  null,
  true,
  0,
  -1,
  1.5,
  1e400,
  [],
  {},
  [null],
  ["a", 1],
  "said",
  "left",
  2 ** 53,
  "\u202e",
];

function make(draw: Draw): Uint8Array {
  const fields: Record<string, unknown> = structuredClone(draw.pick(SEEDS));
  const keys = Object.keys(fields);
  for (let left = draw.below(3); left > 0; left--) {
    const key = draw.happens(0.8) ? draw.pick(keys) : draw.pick(["text", "__proto__", "to", "why", "constructor"]);
    fields[key] = draw.happens(0.004)
      ? "a".repeat(65_536 + draw.between(-1, 2))
      : draw.pick([...VALUES, draw.pick(Object.values(draw.pick(SEEDS)))]);
  }
  if (draw.happens(0.1)) {
    for (const key of keys) {
      if (Array.isArray(fields[key])) fields[key] = Array(draw.size(202)).fill(fields[key][0] ?? "a");
    }
  }
  return utf8(JSON.stringify(fields));
}

export const entries: Target = {
  name: "entries",
  what: "what a shared room reads from its broker: lines, lists of members, questions, answers",
  max: 450_000,
  seeds: SEEDS.map((seed) => utf8(JSON.stringify(seed))),
  edges: [MAX_TEXT, MAX_TEXT + 1].map((size) => utf8(JSON.stringify({ ...SEEDS[0], text: "a".repeat(size) }))),
  words: [
    '"v":1',
    '"kind":"said"',
    '"name":',
    '"text":',
    "null",
    "[]",
    "{}",
    "1e999",
    "\\ud800",
    "\\u0000",
    '"__proto__":{',
    ",",
    ":",
    '"',
  ],
  make,
  check(input) {
    checkEntry(input);
    for (
      const [decode, what] of [[decodeNews, "news"], [decodePage, "a page"], [decodeQuestion, "a question"], [
        decodeReply,
        "a reply",
      ]] as const
    ) {
      const value = decode(input);
      if (value === null) continue;
      checkDecoded(value);
      same(decode(encode(value)), value, `${what} that is written again is the same`);
    }
  },
};
