import { assertEquals, assertStringIncludes } from "@std/assert";
import { handleLine } from "../../../chat/room/commands.ts";
import type { Link, Member } from "../../../chat/room/member.ts";
import { Room } from "../../../chat/room/room.ts";
import { decodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;
const LINK: Link = {
  id: 1,
  peer: "192.0.2.1:1",
  drop: () => {},
  traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }),
};

/** A room with alice and bob; `got` returns the lines a member received since the last call. */
function roomOfTwo(): { room: Room; alice: Member; bob: Member; got: (member: Member) => Promise<string[]> } {
  const room = new Room({ history: 0 });
  const [alice, bob] = [
    room.join(LINK, { name: "alice", silent: true }),
    room.join(LINK, { name: "bob", silent: true }),
  ];
  const got = async (member: Member): Promise<string[]> => {
    if (member.outbox?.queued === 0) return [];
    return decodeText((await member.outbox?.take()) ?? new Uint8Array()).trimEnd().split("\n");
  };
  return { room, alice, bob, got };
}

Deno.test("handleLine() says what is not a command, and // escapes a leading slash", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  handleLine(room, alice, "hello");
  handleLine(room, alice, "//who is not a command");
  handleLine(room, alice, "   ");
  assertEquals(await got(bob), ["* alice joined", "alice: hello", "alice: /who is not a command"]);
});

Deno.test("handleLine() knows /who, /me, /msg, /nick, /help", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  handleLine(room, alice, "/who");
  assertEquals(await got(alice), ["* 2 here: alice, bob"]);
  handleLine(room, alice, "/me waves");
  assertEquals((await got(bob)).at(-1), "~ alice waves");
  handleLine(room, alice, "/msg BOB see  you");
  assertEquals(await got(bob), ["alice (to you): see  you"]);
  assertEquals(await got(alice), ["* sent to bob only"]);
  handleLine(room, alice, "/nick Ann");
  assertEquals(await got(bob), ["* alice is now Ann"]);
  assertEquals(await got(alice), ["* you are Ann; /help lists what you can type"]);
  handleLine(room, alice, "/help");
  const help = (await got(alice)).join("\n");
  for (const usage of ["/who", "/nick NAME", "/me TEXT", "/msg NAME TEXT", "/help", "/quit"]) {
    assertStringIncludes(help, usage);
  }
});

Deno.test("handleLine() reports a wrong command to its sender only", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  const wrong: [string, string][] = [
    ["/msg carol hi", "* no such member: carol"],
    ["/msg bob", "* nothing to send: /msg NAME TEXT"],
    ["/me", "* nothing to show: /me TEXT, as in /me waves"],
    ["/nick bob", "* you are still alice: the name bob is taken"],
    ["/nick", "* you are still alice: a name has at least one character"],
    ["/kick bob", "* no such command: /kick; /help lists them; // sends a line that starts with a slash"],
    ["/constructor", "* no such command: /constructor; /help lists them; // sends a line that starts with a slash"],
  ];
  for (const [line, answer] of wrong) {
    assertEquals(handleLine(room, alice, line), undefined);
    assertEquals(await got(alice), [answer]);
  }
  assertEquals(await got(bob), []);
});

Deno.test("handleLine() returns when a member wants to leave (C6)", pure, () => {
  const { room, alice } = roomOfTwo();
  for (const line of ["exit", " EXIT ", "/quit", "/Quit"]) assertEquals(handleLine(room, alice, line), "leave");
  assertEquals(handleLine(room, alice, "exit now"), undefined);
});

Deno.test("handleLine() drops the lines of a muted member, and tells it", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  room.introduce(alice);
  room.mute(alice, true);
  await got(bob);
  for (const line of ["hello", "/me waves", "/msg bob hi"]) {
    handleLine(room, alice, line);
    assertEquals(await got(alice), ["* you are muted: that was not sent"]);
  }
  assertEquals(await got(bob), []);
  room.mute(alice, false);
  handleLine(room, alice, "hello");
  assertEquals(await got(bob), ["alice: hello"]);
});
