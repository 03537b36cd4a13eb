import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../../../chat/room/commands.ts";
import { everybodyHere, othersHere } from "../../../../chat/room/member.ts";
import { Room } from "../../../../chat/room/room.ts";
import { foldName } from "../../../../chat/names.ts";
import * as protocol from "../../../../chat/protocol.ts";
import * as sessions from "../../../../chat/session_lines.ts";
import { COMMANDS as OFFERED, completionsFor, foldName as fold } from "../../../../chat/transport/web/page/complete.js";
import { linksIn, newsIn, readLine, readMessage } from "../../../../chat/transport/web/page/lines.js";

const permissions = "none";

Deno.test("the page reads the lines that the room writes", { permissions }, () => {
  const text = "a: b (to you): * ~ c";
  assertEquals(readLine(protocol.chatLine("alice", text)), { kind: "said", name: "alice", text });
  assertEquals(readLine(protocol.actionLine("alice", text)), { kind: "did", name: "alice", text });
  assertEquals(readLine(protocol.privateLine("alice", text)), { kind: "told", name: "alice", text });
  assertEquals(readLine(protocol.noticeLine(text)), { kind: "notice", name: "", text });
  assertEquals(readLine(protocol.refusalLine(text)), { kind: "refused", name: "", text });
  assertEquals(readLine(protocol.GOODBYE), { kind: "goodbye", name: "", text: protocol.GOODBYE });
  for (const other of ["", "no name", ": x", "*: x", "~x", "Goodbye!"]) {
    assertEquals(readLine(other), { kind: "other", name: "", text: other });
  }
});

Deno.test("the page reads what only members with a session get", { permissions }, () => {
  const line = "alice: #1 +a 1";
  assertEquals(readMessage(sessions.numbered(7, line)), { kind: "line", number: 7, text: line });
  assertEquals(readMessage(sessions.startLine({ epoch: "a-b", n: 6 })), { kind: "numbering", epoch: "a-b", number: 6 });
  assertEquals(readMessage(sessions.receiptLine("i-_1", 0)), { kind: "taken", id: "i-_1", number: 0 });
  assertEquals(readMessage(sessions.rejectionLine("i", "no room")), { kind: "rejected", id: "i", reason: "no room" });
  for (const other of [line, "#x y", "+a", "= e", "-"]) {
    assertEquals(readMessage(other), { kind: "line", number: null, text: other });
  }
});

Deno.test("the page learns who is here from the room's notices", { permissions }, () => {
  const link = { id: 1, peer: "", drop: () => {}, traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }) };
  const room = new Room({ history: 0 });
  for (let count = 0; count < 150; count++) room.join(link, { silent: true });
  const [first, more] = everybodyHere(room.members).map(newsIn);
  assertEquals([...first?.all ?? [], ...more?.more ?? []], room.members.map(({ name }) => name));
  const [member] = room.members;
  for (const members of [[], room.members]) {
    assertEquals(member && newsIn(othersHere([members], members.length, member)), { isGreeting: true });
  }
  assertEquals(newsIn(protocol.youAre("Zoë")), { own: "Zoë" });
  assertEquals(newsIn("alice joined"), { joined: ["alice"] });
  assertEquals(newsIn("alice left (line too long)"), { left: ["alice"] });
  for (const some of ["1 more joined", "2 more left", "3 more joined, 1 more left"]) {
    assertEquals(newsIn(some), { isCount: true });
  }
  assertEquals(newsIn("alice is now bob"), { left: ["alice"], joined: ["bob"] });
  assertEquals(newsIn("sent to bob only"), { sentTo: "bob" });
  assertEquals(newsIn("you are still bob: alice is taken"), { stillNamed: "alice is taken" });
  assertEquals(newsIn("you are still bob: names here come from certificates"), { own: "bob" });
  assertEquals(newsIn("alice said that bob joined"), {});
});

Deno.test("a link is http or https, and shows where it leads", { permissions }, () => {
  const links = (text: string): string[] => linksIn(text).filter(({ isLink }) => isLink).map(({ text }) => text);
  for (
    const text of ["", "plain", "see https://a.example/b?c=d#e, or (http://[::1]:80/x). http://", "javascript:alert(1)"]
  ) {
    assertEquals(linksIn(text).map((part) => part.text).join(""), text);
  }
  assertEquals(links("see https://a.example/b?c=d#e, or (http://[::1]:80/x). http://"), [
    "https://a.example/b?c=d#e",
    "http://[::1]:80/x",
  ]);
  assertEquals(links("https://a.example/\u202egnp.exe xhttps://b.example data:x javascript:x ftp://x https:///"), [
    "https://a.example/",
  ]);
  assertEquals(links("https://a.example."), ["https://a.example"]);
});

const texts = (typed: string, names: string[]): string[] =>
  completionsFor(typed, names).choices.map(({ text }) => text);

Deno.test("the page completes commands and names, and shows a list unasked only where one is sure to be wanted", {
  permissions,
}, () => {
  const names = ["Zoë", "alice", "Albert"];
  assertEquals(texts("/m", names), ["/me ", "/msg "]);
  assertEquals(texts("al", names), ["Albert: ", "alice: "]);
  assertEquals(texts("hello zoe", names), ["Zoë "]);
  assertEquals(completionsFor("/msg ", names).choices.length, 3);
  for (const nothing of ["", "hello ", "xyz", "/x"]) assertEquals(texts(nothing, names), [], nothing);
  const wanted = ["/", "/msg a", "al", "/me al"].map((typed) => completionsFor(typed, names).isWanted);
  assertEquals(wanted, [true, true, false, false]);
  assertEquals(completionsFor("hello zoe", names).from, 6);
});

Deno.test("the page knows the room's commands, and folds names as it does", { permissions }, () => {
  assertEquals(new Set(OFFERED.map(([command]) => command)), new Set(Object.keys(COMMANDS).map((name) => `/${name}`)));
  for (const name of ["Zoë", "STRASSE", "straße", "ΣΊΣΥΦΟΣ", "Ａl", "がく", "か", "कि", "क"]) {
    assertEquals(fold(name), foldName(name), name);
  }
});
