import { assertEquals, assertThrows } from "@std/assert";
import { ClientSession } from "../../../../chat/transport/failover/client_session.ts";
import { ProtocolError } from "../../../../lib/errors.ts";
import { Roster } from "../../../../chat/transport/join_room.ts";

const KEY = "k".repeat(22);

/** A session whose output a test reads. */
class Rig {
  readonly shown: string[] = [];
  readonly warnings: string[] = [];
  readonly session: ClientSession;

  constructor(name?: string) {
    this.session = new ClientSession({
      key: KEY,
      name,
      names: new Roster(),
      show: (line) => this.shown.push(line),
      warn: (text) => this.warnings.push(text),
    });
  }

  /** Connects, and begins the session. */
  begin(...lines: string[]): string[] {
    const sent = this.session.begin();
    this.receive(...lines);
    return sent;
  }

  receive(...lines: string[]): void {
    for (const line of lines) this.session.receive(line);
  }

  /** Says lines, and sends all that wait; returns their ids. */
  say(...texts: string[]): string[] {
    for (const text of texts) this.session.add(text);
    return this.send();
  }

  send(): string[] {
    const ids: string[] = [];
    for (let line; (line = this.session.next()) !== null;) ids.push(line.id);
    return ids;
  }
}

Deno.test("a session shows a greeting, then numbered lines without their numbers, each once", () => {
  const rig = new Rig();
  assertEquals(
    rig.begin("* nobody else is here", "= e 3", "#4 bob: hi", "#4 bob: hi", "#9 bob: again", "#8 bob: old"),
    [
      `/session ${KEY}`,
    ],
  );
  assertEquals(rig.shown, ["* nobody else is here", "bob: hi", "bob: again"]);
});

Deno.test("a session that comes back names its place and its name, and leaves out the greeting and what it knows", () => {
  const rig = new Rig("alice");
  assertEquals(rig.begin("= e 3"), [`/session ${KEY}`, "/nick alice"]);
  rig.receive("* you are alice; /help lists what you can type", "#4 * alice joined", "#5 bob: hi");
  const again = rig.begin(
    "* the last line:",
    "bob: hi",
    "* you are guest-2; /help",
    "= e 5",
    "#5 bob: hi",
    "#6 bob: and?",
  );
  assertEquals(again, [`/session ${KEY} e-5`, "/nick alice"]);
  rig.receive("* you are alice; /help lists what you can type", "* you are alice; /help lists what you can type");
  assertEquals(
    rig.shown,
    [
      "* you are alice; /help lists what you can type",
      "bob: hi",
      "bob: and?",
      "* you are alice; /help lists what you can type",
    ],
  );
});

Deno.test("a session asks for the name that it last had, but for no guest's name; a name that it does not get is told", () => {
  const rig = new Rig();
  rig.begin("= e 0", "* you are guest-1; /help");
  assertEquals(rig.begin("= e 0"), [`/session ${KEY} e-0`]);
  rig.receive("* you are bob; /help", "#1 * guest-1 is now bob");
  assertEquals(rig.begin("* you are guest-4; /help", "= f 0"), [`/session ${KEY} e-1`, "/nick bob"]);
  rig.receive("* you are still guest-4: the name bob is taken");
  assertEquals(rig.shown, [
    "* you are guest-1; /help",
    "* you are bob; /help",
    "* you are still guest-4: the name bob is taken",
  ]);
  assertEquals(rig.begin(), [`/session ${KEY} f-0`, "/nick bob"]);
});

Deno.test("a session's own lines are not shown, whether the receipt comes before its line or after it", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  assertEquals(rig.say("one", "two"), ["1", "2"]);
  rig.receive("+1 1", "#1 alice: one", "#2 bob: hi", "#3 alice: two", "+2 3", "#4 bob: bye");
  assertEquals([rig.shown, rig.session.waiting], [["bob: hi", "bob: bye"], 0]);
});

Deno.test("lines that arrive while one of ours has no receipt wait for it, as long as they may be ours", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  rig.say("one", "two");
  rig.receive("#1 bob: a", "#2 alice: one", "#3 bob: b", "#4 alice: two", "#5 bob: c");
  assertEquals([rig.shown, rig.session.held], [[], 1]);
  rig.receive("+1 2");
  // The second line of ours comes after it.
  assertEquals([rig.shown, rig.session.held], [["bob: a"], 3]);
  rig.receive("+2 4");
  assertEquals([rig.shown, rig.session.held], [["bob: a", "bob: b", "bob: c"], null]);
});

Deno.test("the receipt of a command shows what was held back; so does a rejection, which is told", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  rig.say("/who");
  rig.receive("#1 bob: a", "* 2 here: alice, bob", "+1 0");
  assertEquals(rig.shown, ["* 2 here: alice, bob", "bob: a"]);
  rig.say(`${"x".repeat(39)}😀y`);
  rig.receive("#2 bob: b", "-2 you are muted");
  assertEquals(rig.shown.at(-1), "bob: b");
  assertEquals(rig.warnings, [`Cannot send "${"x".repeat(39)}\ufffd…": you are muted`]);
  assertEquals([rig.session.rejected, rig.session.waiting], [1, 0]);
});

