import { assertEquals, assertStringIncludes } from "@std/assert";
import { hear } from "../../../chat/room/commands.ts";
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

/** A room with alice and bob, and what each of them got since the last look. */
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

Deno.test("hear() says what is no command, and // begins a line with a slash", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  hear(room, alice, "hello");
  hear(room, alice, "//who is not a command");
  hear(room, alice, "   ");
  assertEquals(await got(bob), ["* alice joined", "alice: hello", "alice: /who is not a command"]);
});

Deno.test("hear() knows /who, /me, /msg, /nick, /help", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  hear(room, alice, "/who");
  assertEquals(await got(alice), ["* 2 here: alice, bob"]);
  hear(room, alice, "/me waves");
  assertEquals((await got(bob)).at(-1), "~ alice waves");
  hear(room, alice, "/msg BOB see  you");
  assertEquals(await got(bob), ["alice (to you): see  you"]);
  assertEquals(await got(alice), ["* told bob alone"]);
  hear(room, alice, "/nick Ann");
  assertEquals(await got(bob), ["* alice is now Ann"]);
  assertEquals(await got(alice), ["* you are Ann; /help lists what you can type"]);
  hear(room, alice, "/help");
  const help = (await got(alice)).join("\n");
  for (const usage of ["/who", "/nick NAME", "/me TEXT", "/msg NAME TEXT", "/help", "/quit"]) {
    assertStringIncludes(help, usage);
  }
});

Deno.test("hear() says what is wrong with a command, and nobody else hears of it", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  const wrong: [string, string][] = [
    ["/msg carol hi", "* nobody here is called carol"],
    ["/msg bob", "* name somebody and say something: /msg NAME TEXT"],
    ["/me", "* say what you do: /me waves"],
    ["/nick bob", "* you are still alice: the name bob is taken"],
    ["/nick", "* you are still alice: a name has at least one character"],
    ["/kick bob", "* no such command: /kick; /help lists them, and // begins a line with a slash"],
    ["/constructor", "* no such command: /constructor; /help lists them, and // begins a line with a slash"],
  ];
  for (const [line, answer] of wrong) {
    assertEquals(hear(room, alice, line), undefined);
    assertEquals(await got(alice), [answer]);
  }
  assertEquals(await got(bob), []);
});

Deno.test("hear() says when somebody wants to leave (C6)", pure, () => {
  const { room, alice } = roomOfTwo();
  for (const line of ["exit", " EXIT ", "/quit", "/Quit"]) assertEquals(hear(room, alice, line), "leave");
  assertEquals(hear(room, alice, "exit now"), undefined);
});

Deno.test("hear() lets nobody hear the muted, who are told so", pure, async () => {
  const { room, alice, bob, got } = roomOfTwo();
  room.introduce(alice);
  room.mute(alice, true);
  await got(bob);
  for (const line of ["hello", "/me waves", "/msg bob hi"]) {
    hear(room, alice, line);
    assertEquals(await got(alice), ["* you are muted: nobody got that"]);
  }
  assertEquals(await got(bob), []);
  room.mute(alice, false);
  hear(room, alice, "hello");
  assertEquals(await got(bob), ["alice: hello"]);
});
