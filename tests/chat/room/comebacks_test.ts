import { assert, assertEquals } from "@std/assert";
import { handleLine } from "../../../chat/room/commands.ts";
import { type Entry, type Journal, LocalJournal, type Reader } from "../../../chat/room/journal.ts";
import type { Link, Member, RoomEvent } from "../../../chat/room/member.ts";
import { Room } from "../../../chat/room/room.ts";
import { decodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;
const KEY = "k".repeat(22);
const OTHER = "o".repeat(22);

/** A room with members that come and go. */
class TestRoom extends Room {
  readonly events: RoomEvent[];
  readonly dropped: number[] = [];
  readonly journal: Journal;
  #links = 0;

  constructor({ away = 20_000, journal = new LocalJournal() }: { away?: number; journal?: Journal } = {}) {
    const events: RoomEvent[] = [];
    super({ history: 20, away, journal, onEvent: (event) => events.push(event), clock: () => 0 });
    this.events = events;
    this.journal = journal;
  }

  /** A new connection that sends lines. */
  async connect(
    lines: readonly string[],
    { fingerprint = null }: { fingerprint?: string | null } = {},
  ): Promise<Member> {
    const id = ++this.#links;
    const link: Link = {
      id,
      peer: `192.0.2.1:${id}`,
      fingerprint,
      drop: () => this.dropped.push(id),
      traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }),
    };
    const member = this.join(link);
    await linesOf(member);
    for (const line of lines) handleLine(this, member, line);
    return member;
  }

  get said(): string[] {
    return this.events.flatMap(({ kind, line }) => kind === "told" ? [] : [line]);
  }

  [Symbol.dispose](): void {
    this.close("the end");
  }
}

/** All lines queued for a member. */
async function linesOf(member: Member): Promise<string[]> {
  let text = "";
  while ((member.outbox?.queued ?? 0) > 0) text += decodeText((await member.outbox?.take()) ?? new Uint8Array());
  return text === "" ? [] : text.trimEnd().split("\n");
}

Deno.test("a session numbers the lines for everyone, its own too, and confirms its own", pure, async () => {
  using room = new TestRoom();
  const bob = await room.connect(["/nick bob"]);
  const alice = await room.connect([`/session ${KEY}`, "/nick alice"]);
  room.introduce(alice);
  handleLine(room, alice, "/line a1 hello");
  room.say(bob, "hi");
  handleLine(room, alice, "/line a2 /me waves");
  handleLine(room, alice, "/line a3 /msg bob psst");
  const { epoch } = room.journal;
  assertEquals(await linesOf(alice), [
    `= ${epoch} 0`,
    "* you are alice; /help lists what you can type",
    "#1 * alice joined",
    "#2 alice: hello",
    "+a1 2",
    "#3 * bob joined",
    "#4 bob: hi",
    "#5 ~ alice waves",
    "+a2 5",
    "* sent to bob only",
    "+a3 0",
  ]);
  assertEquals(await linesOf(bob), [
    "* you are bob; /help lists what you can type",
    "* alice joined",
    "alice: hello",
    "~ alice waves",
    "alice (to you): psst",
  ]);
});

Deno.test("a line that is sent again is said once, and confirmed again", pure, async () => {
  using room = new TestRoom();
  const alice = await room.connect([`/session ${KEY}`, "/line a1 hello", "/line a1 hello"]);
  const receipts = (await linesOf(alice)).filter((line) => line.startsWith("+"));
  assertEquals(receipts, ["+a1 2", "+a1 2"]);
  room.leave(alice, "reset");
  const again = await room.connect([`/session ${KEY}`, "/line a1 hello", "/line a2 hello"]);
  assertEquals((await linesOf(again)).filter((line) => line.startsWith("+")), ["+a1 2", "+a2 3"]);
  assertEquals(room.said.filter((line) => line.endsWith(": hello")).length, 2);
});