Deno.test("lines without a receipt are sent again, in order and under their ids; one that was said before is not shown", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  rig.say("one", "two", "three");
  rig.receive("+1 1", "#1 alice: one", "#2 alice: two");
  rig.session.add("four");
  rig.begin("= e 2");
  assertEquals(rig.send(), ["2", "3", "4"]);
  rig.receive("#3 bob: a", "+2 2", "#4 alice: three", "+3 4", "#5 alice: four", "#6 bob: b", "+4 5");
  assertEquals([rig.shown, rig.session.waiting], [["bob: a", "bob: b"], 0]);
});

Deno.test("a line that the server had taken before the connection was lost comes back among the missed ones, and is not shown", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  rig.say("one");
  rig.begin("= e 0", "#1 bob: a", "#2 alice: one", "#3 bob: b");
  assertEquals(rig.shown, []);
  assertEquals(rig.send(), ["1"]);
  rig.receive("+1 2");
  assertEquals(rig.shown, ["bob: a", "bob: b"]);
});

Deno.test("in another numbering a session takes all lines, and forgets what it knew of the old one", () => {
  const rig = new Rig();
  rig.begin("= e 7", "#8 bob: a");
  rig.say("one");
  rig.receive("#9 alice: one", "+1 10");
  rig.begin(
    "= f 1",
    "* this room does not know the lines that you have seen",
    "#2 bob: old",
    "#3 bob: new",
    "#10 bob: not ours",
  );
  assertEquals(rig.shown.slice(1), [
    "alice: one",
    "* this room does not know the lines that you have seen",
    "bob: old",
    "bob: new",
    "bob: not ours",
  ]);
  assertEquals(rig.begin(), [`/session ${KEY} f-10`]);
});

Deno.test("what is held back is shown before the lines of another numbering", () => {
  const rig = new Rig();
  rig.begin("= e 7");
  rig.say("one");
  rig.receive("#8 bob: a");
  rig.begin("= f 0", "#1 carol: b");
  assertEquals(rig.shown, ["bob: a"]);
  rig.send();
  rig.receive("+1 2");
  assertEquals(rig.shown, ["bob: a", "carol: b"]);
});

Deno.test("receipts that mean nothing change nothing: unknown ids, ids not sent yet, numbers before a numbering", () => {
  const rig = new Rig();
  rig.session.add("one");
  rig.session.begin();
  rig.receive("#5 bob: too early", "+1 7", "+9 9", "-1 no", "-9 no");
  assertEquals([rig.session.waiting, rig.session.rejected, rig.shown], [1, 0, []]);
  assertEquals(rig.send(), ["1"]);
  rig.receive("= e 6", "+1 7", "+1 7", "#7 alice: one");
  assertEquals([rig.session.waiting, rig.shown], [0, []]);
});

Deno.test("lines that are held back are bounded, and can be let go", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  rig.say("one");
  for (let n = 1; n <= 1001; n++) rig.receive(`#${n} bob: ${n}`);
  assertEquals([rig.shown, rig.session.held], [["bob: 1"], 2]);
  rig.session.release();
  assertEquals([rig.shown.length, rig.session.held], [1001, null]);
});

Deno.test("a session is full with 200 lines without a receipt; one that is too long is not added", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  assertEquals(rig.say(...Array.from({ length: 199 }, () => "x")).length, 100);
  assertEquals(rig.session.full, false);
  assertThrows(() => rig.session.add("x".repeat(4096), "line 7"), Error, "Cannot send line 7: it is longer");
  assertEquals([rig.say("x"), rig.session.waiting], [[], 200]);
  assertEquals(rig.session.full, true);
  rig.receive("+1 1");
  assertEquals(rig.session.full, false);
});

Deno.test("a line is sent only when the one a hundred before it has its receipt: a server remembers that many", () => {
  const rig = new Rig();
  rig.begin("= e 0");
  assertEquals(rig.say(...Array.from({ length: 150 }, () => "x")).at(-1), "100");
  rig.receive("+2 1", "+3 2");
  assertEquals(rig.send(), []);
  rig.receive("+1 3");
  assertEquals(rig.send(), ["101", "102", "103"]);
});

Deno.test("an answer is owed until the session has begun, and while a line was sent here", () => {
  const rig = new Rig();
  rig.session.begin();
  assertEquals(rig.session.owed, true);
  rig.receive("= e 0");
  assertEquals(rig.session.owed, false);
  rig.session.add("one");
  assertEquals(rig.session.owed, false);
  rig.send();
  assertEquals(rig.session.owed, true);
  rig.begin("= e 0");
  assertEquals(rig.session.owed, false);
});

Deno.test("a server without sessions is told apart at its first answer", () => {
  const rig = new Rig();
  rig.session.begin();
  rig.receive("* nobody else is here");
  assertThrows(
    () => rig.receive("* no such command: /session; /help lists them; // sends a line that starts with a slash"),
    ProtocolError,
    "name only one",
  );
});
