import { assertEquals, assertNotEquals } from "@std/assert";
import type { Entry, Reader } from "../../../../chat/room/journal.ts";
import type { Member, RemoteMember } from "../../../../chat/room/member.ts";
import { encodeEntry } from "../../../../chat/shared/lines/entry_json.ts";
import { SharedJournal } from "../../../../chat/shared/lines/journal.ts";
import { NO_EVENTS } from "../../../../lib/events.ts";
import { quickTurn, TestTime } from "../../../support/time.ts";
import { FakeStore } from "./fake_store.ts";

/** A room with one member that notes what its journal gives back. */
class Room implements Reader {
  readonly said: string[] = [];
  readonly told: string[] = [];
  readonly events: string[] = [];

  constructor(readonly journal: SharedJournal, readonly time: TestTime, readonly store: FakeStore) {
    journal.outage.announce = (text, to) => this.told.push(to === null ? text : `${to.name}: ${text}`);
    journal.start(this);
  }

  static async open(store = new FakeStore(), time = new TestTime(quickTurn)): Promise<Room> {
    return new Room(await SharedJournal.open({ store, self: "here:1", events: NO_EVENTS, time }), time, store);
  }

  deliver(number: number, entry: Entry, by: Member | RemoteMember, id: string | null): void {
    const from = "server" in by ? by.server : "own";
    this.said.push(`${number} ${from} ${"text" in entry ? entry.text : entry.kind}${id === null ? "" : ` ${id}`}`);
  }

  confirm(number: number, id: string): void {
    this.events.push(`confirm ${number} ${id}`);
  }

  restart(): void {
    this.events.push("restart");
  }

  say(text: string, id: string | null = null): void {
    this.journal.append({ kind: "said", name: "me", text }, { name: "me" } as unknown as Member, id);
  }

  /** Another server adds a line; `announced` as its broker does. */
  others(text: string, announced = true): void {
    const entry = { kind: "said", name: "you", text } as const;
    this.store.put(crypto.randomUUID(), encodeEntry({ entry, server: "there:1" }));
    if (announced) this.store.tell("line");
  }
}

Deno.test("an own line is delivered with its number, and needs no reading", async () => {
  const room = await Room.open();
  const { read } = room.store.asked;
  for (const text of ["a", "b", "c"]) room.say(text, `KEY.${text}`);
  assertEquals(room.said, []);
  await quickTurn();
  assertEquals(room.said, ["1 own a KEY.a", "2 own b KEY.b", "3 own c KEY.c"]);
  assertEquals(room.store.asked.read, read);
});

Deno.test("the past comes first, and lines of others in between in their order", async () => {
  const store = new FakeStore();
  const before = await Room.open(store);
  before.others("old");
  const room = await Room.open(store);
  assertEquals(room.said, ["1 there:1 old"]);
  room.others("first", false);
  room.say("second");
  await quickTurn();
  room.others("third");
  await quickTurn();
  assertEquals(room.said, ["1 there:1 old", "2 there:1 first", "3 own second", "4 there:1 third"]);
});

for (const lost of ["before", "after"] as const) {
  Deno.test(`a line whose acknowledgement is lost (${lost} it was stored) is sent again, once and in order`, async () => {
    const room = await Room.open();
    room.store.failing = [lost, lost, lost];
    for (const text of ["a", "b", "c", "d"]) room.say(text);
    await room.time.pass(500);
    const texts = room.said.map((line) => line.split(" ")[2]);
    assertEquals(texts.toSorted(), ["a", "b", "c", "d"]);
    if (lost === "after") assertEquals(texts, ["a", "b", "c", "d"]);
  });
}

Deno.test("with a window of one, no line overtakes another that fails", async () => {
  const room = await Room.open();
  room.store.window = 1;
  room.store.failing = ["before", "before", "after"];
  for (const text of ["a", "b", "c", "d"]) room.say(text);
  await room.time.pass(1000);
  assertEquals(room.said, ["1 own a", "2 own b", "3 own c", "4 own d"]);
});

Deno.test("a line that is stored twice, for the store forgets ids, is delivered once", async () => {
  const room = await Room.open();
  room.store.remembers = 0;
  room.store.failing = ["after"];
  room.say("a");
  await room.time.pass(500);
  assertEquals(room.store.lines.length, 2);
  assertEquals(room.said, ["1 own a"]);
  room.say("b");
  await room.time.pass(2000);
  assertEquals(room.said, ["1 own a", "3 own b"]);
});

Deno.test("while the broker is gone lines wait, members are told after a second, and the lines go out when it is back", async () => {
  const room = await Room.open();
  room.store.tell("gone");
  room.say("a");
  await room.time.pass(900);
  assertEquals(room.told, []);
  await room.time.pass(200);
  assertEquals(room.told.length, 1);
  room.say("b");
  await room.time.pass(60_000);
  assertEquals([room.said, room.store.asked.add], [[], 0]);
  assertEquals(room.told.length, 1);
  room.store.tell("back");
  await quickTurn();
  assertEquals(room.said, ["1 own a", "2 own b"]);
  assertEquals(room.told.slice(1), ["the other servers of this room are back; what waited follows now: 2 lines"]);
});

Deno.test("who joins meanwhile is told, too, and nobody else again", async () => {
  const room = await Room.open();
  room.store.tell("gone");
  await room.time.pass(1000);
  room.journal.append({ kind: "joined", name: "me" }, { name: "me", link: {} } as unknown as Member, null);
  assertEquals(room.told.length, 2);
  assertEquals(room.told[1], `me: ${room.told[0]}`);
});

Deno.test("a broker that is back within a second is not worth a word", async () => {
  const room = await Room.open();
  room.store.tell("gone");
  room.say("a");
  await room.time.pass(800);
  room.store.tell("back");
  await room.time.pass(5000);
  assertEquals([room.said, room.told], [["1 own a"], []]);
});