Deno.test(
  "a member that loses its connection comes back unnoticed, and gets the lines that it missed",
  pure,
  async () => {
    using room = new TestRoom();
    const bob = await room.connect(["/nick bob", "one"]);
    const alice = await room.connect([`/session ${KEY}`, "/nick alice", "two"]);
    const seen = (await linesOf(alice)).at(-1)?.split(" ")[0]?.slice(1);
    const before = room.said.length;
    room.leave(alice, "reset");
    assert(alice.gone);
    assertEquals(room.find("alice")?.away, true);
    assertEquals(room.members.map(({ name }) => name), ["bob", "alice"]);
    room.say(bob, "three");
    const again = await room.connect([`/session ${KEY} ${room.journal.epoch}-${seen}`]);
    assertEquals(again.name, "alice");
    assertEquals(await linesOf(again), [
      "* you are alice; /help lists what you can type",
      `= ${room.journal.epoch} ${seen}`,
      `#${Number(seen) + 1} bob: three`,
      "* here with you: bob",
    ]);
    assertEquals(room.said.slice(before), ["bob: three"]);
  },
);

Deno.test("a member that does not come back has left", async () => {
  using room = new TestRoom({ away: 5 });
  const left = Promise.withResolvers<void>();
  room.events.push = (...events) => {
    if (events.some(({ kind }) => kind === "left")) left.resolve();
    return Array.prototype.push.apply(room.events, events);
  };
  room.leave(await room.connect([`/session ${KEY}`, "/nick alice", "hello"]), "timed out");
  await left.promise;
  assertEquals(room.said.at(-1), "* alice left (timed out)");
  assertEquals(room.find("alice"), null);
  // Its session is remembered, its name is not.
  assertEquals((await room.connect([`/session ${KEY}`])).name, "guest-2");
});

Deno.test("a new connection replaces one that is still there", pure, async () => {
  using room = new TestRoom();
  const alice = await room.connect([`/session ${KEY}`, "/nick alice", "hello"]);
  const before = room.said.length;
  const again = await room.connect([`/session ${KEY}`]);
  assertEquals([alice.gone, again.name, room.dropped], [true, "alice", [1]]);
  assertEquals(room.said.length, before);
});

Deno.test("who leaves on purpose, or is sent away, has no place to come back to", pure, async () => {
  for (const why of ["quit", "kicked", "idle"] as const) {
    using room = new TestRoom();
    const alice = await room.connect([`/session ${KEY}`, "/nick alice", "hello"]);
    room.leave(alice, why);
    assertEquals(room.said.at(-1), `* alice left (${why})`);
  }
  using room = new TestRoom();
  const alice = await room.connect([`/session ${KEY}`, "/nick alice", "hello"]);
  room.leave(alice, "reset");
  const away = room.find("alice");
  assert(away !== null);
  room.expel(away, "kicked", "the operator has kicked you out");
  assertEquals([room.said.at(-1), room.find("alice")], ["* alice left (kicked)", null]);
});

Deno.test("nobody takes a session's place with another key or another certificate", pure, async () => {
  using room = new TestRoom();
  await room.connect([`/session ${KEY}`, "/nick alice", "hello"], { fingerprint: "sha256:one" });
  assertEquals((await room.connect([`/session ${OTHER}`])).name, "guest-2");
  for (const fingerprint of [null, "sha256:two"]) {
    const stranger = await room.connect([`/session ${KEY}`], { fingerprint });
    assertEquals(stranger.name === "alice", false);
    assertEquals(await linesOf(stranger), ["* the session belongs to another certificate"]);
  }
  assertEquals((await room.connect([`/session ${KEY}`], { fingerprint: "sha256:one" })).name, "alice");
});

Deno.test("a place in another numbering, or before the oldest line, is answered with what there is", pure, async () => {
  using room = new TestRoom();
  const bob = await room.connect(["/nick bob", "one", "two"]);
  const { epoch } = room.journal;
  const alice = await room.connect([`/session ${KEY} another-7`]);
  assertEquals(await linesOf(alice), [
    `= ${epoch} 1`,
    "* this room does not know the lines that you have seen",
    "#2 bob: one",
    "#3 bob: two",
    "* here with you: bob",
  ]);
  for (let count = 0; count < 11_000; count++) room.say(bob, "x");
  const carol = await room.connect([`/session ${OTHER} ${epoch}-2`]);
  const lines = await linesOf(carol);
  assertEquals(lines[1], `* lines are missing here, after ${epoch}-2`);
  assertEquals(lines[2]?.startsWith(`#${Number(lines[0]?.split(" ")[2]) + 1} `), true);
});

