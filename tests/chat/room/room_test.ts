import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Link, Member, RoomEvent } from "../../../chat/room/member.ts";
import { MAX_OUTBOX } from "../../../chat/room/outbox.ts";
import { Room } from "../../../chat/room/room.ts";
import { decodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;

/** A room that records its events and the members it drops. */
class TestRoom extends Room {
  readonly events: RoomEvent[];
  readonly dropped: number[] = [];
  #links = 0;

  constructor(history = 20) {
    const events: RoomEvent[] = [];
    super({ history, onEvent: (event) => events.push(event), clock: () => 0 });
    this.events = events;
  }

  link(): Link {
    const id = ++this.#links;
    return {
      id,
      peer: `192.0.2.1:${id}`,
      drop: () => this.dropped.push(id),
      traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }),
    };
  }

  /** A member that has been announced and got no greeting. */
  member(name?: string): Member {
    const member = this.join(this.link(), { silent: true, ...(name === undefined ? {} : { name }) });
    this.introduce(member);
    return member;
  }

  get lines(): string[] {
    return this.events.map(({ line }) => line);
  }
}

/** All lines queued for a member. */
async function linesOf(member: Member): Promise<string[]> {
  let text = "";
  while ((member.outbox?.queued ?? 0) > 0) text += decodeText((await member.outbox?.take()) ?? new Uint8Array());
  return text === "" ? [] : text.trimEnd().split("\n");
}

Deno.test("Room.say() reaches everyone but the speaker", pure, async () => {
  const room = new TestRoom();
  const [alice, bob, carol] = [room.member("alice"), room.member("bob"), room.member("carol")];
  for (const member of [alice, bob, carol]) await linesOf(member);
  room.say(alice, "hello");
  assertEquals([await linesOf(alice), await linesOf(bob), await linesOf(carol)], [[], ["alice: hello"], [
    "alice: hello",
  ]]);
  room.act(bob, "waves");
  assertEquals([await linesOf(alice), await linesOf(bob)], [["~ bob waves"], []]);
});

Deno.test("Room.tell() reaches one member only, and the event names both", pure, async () => {
  const room = new TestRoom();
  const [alice, bob, carol] = [room.member("alice"), room.member("bob"), room.member("carol")];
  for (const member of [alice, bob, carol]) await linesOf(member);
  room.tell(alice, bob, "psst");
  assertEquals([await linesOf(bob), await linesOf(carol)], [["alice (to you): psst"], []]);
  const last = room.events.at(-1);
  assert(last?.kind === "told" && last.member === alice && last.to === bob);
  assert(!room.transcript.includes("psst"));
});

Deno.test("Room.join() greets a new member with the last lines, the members and its name", pure, async () => {
  const room = new TestRoom(2);
  const alice = room.member("alice");
  for (const word of ["one", "two", "three"]) room.say(alice, word);
  const bob = room.join(room.link());
  assertEquals(await linesOf(bob), ["* the last 2 lines:", "alice: two", "alice: three", "* here with you: alice"]);
  room.introduce(bob);
  assertEquals(await linesOf(bob), ["* you are guest-1; /help lists what you can type"]);
});

Deno.test("Room.join() lists only some of many members", pure, async () => {
  const room = new TestRoom();
  for (let count = 0; count < 30; count++) room.member();
  const last = room.join(room.link());
  assertEquals((await linesOf(new TestRoom().join(room.link())))[0], "* nobody else is here");
  assertStringIncludes((await linesOf(last))[0] ?? "", "* here with you: guest-1, guest-2,");
  assertEquals(room.members.length, 31);
});

Deno.test("Room.join() gives a new member no more history than its outbox holds", pure, async () => {
  const room = new TestRoom(1000);
  const alice = room.member("alice");
  for (let line = 0; line < 1000; line++) room.say(alice, "\x01漢".repeat(1000));
  await room.turn();
  const bob = room.join(room.link());
  assertEquals(bob.gone, false);
  const greeting = await linesOf(bob);
  assert(greeting.length > 10 && greeting.length < 100, String(greeting.length));
});

