import { assertEquals } from "@std/assert";
import type { Link, RoomEvent } from "../../../chat/room/member.ts";
import { Room } from "../../../chat/room/room.ts";
import { roomLog } from "../../../chat/room/log.ts";

const pure = { permissions: "none" } as const;

function link(id: number): Link {
  return { id, peer: `192.0.2.1:${id}`, drop: () => {}, traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }) };
}

Deno.test("roomLog() logs public lines and what concerns the operator, but no private messages", pure, () => {
  const log: unknown[] = [];
  const room = new Room({ history: 0, onEvent: (event) => log.push(roomLog(event, operator, { echoed: false })) });
  const operator = room.join(link(0), { name: "server", follows: true, silent: true });
  const alice = room.join(link(1), { name: "alice" });
  const bob = room.join(link(2), { name: "bob" });
  room.say(alice, "hi \x1b[2J");
  room.tell(alice, bob, "secret");
  room.tell(alice, operator, "psst");
  room.notify(operator, "2 here");
  room.rename(alice, "ann");
  room.say(operator, "welcome");
  room.leave(alice, "idle");
  const who = { id: 1, peer: "192.0.2.1:1", name: "alice" };
  assertEquals(log.filter((event) => event !== null), [
    { event: "joined", ...who, prose: "* alice joined" },
    { event: "message", kind: "said", ...who, text: "hi \x1b[2J", prose: "alice: hi ␛[2J" },
    { event: "message", kind: "private", ...who, to: "server", text: "psst", prose: "alice (to you): psst" },
    { event: "result", text: "2 here", prose: "* 2 here" },
    { event: "message", kind: "notice", text: "alice is now ann", prose: "* alice is now ann" },
    {
      event: "message",
      kind: "said",
      id: 0,
      peer: "192.0.2.1:0",
      name: "server",
      text: "welcome",
      prose: "server: welcome",
    },
    { event: "left", ...who, name: "ann", why: "idle", prose: "* ann left (idle)" },
  ]);
});

Deno.test("roomLog() omits the prose of what the operator typed at the terminal", pure, () => {
  const happened: RoomEvent[] = [];
  const room = new Room({ history: 0, onEvent: (event) => happened.push(event) });
  const operator = room.join(link(0), { name: "server", follows: true, silent: true });
  room.say(operator, "welcome");
  const [event] = happened;
  assertEquals(event && roomLog(event, operator, { echoed: true })?.event, "message");
  assertEquals(event && roomLog(event, operator, { echoed: true }), {
    event: "message",
    kind: "said",
    id: 0,
    peer: "192.0.2.1:0",
    name: "server",
    text: "welcome",
    prose: "",
  });
});
