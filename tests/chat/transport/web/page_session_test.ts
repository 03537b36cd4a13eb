import { assert, assertEquals } from "@std/assert";
import { handleLine } from "../../../../chat/room/commands.ts";
import type { Member } from "../../../../chat/room/member.ts";
import { Room } from "../../../../chat/room/room.ts";
import { Outgoing } from "../../../../chat/transport/web/page/outgoing.js";
import { type Change, MAX_LINES, Session } from "../../../../chat/transport/web/page/session.js";
import type { Shown } from "../../../../chat/transport/web/page/lines.js";
import { newestOf } from "../../../../chat/transport/web/page/seat.js";
import { decodeText } from "../../../../lib/text.ts";
import { chance } from "../../../support/chance.ts";
import { quickTurn } from "../../../support/time.ts";

const permissions = "none";
const KEY = "k".repeat(22);

/** A room whose lines are delivered at once. */
const newRoom = (): Room => new Room({ history: 20, nextTurn: queueMicrotask });

function newSession(name = "alice", prefix = "p"): Session {
  return new Session({ key: KEY, prefix, name, maxLine: 100 });
}

/** A connection of a page's session to a room, without a socket. */
class Wire {
  readonly changes: Change[] = [];
  /** How many more lines pass to the server, and from it: the connection breaks there. */
  passUp = Infinity;
  passDown = Infinity;
  #room: Room;
  #session: Session;
  #member: Member;
  #reading: Promise<void>;

  constructor(room: Room, session: Session) {
    this.#room = room;
    this.#session = session;
    const traffic = () => ({ bytesIn: 0, bytesOut: 0, idle: 0 });
    this.#member = room.join({ id: 1, peer: "", drop: () => {}, traffic });
    this.#reading = this.#read();
  }