Deno.test("Room.introduce() announces once; a guest that left before is never announced", pure, async () => {
  const room = new TestRoom();
  const alice = room.member("alice");
  const shy = room.join(room.link());
  room.leave(shy, "quit");
  assertEquals(await linesOf(alice), []);
  const bob = room.join(room.link());
  room.introduce(bob);
  room.introduce(bob);
  room.leave(bob, "reset");
  room.leave(bob, "quit");
  assertEquals(await linesOf(alice), ["* guest-2 joined", "* guest-2 left (reset)"]);
});

Deno.test("Room.rename() before the introduction is not announced", pure, async () => {
  const room = new TestRoom();
  const alice = room.member("alice");
  const bob = room.join(room.link());
  assertEquals(room.rename(bob, "bob"), null);
  room.introduce(bob);
  assertEquals(await linesOf(alice), ["* bob joined"]);
  assertEquals(room.rename(bob, "Bob"), null);
  assertEquals(await linesOf(alice), ["* bob is now Bob"]);
  assertEquals(room.find("BOB"), bob);
});

Deno.test("Room.rename() refuses a taken name in any case and width, and the operator's (C1)", pure, () => {
  const room = new TestRoom();
  const operator = room.join(room.link(), { name: "server", follows: true, silent: true });
  const alice = room.member("alice");
  const bob = room.member("bob");
  for (const name of ["alice", "ALICE", "Ａlice"]) assertStringIncludes(`${room.rename(bob, name)}`, "is taken");
  assertStringIncludes(`${room.rename(bob, "Server")}`, "is taken");
  assertStringIncludes(`${room.rename(bob, "OPERATOR")}`, "is reserved");
  assertStringIncludes(`${room.rename(bob, "a b")}`, "one word");
  assertEquals(room.rename(alice, "ALICE"), null);
  room.leave(alice, "quit");
  assertEquals(room.rename(bob, "alice"), null);
  room.leave(operator, "quit");
  assertStringIncludes(`${room.rename(bob, "server")}`, "is reserved");
});

Deno.test("Room assigns guests the next free number, and reserves guest names", pure, () => {
  const room = new TestRoom();
  room.join(room.link(), { name: "guest-2", silent: true });
  const one = room.member();
  assertEquals([one.name, room.member().name, room.member().name], ["guest-1", "guest-3", "guest-4"]);
  for (const name of ["guest-7", "Guest-l2", "GUEST.O", "guest"]) {
    assertEquals(room.rename(one, name), `the name ${name} is reserved`);
  }
});

Deno.test("Room.certify() makes one word of a name with spaces, which look-alikes then cannot take", pure, () => {
  const room = new TestRoom();
  const [bob, other, third] = [room.join(room.link()), room.join(room.link()), room.join(room.link())];
  assertEquals([room.certify(bob, " bob  smith "), bob.name], [null, "bob_smith"]);
  assertEquals(room.certify(other, "bob smith"), "the name bob_smith is taken");
  assertEquals(room.rename(third, "B0B_smith"), "the name B0B_smith is taken");
  assertEquals(room.certify(third, "* bob"), "a name is one word of letters, digits, emoji and . _ ' -");
});

Deno.test("Room refuses a name that looks like a member's or the server's (C1)", pure, () => {
  const room = new TestRoom();
  const operator = room.join(room.link(), { name: "Savva", follows: true, silent: true });
  const [anna, eve] = [room.member("Anna"), room.member("eve")];
  for (const name of ["ΑΝΝΑ", "anna.", "Ännä", "ANNA", "ѕаԝа", "savva_"]) {
    assertStringIncludes(`${room.rename(eve, name)}`, "is taken", name);
  }
  for (const name of ["serveŕ", "admin", "adrnin", "System", "moderator.", "〇perator"]) {
    assertStringIncludes(`${room.rename(eve, name)}`, "is reserved", name);
  }
  room.leave(anna, "quit");
  room.leave(operator, "quit");
  assertStringIncludes(`${room.rename(eve, "ѕаԝа")}`, "is reserved");
  assertEquals(room.rename(eve, "ΑΝΝΑ"), null);
  assertEquals([room.find("anna"), room.find("αννα"), room.find("avva")], [eve, eve, eve]);
});