Deno.test("a line is rejected under its id, and may be sent again", pure, async () => {
  using room = new TestRoom();
  const alice = await room.connect([`/session ${KEY}`, "/nick alice"]);
  room.introduce(alice);
  await linesOf(alice);
  room.mute(alice, true);
  handleLine(room, alice, "/line a1 hello");
  assertEquals(await linesOf(alice), ["-a1 you are muted: that was not sent"]);
  room.mute(alice, false);
  handleLine(room, alice, "/line a1 hello");
  assertEquals(await linesOf(alice), ["#2 alice: hello", "+a1 2"]);
});

Deno.test("a private message to a member that is away is not sent, and says so", pure, async () => {
  using room = new TestRoom();
  room.leave(await room.connect([`/session ${KEY}`, "/nick alice", "hello"]), "reset");
  const bob = await room.connect(["/nick bob", "/msg alice psst"]);
  assertEquals((await linesOf(bob)).at(-1), "* alice has lost its connection: that was not sent");
});

Deno.test("lines of a session are refused with a reason where they make no sense", pure, async () => {
  using room = new TestRoom();
  const alice = await room.connect(["/line a1 hello", "/session short", `/session ${KEY}`, `/session ${KEY}`]);
  assertEquals((await linesOf(alice)).filter((line) => line.startsWith("* ")), [
    "* a line with an id needs a session: /session KEY",
    "* a key is 22 to 64 characters of base64url, a place is EPOCH-N: /session KEY [EPOCH-N]",
    "* your session has begun already",
  ]);
});

/** A journal that gives entries back when told to. */
class LateJournal implements Journal {
  readonly epoch = "late";
  full = false;
  #reader: Reader | null = null;
  readonly waiting: (readonly [Entry, Member, string | null])[] = [];
  #ready = Promise.withResolvers<void>();

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  start(reader: Reader): void {
    this.#reader = reader;
  }

  append(...entry: [Entry, Member, string | null]): void {
    this.waiting.push(entry);
  }

  giveBack(first: number): void {
    for (const [index, entry] of this.waiting.splice(0).entries()) this.#reader?.deliver(first + index, ...entry);
    this.full = false;
    this.#ready.resolve();
  }

  confirm(number: number, id: string): void {
    this.#reader?.confirm(number, id);
  }

  hear(number: number, entry: Entry): void {
    this.#reader?.deliver(number, entry, { name: entry.name, server: "192.0.2.7:23456" }, null);
  }
}

Deno.test("what a shared journal gives back late is said then, in its order, and confirmed then", pure, async () => {
  const journal = new LateJournal();
  using room = new TestRoom({ journal });
  const alice = await room.connect([`/session ${KEY}`, "/nick alice", "/line a1 hello"]);
  assertEquals((await linesOf(alice)).slice(1), ["* you are alice; /help lists what you can type"]);
  journal.hear(7, { kind: "said", name: "carol", text: "from afar" });
  journal.giveBack(8);
  assertEquals(await linesOf(alice), ["#7 carol: from afar", "#8 * alice joined", "#9 alice: hello", "+a1 9"]);
  journal.confirm(9, `${KEY}.a1`);
  journal.confirm(9, `${OTHER}.a1`);
  assertEquals(await linesOf(alice), ["+a1 9"]);
});

Deno.test("a full journal makes speakers wait", pure, async () => {
  const journal = new LateJournal();
  using room = new TestRoom({ journal });
  assertEquals(room.full, false);
  journal.full = true;
  assertEquals(room.full, true);
  const turn = room.turn();
  journal.giveBack(1);
  await turn;
  assertEquals(room.full, false);
});