  /** Begins the session, as a connection does. */
  async open(): Promise<void> {
    const { key, cursor, name } = this.#session;
    const first = [cursor === null ? `/session ${key}` : `/session ${key} ${cursor}`, `/nick ${name}`];
    await this.send([...first, ...this.#session.open()]);
  }

  /** Writes a line in the page. */
  async write(text: string): Promise<void> {
    assertEquals(this.#session.outgoing.write(text), null);
    await this.send(this.#session.outgoing.send());
  }

  async send(lines: readonly string[]): Promise<void> {
    this.#push(lines);
    await quickTurn();
  }

  /** The connection is lost. */
  async lose(): Promise<void> {
    this.passUp = this.passDown = 0;
    this.#room.leave(this.#member, "reset");
    await this.#reading;
  }

  /** As a seat does, but without its rate. */
  #push(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.passUp-- <= 0) break;
      handleLine(this.#room, this.#member, line);
      if (!line.startsWith("/session ")) this.#room.introduce(this.#member);
    }
  }

  async #read(): Promise<void> {
    let text = "";
    for (let chunk; (chunk = await this.#member.outbox?.take() ?? null) !== null;) {
      const lines = (text + decodeText(chunk)).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        if (this.passDown-- <= 0) continue;
        for (const change of this.#session.take(line, 1000)) {
          this.changes.push(change);
          if (change.what === "send") this.#push(change.lines);
        }
      }
    }
  }
}

/** A member that the test speaks for. */
function speaker(room: Room, name: string): (line: string) => void {
  const traffic = () => ({ bytesIn: 0, bytesOut: 0, idle: 0 });
  const member = room.join({ id: 2, peer: "", drop: () => {}, traffic }, { name, silent: true });
  room.introduce(member);
  return (line) => void handleLine(room, member, line);
}

const textOf = ({ kind, name, text }: Shown): string => `${kind} ${name}: ${text}`;
const shown = (session: Session): string[] => session.lines.map(textOf);
const said = (session: Session): string[] => shown(session).filter((line) => line.startsWith("said "));

Deno.test(
  "a session shows the history, then each line once, its own with their receipts",
  { permissions },
  async () => {
    const [room, session] = [newRoom(), newSession()];
    const bob = speaker(room, "bob");
    bob("before");
    const wire = new Wire(room, session);
    await wire.open();
    assertEquals(shown(session), [
      "notice : the last 1 line:",
      "said bob: before",
      "notice : alice joined",
    ]);
    assertEquals([[...session.roster.names], session.isLive, session.lines.map(({ time }) => time)], [
      ["bob", "alice"],
      true,
      [null, null, null],
    ]);
    bob("hi");
    await wire.write("hello");
    assertEquals(session.lines.slice(-2), [
      { kind: "said", name: "bob", text: "hi", time: 1000, own: false },
      { kind: "said", name: "alice", text: "hello", time: 1000, own: true },
    ]);
    assertEquals(session.outgoing.waiting, []);
    bob("/quit");
    await wire.write("/nick ally");
    await wire.write("/me waves");
    assertEquals(shown(session).slice(-2), ["notice : alice is now ally", "did ally: waves"]);
    assertEquals([session.name, [...session.roster.names], session.outgoing.waiting.length], [
      "ally",
      ["bob", "ally"],
      0,
    ]);
    room.close("closing");
  },
);

Deno.test("after a crowd of which only the number was told, the page asks again who is here: not at once", {
  permissions,
}, async () => {
  const [room, session] = [newRoom(), newSession()];
  const wire = new Wire(room, session);
  await wire.open();
  const asked = (line: string, at: number): string[] =>
    session.take(line, at).flatMap((change) => change.what === "send" ? change.lines : []);
  speaker(room, "bob");
  await quickTurn();
  assertEquals(asked("* 3 more joined, 1 more left", 2000), []);
  assertEquals(session.probe().replace(/^\/line \S+/, ""), " /who");
  asked("* 1 more left", 3000);
  const question = asked("bob: hi", 40_000);
  assertEquals([question.length, asked("bob: hi", 80_000)], [1, []]);
  session.roster.names.add("carl");
  await wire.send(question);
  assertEquals([[...session.roster.names], shown(session).at(-1)], [["alice", "bob"], "said bob: hi"]);
  room.close("closing");
});

Deno.test("a private line is shown when it was passed on; a command's answer is; what failed waits with its reason", {
  permissions,
}, async () => {
  const [room, session] = [newRoom(), newSession()];
  speaker(room, "bob")("/msg nobody x");
  const wire = new Wire(room, session);
  await wire.open();
  await wire.write("/msg bob for you");
  await wire.write("/msg carl for you");
  await wire.write("/who");
  assertEquals(shown(session).slice(-3), [
    "sent bob: for you",
    "notice : no such member: carl",
    "notice : 2 here: bob, alice",
  ]);
  const member = room.find("alice");
  assert(member !== null);
  room.mute(member, true);
  await wire.write("muted");
  assertEquals(session.outgoing.waiting.map(({ text, reason }) => [text, reason]), [[
    "muted",
    "you are muted: that was not sent",
  ]]);
  room.mute(member, false);
  const [failed] = session.outgoing.waiting;
  await wire.write(session.outgoing.discard(failed?.id ?? ""));
  assertEquals([said(session), session.outgoing.waiting], [["said alice: muted"], []]);
  room.close("closing");
});

Deno.test("a member that comes back gets what it missed, once, and its name; nothing of a greeting again", {
  permissions,
}, async () => {
  const [room, session] = [newRoom(), newSession()];
  const bob = speaker(room, "bob");
  const first = new Wire(room, session);
  await first.open();
  bob("one");
  await quickTurn();
  await first.lose();
  bob("two");
  assertEquals(session.outgoing.write("late"), null);
  const second = new Wire(room, session);
  await second.open();
  assertEquals(shown(session).slice(-4), [
    "said bob: one",
    "notice : while you were away:",
    "said bob: two",
    "said alice: late",
  ]);
  assertEquals([session.name, session.outgoing.waiting, [...session.roster.names]], ["alice", [], ["bob", "alice"]]);
  room.close("closing");
});

Deno.test("wherever connections break, each line is said once and shown once, in order", { permissions }, async () => {
  const next = chance(14);
  for (let round = 0; round < 150; round++) {
    const [room, session, other] = [newRoom(), newSession("alice", `r${round}-`), newSession("bob", "b")];
    other.key = "b".repeat(22);
    const steady = new Wire(room, other);
    await steady.open();
    const expected: string[] = [];
    for (let part = 0; part < 6; part++) {
      const wire = new Wire(room, session);
      [wire.passUp, wire.passDown] = [next(12), next(24)];
      await wire.open();
      for (let line = 0; line < 3; line++) {
        expected.push(`${part}.${line}`);
        await wire.write(`${part}.${line}`);
        if (next(2) === 0) await steady.write(`b${part}.${line}`);
      }
      await wire.lose();
    }
    const last = new Wire(room, session);
    await last.open();
    await quickTurn();
    const own = said(other).filter((line) => line.startsWith("said alice"));
    assertEquals(own, expected.map((line) => `said alice: ${line}`), `round ${round}: once and in order`);
    // What was said before alice first got through is history to her, or not shown at all.
    const seen = said(session);
    assertEquals(seen, said(other).slice(-seen.length), `round ${round}: the same lines in the same order`);
    assert(seen.length >= own.length);
    assertEquals(session.outgoing.waiting, []);
    room.close("closing");
  }
});

Deno.test("a line that comes twice is shown once; a line with its receipt is not sent again", { permissions }, () => {
  const session = newSession();
  session.open();
  for (const line of ["= e 6", "#7 bob: hi", "#7 bob: hi", "#6 bob: before"]) session.take(line, 0);
  assertEquals([said(session), session.last], [["said bob: hi"], 7]);
  session.outgoing.write("hello");
  const [sent = ""] = session.outgoing.send();
  session.take(`+${sent.split(" ")[1]} 9`, 0);
  assertEquals(
    [session.outgoing.waiting.length, session.open().length],
    [1, 1],
    "it waits to be shown; only /who is sent",
  );
  for (const line of ["= e 7", "#9 alice: hello"]) session.take(line, 0);
  assertEquals([said(session), session.outgoing.waiting], [["said bob: hi", "said alice: hello"], []]);
});

Deno.test("a reload keeps the lines, the place and what waits", { permissions }, async () => {
  const [room, session] = [newRoom(), newSession()];
  const first = new Wire(room, session);
  await first.open();
  await first.write("one");
  await first.lose();
  session.outgoing.write("two");
  const saved = JSON.parse(JSON.stringify(session.save()));
  const reloaded = newSession("alice", "q");
  reloaded.restore(saved);
  const second = new Wire(room, reloaded);
  await second.open();
  assertEquals([said(reloaded), reloaded.outgoing.waiting], [["said alice: one", "said alice: two"], []]);
  room.close("closing");
});

Deno.test("a server that starts anew numbers anew", { permissions }, async () => {
  const [before, session] = [newRoom(), newSession()];
  const first = new Wire(before, session);
  await first.open();
  for (const line of ["one", "two", "three"]) await first.write(line);
  await first.lose();
  before.close("closing");
  const after = newRoom();
  await new Wire(after, session).open();
  speaker(after, "bob")("hello");
  await quickTurn();
  assertEquals(said(session).at(-1), "said bob: hello");
  assert(shown(session).includes("notice : this room does not know the lines that you have seen"));
  after.close("closing");
});

Deno.test("the server's last words end the session", { permissions }, () => {
  const session = newSession();
  session.open();
  assertEquals(session.take("Cannot serve you: full", 0), [{ what: "refused", reason: "full" }]);
  assertEquals(session.take("Cannot serve you: too many from your address; try again later", 0), []);
  assertEquals(session.take("Goodbye! Closing connection.", 0), [{ what: "left" }]);
  session.take("= e 0", 0);
  const [line, , unnamed] = session.take("* you are still guest-1: alice is taken", 0);
  assertEquals([line?.what, unnamed], ["line", { what: "unnamed", reason: "alice is taken" }]);
});

Deno.test("a command whose answer was lost with the connection is not done twice, and the page says so", {
  permissions,
}, async () => {
  const [room, session] = [newRoom(), newSession()];
  const bob = new Wire(room, new Session({ key: "b".repeat(22), prefix: "b", name: "bob", maxLine: 100 }));
  await bob.open();
  const first = new Wire(room, session);
  await first.open();
  first.passDown = 0;
  await first.write("/msg bob psst");
  await first.lose();
  await new Wire(room, session).open();
  assertEquals(bob.changes.filter((change) => change.what === "line" && change.line.kind === "told").length, 1);
  assertEquals(shown(session).at(-1), "notice : the server had handled it before: /msg bob psst");
  assertEquals(session.outgoing.waiting, []);
  room.close("closing");
});

Deno.test("what a page keeps is bounded", { permissions }, () => {
  const session = newSession();
  session.open();
  session.take("= e 0", 0);
  for (let number = 1; number <= MAX_LINES + 10; number++) session.take(`#${number} bob: ${number}`, 0);
  const kept = (): Shown[] => newestOf(session.save().lines);
  assertEquals([session.lines.length, session.lines[0]?.text, kept().length], [MAX_LINES, "11", 300]);
  session.take(`#${MAX_LINES + 11} bob: ${"x".repeat(999_990)}`, 0);
  assertEquals(kept().map(({ text }) => text.length > 9), [false, false, true], "one million characters");

  const outgoing = new Outgoing("p", 20);
  assertEquals(outgoing.write("ä".repeat(9) + "x"), null, "19 bytes and a line end");
  assertEquals(outgoing.write("ä".repeat(10)), "Too long: 21 bytes; a line has at most 20.");
  for (let line = 1; line < 200; line++) assertEquals(outgoing.write(`${line}`), null);
  assertEquals(outgoing.write("one more"), "200 lines wait to be sent already.");
  const sent = outgoing.send();
  assertEquals([sent.length, outgoing.send()], [32, []], "no more than the server remembers");
  const [, first = ""] = /^\/line (\S+) /.exec(sent[0] ?? "") ?? [];
  assertEquals(outgoing.receive(first, 1, 1)?.id, first);
  assertEquals(outgoing.send(), ["/line pw 32"]);
  outgoing.reopen();
  assertEquals(outgoing.send().length, 32, "all of them again in a new connection");
});