Deno.test(
  "Room drops a member that does not read, tells the others, and keeps their lines (S11, 62)",
  pure,
  async () => {
    const room = new TestRoom();
    const [alice, bob, slow] = [room.member("alice"), room.member("bob"), room.member("slow")];
    const text = "x".repeat(4000);
    let said = 0;
    while (!slow.gone) {
      room.say(alice, text);
      said++;
      await linesOf(bob);
      await linesOf(alice);
      assert((slow.outbox?.queued ?? 0) <= MAX_OUTBOX);
    }
    assert(said > MAX_OUTBOX / 5000);
    assertEquals([room.dropped, slow.outbox?.queued], [[3], 0]);
    assertEquals(room.events.find(({ kind }) => kind === "left")?.line, "* slow left (too slow)");
    assertEquals(room.members, [alice, bob]);
  },
);

Deno.test("Room drops a thousand members that do not read, each announced once", pure, async () => {
  const room = new TestRoom();
  const alice = room.member("alice");
  for (let count = 0; count < 1000; count++) room.member();
  const text = "x".repeat(4000);
  for (let count = 0; count < 300; count++) room.say(alice, text);
  assert(room.full);
  await room.turn();
  assertEquals(room.dropped.length, 1000);
  const left = room.events.filter(({ kind }) => kind === "left").map(({ line }) => line);
  assertEquals(new Set(left).size, 1000);
  assertEquals(room.members, [alice]);
  room.close("over");
});

Deno.test("Room.leave() lets a member read what is queued, unless its connection is gone", pure, async () => {
  const room = new TestRoom();
  const [alice, bob, carol] = [room.member("alice"), room.member("bob"), room.member("carol")];
  await linesOf(bob);
  await linesOf(carol);
  room.say(alice, "last words");
  room.leave(bob, "kicked");
  assertEquals(await linesOf(bob), ["alice: last words"]);
  assertEquals(await bob.outbox?.take(), null);
  room.leave(carol, "reset");
  assertEquals(await carol.outbox?.take(), null);
});

Deno.test("Room.close() tells all members and removes them, without announcing each", pure, async () => {
  const room = new TestRoom();
  const [alice, bob] = [room.member("alice"), room.member("bob")];
  await linesOf(alice);
  const before = room.lines.length;
  room.close("the server is shutting down");
  assertEquals([await linesOf(alice), (await linesOf(bob)).at(-1)], [
    ["* the server is shutting down"],
    "* the server is shutting down",
  ]);
  assertEquals([room.members, room.lines.length, alice.gone], [[], before, true]);
});

Deno.test("Room accepts a member without an outbox, which follows its events", pure, async () => {
  const room = new TestRoom();
  const operator = room.join(room.link(), { name: "server", follows: true, silent: true });
  const alice = room.member("alice");
  await linesOf(alice);
  room.say(operator, "welcome");
  room.say(alice, "thanks");
  room.tell(alice, operator, "psst");
  assertEquals(await linesOf(alice), ["server: welcome"]);
  assertEquals(room.lines.slice(-3), ["server: welcome", "alice: thanks", "alice (to you): psst"]);
});

Deno.test("Room.transcript has the public lines, with their times", pure, () => {
  const room = new TestRoom();
  const alice = room.member("alice");
  room.say(alice, "hello");
  room.leave(alice, "quit");
  const at = "1970-01-01T00:00:00.000Z";
  assertEquals(room.transcript, `${at} * alice joined\n${at} alice: hello\n${at} * alice left (quit)\n`);
});
