import { assertEquals } from "@std/assert";
import { Crowd } from "../../../chat/room/crowd.ts";
import type { Member } from "../../../chat/room/member.ts";
import { Room } from "../../../chat/room/room.ts";
import { decodeText } from "../../../lib/text.ts";
import { TestTime } from "../../support/time.ts";

const pure = { permissions: "none" } as const;

Deno.test("Crowd lets a class of a hundred pass by name, and counts those beyond; then names again", pure, async () => {
  const time = new TestTime();
  const told: string[] = [];
  const crowd = new Crowd((text) => told.push(text), time);
  const pass = (kind: "joined" | "left", count: number, hearers = 1000): number =>
    Array.from({ length: count }, () => crowd.passes(kind, hearers)).filter((passes) => passes).length;
  assertEquals([pass("joined", 100), pass("joined", 12), pass("left", 3)], [100, 0, 0]);
  await time.pass(500);
  // There would be names again, but some are being counted.
  assertEquals([pass("left", 1), told], [0, []]);
  await time.pass(500);
  assertEquals(told.splice(0), ["12 more joined, 4 more left"]);
  assertEquals([pass("joined", 6), pass("left", 1)], [5, 0]);
  await time.pass(1000);
  assertEquals(told.splice(0), ["1 more joined, 1 more left"]);
  await time.pass(60_000);
  assertEquals([told, pass("joined", 200, 100), pass("left", 1)], [[], 200, 0]);
  crowd.close();
  await time.pass(1000);
  assertEquals(told, []);
});

Deno.test(
  "in a crowd a member hears a hundred names and a number; the events and the transcript have all",
  pure,
  async () => {
    const joined: string[] = [];
    const time = new TestTime();
    const room = new Room({ history: 0, time, onEvent: ({ kind, line }) => kind === "joined" && joined.push(line) });
    let ids = 0;
    const join = (name?: string): Member => {
      const link = { id: ++ids, peer: "", drop: () => {}, traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }) };
      const member = room.join(link, name === undefined ? { silent: true } : { silent: true, name });
      room.introduce(member);
      return member;
    };
    const alice = join("alice");
    const zoe = join("zoe");
    zoe.outbox?.startNumbering();
    for (let count = 0; count < 300; count++) join();
    room.say(zoe, "hello");
    const heard = async (member: Member): Promise<string[]> =>
      decodeText((await member.outbox?.take()) ?? new Uint8Array()).trimEnd().split("\n");
    const lines = await heard(alice);
    assertEquals([lines.length, lines.at(-2), lines.at(-1)], [100, "* guest-98 joined", "zoe: hello"]);
    assertEquals((await heard(zoe)).slice(-2), ["#100 * guest-98 joined", "#303 zoe: hello"]);
    assertEquals([joined.length, room.transcript.split("\n").length - 1], [302, 303]);
    await time.pass(1000);
    assertEquals(await Promise.all([heard(alice), heard(zoe)]), [["* 202 more joined"], ["* 202 more joined"]]);
    room.close("over");
    assertEquals(time.timers, 0);
  },
);
