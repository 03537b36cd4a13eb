import { assertEquals } from "@std/assert";
import {
  decodeNews,
  decodePage,
  decodeQuestion,
  decodeReply,
  encode,
  type News,
  PAGE,
  type Page,
  type Question,
  type Reply,
} from "../../../../chat/shared/others/others_json.ts";
import { Peers } from "../../../../chat/shared/others/peers.ts";
import { encodeText } from "../../../../lib/text.ts";
import { Town } from "./town.ts";

const pure = { permissions: "none" } as const;
const ONE = "192.0.2.1:23456";
const FROM = "f".repeat(22);
const sender = { from: FROM, at: "192.0.2.66:23456", version: 1 };
const session = "s".repeat(43);
const alice = { name: "alice", session: null };
const ban = { kind: "ban", id: "192.0.2.7", name: null, left: 1000 } as const;

const NEWS: News = { ...sender, kind: "change", add: [{ name: "Zoë", session }], drop: ["alice"] };
const PART: Page = { ...sender, page: 0, pages: 1, members: [alice] };
const QUESTIONS: readonly Question[] = [
  { ask: "who" },
  { ask: "bans" },
  { ask: "tell", to: "alice", name: "bob", at: "192.0.2.1:1", text: "hello\u0007" },
  { ask: "order", name: "alice", order: { kind: "kick", minutes: 1 } },
  { ask: "spread", bans: [ban], expel: true, late: false },
  { ask: "lift", kind: "mute", word: "alice" },
  { ask: "moved", name: "alice", session },
];
const REPLY: Reply = { from: FROM, said: "was kicked out", bans: [ban] };

/** Every object that differs from this one in one field: missing, or of a form that it may not have. */
function* spoilt(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [...value, ...Array.from({ length: PAGE }, () => value[0])];
    for (const each of spoilt(value[0])) yield [each];
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      for (const other of spoilt(field)) yield { ...value, [key]: other };
      if (field !== null) yield { ...value, [key]: undefined };
    }
  } else {yield* [{}, [], 1.5, -1, "* x", "a b\n", "", "\ud800", "x".repeat(70_000), true].filter((bad) =>
      bad !== value
    );}
}

/** Whether what was decoded, although it was spoilt, is still what it may be. */
function isHarmless(text: unknown): boolean {
  const words = JSON.stringify(text);
  return words.length < 3000 && !words.includes("\\ud800");
}

Deno.test("what a publisher may have spoilt in any way is not taken", pure, () => {
  const forms = [[NEWS, decodeNews], [PART, decodePage], [REPLY, decodeReply]] as const;
  for (const [message, decode] of [...forms, ...QUESTIONS.map((each) => [each, decodeQuestion] as const)]) {
    const { v: _, ...sent } = JSON.parse(new TextDecoder().decode(encode(message)));
    assertEquals(decode(encode(message)) as unknown, sent);
    for (const version of [0, 2, "1", null]) {
      assertEquals(decode(encodeText(JSON.stringify({ ...sent, v: version }))), null);
    }
    for (const bad of spoilt({ v: 1, ...message })) {
      const read = decode(encodeText(JSON.stringify(bad)));
      // Free text may be anything; it is escaped where it is shown.
      if (read !== null) assertEquals([isHarmless(read), freed(read)], [true, freed(message)]);
    }
  }
  for (const junk of ["", "null", "[]", "{", "1", '"x"', '{"v":1}']) {
    for (const decode of [decodeNews, decodePage, decodeReply, decodeQuestion]) {
      assertEquals(decode(encodeText(junk)), null);
    }
  }
  for (const decode of [decodeNews, decodePage, decodeReply, decodeQuestion]) {
    assertEquals(decode(new Uint8Array([0x7b, 0xff, 0x7d])), null);
    assertEquals(decode(new Uint8Array(1_000_000).fill(0x20)), null);
  }
});

/** A message without its free text and its numbers. */
function freed(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message, (key, value) => {
    return ["text", "said", "word", "at", "name", "expel", "late", "left", "id", "minutes", "v"].includes(key)
      ? ""
      : value;
  }));
}

