import { assertEquals } from "@std/assert";
import { Bans } from "../../../chat/room/bans.ts";
import type { Link, Member } from "../../../chat/room/member.ts";
import { banNotice, Moderator } from "../../../chat/room/moderator.ts";
import { Room } from "../../../chat/room/room.ts";
import { decodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;

/** A room with an operator, and a clock that the test sets. */
class Moderated {
  readonly room: Room;
  readonly bans = new Bans();
  readonly moderator: Moderator;
  now = 0;
  /** The notices to the operator for the last command. */
  #told: string[] = [];
  #operator: Member;

  constructor() {
    this.room = new Room({
      history: 0,
      onEvent: (event) => {
        if (event.kind === "told" && event.to === this.#operator) this.#told.push(event.text);
      },
    });
    this.#operator = this.room.join(this.#link(""), { name: "server", follows: true, silent: true });
    this.moderator = new Moderator(this.room, { bans: this.bans, clock: () => this.now, self: this.#operator });
  }

  #link(address: string, fingerprint: string | null = null): Link {
    const traffic = (): ReturnType<Link["traffic"]> => ({ bytesIn: 0, bytesOut: 0, idle: 0 });
    return { id: 1, peer: `${address}:1`, address, fingerprint, drop() {}, traffic };
  }

  join(name: string, address: string, fingerprint: string | null = null): Member {
    return this.room.join(this.#link(address, fingerprint), { name, silent: true });
  }

  /** Runs a command; returns the notices to the operator. */
  does(line: string): string[] {
    const [, name = "", rest = ""] = /^\/(\S+) ?(.*)$/.exec(line) ?? [];
    this.#told = [];
    this.moderator.commands()[name]?.run(this.room, this.#operator, rest);
    return this.#told;
  }
}

async function linesOf(member: Member): Promise<string[]> {
  const bytes = await member.outbox?.take() ?? new Uint8Array();
  return decodeText(bytes).trimEnd().split("\n");
}

Deno.test("/kick keeps the address out for a minute; others from there stay", pure, async () => {
  const room = new Moderated();
  const [eve, bob] = [room.join("eve", "192.0.2.7"), room.join("bob", "192.0.2.7")];
  assertEquals(room.does("/kick eve"), [
    "eve was kicked out: 192.0.2.7 is banned for 1 minute; still connected from there: 1 other",
  ]);
  assertEquals([eve.gone, bob.gone, await linesOf(eve)], [true, false, [
    "Cannot serve you: the operator has kicked you out for 1 minute",
  ]]);
  assertEquals(room.bans.find("ban", { address: "192.0.2.7", fingerprint: null }, 59_999)?.name, "eve");
  assertEquals(room.bans.find("ban", { address: "192.0.2.7", fingerprint: null }, 60_000), null);
});

Deno.test("/ban NAME applies to the certificate only, if the client presented one", pure, () => {
  const room = new Moderated();
  room.join("eve", "192.0.2.7", "sha256:eve");
  assertEquals(room.does("/ban EVE 90"), ["eve was banned: sha256:eve is banned for 90 minutes"]);
  const ban = room.bans.find("ban", { address: "203.0.113.9", fingerprint: "sha256:eve" }, 0);
  assertEquals(ban === null ? "" : banNotice(ban, 30 * 60_000), "the operator has banned you, 60 minutes left");
  assertEquals(room.bans.find("ban", { address: "192.0.2.7", fingerprint: null }, 0), null);
});

Deno.test("/ban ADDRESS disconnects all clients from there; /unban lifts it, by address and by name", pure, () => {
  const room = new Moderated();
  const members = [room.join("eve", "192.0.2.7"), room.join("bob", "192.0.2.7"), room.join("ann", "192.0.2.8")];
  assertEquals(room.does("/ban 192.0.2.7"), ["192.0.2.7 is banned for 60 minutes"]);
  assertEquals(members.map(({ gone }) => gone), [true, true, false]);
  assertEquals(room.does("/unban 192.0.2.7"), ["192.0.2.7 is no longer banned"]);
  room.does("/ban ann");
  assertEquals(room.does("/bans"), ["banned: ann (192.0.2.8), 60 minutes left"]);
  assertEquals(room.does("/unban Ann"), ["ann (192.0.2.8) is no longer banned"]);
  assertEquals(room.does("/unban ann"), ["ann is not banned; /bans lists all bans"]);
  assertEquals(room.does("/bans"), ["no bans or mutes"]);
});

Deno.test("/mute expires, and /unmute ends it", pure, async () => {
  const room = new Moderated();
  const eve = room.join("eve", "192.0.2.7");
  assertEquals(room.does("/mute eve 5"), ["eve is muted for 5 minutes"]);
  assertEquals(room.does("/bans"), ["muted: eve (192.0.2.7), 5 minutes left"]);
  room.now = 5 * 60_000 - 1;
  room.moderator.checkMute(eve);
  assertEquals(eve.muted, true);
  room.now++;
  room.moderator.checkMute(eve);
  assertEquals([eve.muted, (await linesOf(eve)).at(-1)], [false, "* you are no longer muted"]);
  room.does("/mute eve");
  room.does("/unmute eve");
  assertEquals([eve.muted, room.does("/bans")], [false, ["no bans or mutes"]]);
});

Deno.test("the operator is told what is wrong with a command, and cannot be its target", pure, () => {
  const room = new Moderated();
  room.join("eve", "192.0.2.7");
  for (const minutes of ["0", "-1", "1.5", "x", "44641", "1 2"]) {
    assertEquals(room.does(`/ban eve ${minutes}`), [
      `cannot use ${minutes}: it must be a number of minutes from 1 to 44640`,
    ]);
    assertEquals(room.does(`/ban 192.0.2.9 ${minutes}`), [
      `cannot use ${minutes}: it must be a number of minutes from 1 to 44640`,
    ]);
  }
  for (
    const usage of [
      "/kick NAME [MINUTES]",
      "/mute NAME [MINUTES]",
      "/unmute NAME|ADDRESS",
      "/ban NAME|ADDRESS [MINUTES]",
      "/unban NAME|ADDRESS",
    ]
  ) {
    assertEquals(room.does(usage.split(" ")[0] ?? ""), [`no name given: ${usage}`]);
  }
  assertEquals([room.does("/ban server"), room.does("/kick zed")], [["that is you"], ["no such member: zed"]]);
});

Deno.test(
  "repeating /mute and /ban resets the time, even to a shorter one; a kick does not shorten a ban",
  pure,
  () => {
    const room = new Moderated();
    const [eve] = [room.join("eve", "192.0.2.7"), room.join("bob", "192.0.2.7")];
    room.does("/mute eve");
    assertEquals(room.does("/mute eve 1"), ["eve is muted for 1 minute"]);
    assertEquals(room.does("/bans"), ["muted: eve (192.0.2.7), 1 minute left"]);
    room.does("/unmute eve");
    room.does("/ban 198.51.100.1 60");
    assertEquals(room.does("/ban 198.51.100.1 2"), ["198.51.100.1 is banned for 2 minutes"]);
    assertEquals(room.does("/bans"), ["banned: 198.51.100.1, 2 minutes left"]);
    assertEquals(eve.gone, false);
    room.does("/ban eve 30");
    assertEquals(room.does("/kick bob"), ["bob was kicked out: 192.0.2.7 is banned for 30 minutes"]);
  },
);

Deno.test("/unmute lifts the mute of a client that has left, by name or address, and no other", pure, () => {
  const room = new Moderated();
  for (const word of ["eve", "192.0.2.7"]) {
    const [eve, bob] = [room.join("eve", "192.0.2.7"), room.join("bob", "192.0.2.7")];
    room.does("/mute eve");
    assertEquals(room.does("/unmute bob"), ["bob is not muted; /bans lists all mutes"]);
    assertEquals([eve.muted, bob.muted], [true, false]);
    room.room.leave(eve, "quit");
    assertEquals(room.does(`/unmute ${word}`), ["eve (192.0.2.7) is no longer muted"]);
    assertEquals(room.does("/bans"), ["no bans or mutes"]);
    room.room.leave(bob, "quit");
  }
});
