/** A first look finds out how a chat is spoken, and each remedy names a line that there is. */
import { assertEquals, assertRejects } from "@std/assert";
import { protocol } from "../../../../lab/checks/chat/checks.ts";
import { joinOf } from "../../../../lab/checks/chat/look.ts";
import type { ProtocolFlagValues } from "../../../../lab/checks/protocol.ts";
import { Trial } from "../../../../lab/checks/trial.ts";
import { UsageError } from "../../../../lib/errors.ts";
import { TestRoomServer } from "../../../chat/support.ts";
import { NAMED } from "./support.ts";
import { TinyRoom } from "./tiny_room.ts";

const FLAGS = { mode: "room" } as ProtocolFlagValues;

async function lookAt(port: number, flags: Partial<ProtocolFlagValues> = {}): Promise<unknown> {
  const { signal } = new AbortController();
  const server = { hostname: "127.0.0.1", port };
  using trial = new Trial({ server, dialect: null, patience: 500, random: () => 0, signal });
  return await protocol.dialectOf({ ...FLAGS, ...flags }, { trial, say() {} });
}

Deno.test("a first look finds how one joins and leaves", async () => {
  await using room = new TinyRoom();
  assertEquals(await lookAt(room.port), NAMED);
  await using ours = new TestRoomServer();
  assertEquals(await lookAt(ours.port), { ...NAMED, join: "/nick {name}" });
});

Deno.test("what the flags say is not looked for", async () => {
  await using room = new TinyRoom("no farewell");
  const given = { join: "NAME {name}", quit: "", terminator: "\r\n" };
  const found = await lookAt(room.port, given);
  assertEquals(found, { ...NAMED, join: "NAME {name}", quit: null, terminator: "\r\n" });
  await assertRejects(() => lookAt(room.port, { terminator: ";" }), UsageError, "--terminator");
});

Deno.test("nothing connects to a chat in turns before its check", async () => {
  assertEquals(await lookAt(1, { mode: "turns" }), {
    ...NAMED,
    mode: "turns",
    join: "",
    greets: false,
    answers: false,
  });
});

Deno.test("joinOf() takes no greeting for a question", () => {
  const greetings = [
    "",
    "Welcome to the chat!\n",
    "<announce> 127.0.0.1 is connected as <user4>.\n",
    "Hello, nice name\n",
  ];
  assertEquals(greetings.map(joinOf), [null, null, null, null]);
  const questions = ["Enter your name: ", "Username?\n", "Welcome!\nWhat is your nickname\n", "use NICK to register\n"];
  assertEquals(questions.map(joinOf), ["{name}", "{name}", "{name}", "NICK {name}"]);
});

Deno.test("each remedy names a line that occurs once", async () => {
  const wrong: string[] = [];
  for (const { name, remedy } of protocol.checks) {
    if (remedy === undefined) continue;
    const source = await Deno.readTextFile(new URL(`../../../../${remedy.file}`, import.meta.url));
    if (source.split(remedy.line).length !== 2) wrong.push(`${name}: ${remedy.line}`);
  }
  assertEquals(wrong, []);
});