Deno.test("from 1,000 lines on speakers wait; nothing grows beyond 2,000", async () => {
  const room = await Room.open();
  room.store.tell("gone");
  await room.time.pass(1000);
  for (let line = 0; line < 999; line++) room.say(String(line));
  assertEquals(room.journal.full, false);
  room.say("999");
  assertEquals(room.journal.full, true);
  let ready = false;
  const waiting = room.journal.ready().then(() => ready = true);
  for (let more = 0; more < 5000; more++) room.say("more");
  await quickTurn();
  assertEquals(ready, false);
  // Once, however many lines more there are.
  assertEquals(room.told.slice(1), ["1000 lines wait; what you write now is not read until they are delivered"]);
  room.store.tell("back");
  await room.time.pass(1);
  await waiting;
  assertEquals([room.journal.full, room.said.length], [false, 2000]);
});

Deno.test("a line that nobody announced is found within a second; one that is announced early, sooner", async () => {
  const room = await Room.open();
  room.others("silent", false);
  await room.time.pass(1000);
  assertEquals(room.said, ["1 there:1 silent"]);
  room.store.tell("line");
  await quickTurn();
  room.others("late", false);
  await room.time.pass(10);
  assertEquals(room.said.at(-1), "2 there:1 late");
});

Deno.test("many lines are read in few rounds, and an idle room is only looked at", async () => {
  const room = await Room.open();
  for (let line = 0; line < 500; line++) room.others(String(line));
  await room.time.pass(50);
  assertEquals(room.said.length, 500);
  const { read } = room.store.asked;
  await room.time.pass(10_000);
  assertEquals(room.store.asked.read, read);
});

Deno.test("lines that are gone before they were read are missing, and members are told", async () => {
  const room = await Room.open();
  room.others("a");
  await quickTurn();
  for (let line = 0; line < 100; line++) room.others(String(line), false);
  room.store.lines.fill(null, 0, 60);
  await room.time.pass(1000);
  assertEquals(room.said.length, 42);
  assertEquals(room.told, ["missing here: 59 lines of the other servers, which were out of reach for too long"]);
});

Deno.test("a store that goes back numbers anew: new lines are delivered, old ones are not", async () => {
  const room = await Room.open();
  for (const text of ["a", "b", "c", "d"]) room.others(text);
  await quickTurn();
  const { epoch } = room.journal;
  room.store.lines.length = 2;
  await room.time.pass(1000);
  // One look may be that of a broker which does not know better.
  assertEquals([room.events, room.journal.epoch], [[], epoch]);
  const at = 100;
  const entry = { kind: "said", name: "you", text: "new" } as const;
  room.store.lines.push({ number: 3, id: "new", data: encodeEntry({ entry, server: "there:1" }), at });
  await room.time.pass(1000);
  assertEquals(room.events, ["restart"]);
  assertNotEquals(room.journal.epoch, epoch);
  assertEquals(room.said.slice(4), ["3 there:1 new"]);
});

Deno.test("another store of the same name numbers anew, and its servers agree on the epoch", async () => {
  const store = new FakeStore();
  const room = await Room.open(store);
  const { epoch } = room.journal;
  room.say("a");
  await quickTurn();
  store.identity = "ROOM 2";
  store.lines = [];
  room.others("b");
  await room.time.pass(1000);
  assertEquals([room.events, room.said], [["restart"], ["1 own a", "1 there:1 b"]]);
  assertNotEquals(room.journal.epoch, epoch);
  assertEquals((await Room.open(store)).journal.epoch, room.journal.epoch);
});

Deno.test("what has no id, or is no entry, takes a number and is passed over", async () => {
  const room = await Room.open();
  room.store.put("", encodeEntry({ entry: { kind: "joined", name: "you" }, server: "there:1" }));
  room.store.put("x", new TextEncoder().encode("{}"));
  room.others("a");
  await room.time.pass(1000);
  assertEquals(room.said, ["3 there:1 a"]);
});

Deno.test("a long line counts by its length: speakers wait from 1 MiB on", async () => {
  const room = await Room.open();
  room.store.tell("gone");
  for (let line = 0; line < 15; line++) room.say("x".repeat(65_536));
  assertEquals(room.journal.full, false);
  room.say("x".repeat(65_536));
  assertEquals(room.journal.full, true);
});

Deno.test("after a line that failed, what is not on its way yet waits for it", async () => {
  const room = await Room.open();
  room.store.window = 2;
  room.store.failing = ["before"];
  for (const text of ["a", "b", "c", "d"]) room.say(text);
  await room.time.pass(500);
  // b was on its way already.
  assertEquals(room.said, ["1 own b", "2 own a", "3 own c", "4 own d"]);
});

Deno.test("a line that its author sends again while it waits is added once", async () => {
  const room = await Room.open();
  room.say("a", "KEY.1");
  room.say("a", "KEY.1");
  await quickTurn();
  assertEquals([room.store.asked.add, room.said, room.events], [1, ["1 own a KEY.1"], []]);
  room.say("a", "KEY.1");
  assertEquals(room.events, ["confirm 1 KEY.1"]);
});

Deno.test("when a store goes back beyond what was read at the start, those lines are old too", async () => {
  const store = new FakeStore();
  const first = await Room.open(store);
  for (let line = 0; line < 1500; line++) first.others(String(line), false);
  const room = await Room.open(store);
  assertEquals([room.said.length, room.said[0]], [1000, "501 there:1 500"]);
  store.lines.length = 1200;
  await room.time.pass(3000);
  assertEquals([room.said.length, room.events], [1000, ["restart"]]);
});