Deno.test("a publisher that invents servers and members without end is heard to a limit", pure, () => {
  const peers = new Peers();
  for (let server = 0; server < 300; server++) {
    const from = server.toString(36).padStart(22, "0");
    for (let page = 0; page < 2; page++) {
      const members = Array.from({ length: PAGE }, (_, at) => ({ name: `m${server}-${page}-${at}`, session: null }));
      peers.takePage({ ...sender, from, page, pages: 2, members });
    }
  }
  assertEquals([peers.servers.length, peers.members.length <= 10_000, peers.members.length > 4000], [256, true, true]);
  for (let tick = 0; tick < 11; tick++) peers.tick();
  assertEquals([peers.servers.length, peers.members.length, peers.find("m1-0-1")], [0, 0, null]);
});

Deno.test("a publisher that is no server cannot crash one, nor speak as its members", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  const member = await one.joined("alice");
  const bus = town.stranger();
  await member.lines();
  // It takes over nobody without the hash of a session, and nobody's name.
  bus.publish("all", encode({ ask: "moved", name: "alice", session }));
  bus.publish("news", encode({ ...sender, kind: "change", add: [alice], drop: ["alice"] }));
  assertEquals([member.member.gone, one.room.find("alice") === member.member], [false, true]);
  // A private message says from whom, and cannot look like anything else.
  bus.publish("all", encode({ ask: "tell", to: "alice", name: "bob", at: "x", text: "\n* server left\n\u001b[2J" }));
  assertEquals(await member.lines(), ["bob (to you): \\n* server left\\n␛[2J"]);
  // Of what others do not know it tells nobody, nor that somebody here has left.
  let id = "";
  bus.listen("news", (data) => id = decodeNews(data)?.from ?? "");
  one.room.rename(member.member, "Alice");
  await town.time.pass(0);
  const bob = { name: "bob", session: null };
  bus.publish("news", encode({ ...sender, from: id, version: 0, kind: "change", add: [bob], drop: [] }));
  assertEquals(one.others.members, []);
  bus.publish("news", encode({ ...sender, version: 0, kind: "change", add: [{ ...bob, name: "Alice" }], drop: [] }));
  await town.time.pass(13_000);
  assertEquals([one.others.members, town.said.filter((line) => line.includes("left"))], [[], []]);
});

Deno.test("private messages from other servers are taken to a limit", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  const member = await one.joined("alice");
  const bus = town.stranger();
  let refused = 0;
  for (let number = 0; number < 5000; number++) {
    const message = encode({ ask: "tell", to: "alice", name: "bob", at: "x", text: "hi" });
    bus.request("all", message, 1).then((data) => {
      if (data !== null && decodeReply(data)?.said === "its server has too much to do") refused++;
    });
  }
  await town.time.pass(0);
  assertEquals([refused, member.member.gone], [1000, false]);
});

Deno.test("lists and numbers beyond the limits are not taken", pure, () => {
  const long = { ...NEWS, drop: ["x"] };
  assertEquals(decodeNews(encodeText(JSON.stringify({ v: 1, ...long }) + " ".repeat(64 * 1024))), null);
  for (const [page, pages] of [[1, 1], [0, 101], [0, 0]] as const) {
    assertEquals(decodePage(encode({ ...PART, page, pages })), null);
  }
  for (const minutes of [0, 44_641]) {
    assertEquals(decodeQuestion(encode({ ask: "order", name: "alice", order: { kind: "ban", minutes } })), null);
  }
  for (const left of [0, -1, 44_641 * 60_000]) {
    assertEquals(decodeQuestion(encode({ ask: "spread", bans: [{ ...ban, left }], expel: true, late: false })), null);
  }
  assertEquals(decodeReply(encode({ ...REPLY, said: "x".repeat(2001) })), null);
  assertEquals(decodeQuestion(encode({ ask: "lift", kind: "ban", word: "x".repeat(2001) })), null);
});
