import { assertEquals } from "@std/assert";
import { Room } from "../../../chat/room/room.ts";
import type { Member, RoomEvent } from "../../../chat/room/member.ts";
import { RateLimit } from "../../../chat/room/pace.ts";
import { Seat } from "../../../chat/room/seat.ts";
import { turn } from "../../support/time.ts";

const permissions = "none";

/** A seat whose next lines must wait for as many milliseconds as the test says. */
function setUp(...waits: number[]): {
  seat: Seat;
  member: Member;
  events: RoomEvent[];
  letGo: AbortController;
  lines: string[];
} {
  const lines: string[] = [];
  const events: RoomEvent[] = [];
  const room = new Room({ history: 0, onEvent: (event) => events.push(event) });
  const traffic = () => ({ bytesIn: 0, bytesOut: 0, idle: 0 });
  const member = room.join({ id: 1, peer: "192.0.2.1:1", drop: () => {}, traffic }, { silent: true });
  const [limit, letGo] = [new RateLimit(5, 0), new AbortController()];
  limit.take = () => waits.shift() ?? 0;
  const onLine = (line: string): void => void lines.push(line);
  const seat = new Seat(room, member, { rate: 5, limit, checkMute: () => {}, onLine, signal: () => letGo.signal });
  return { seat, member, events, letGo, lines };
}

const said = (events: readonly RoomEvent[]): string[] =>
  events.filter(({ kind }) => kind === "said").map(({ line }) => line);

Deno.test("Seat.take() hears a line at once, and its first line introduces the member", { permissions }, () => {
  const { seat, member, events } = setUp();
  assertEquals([seat.take("hello"), member.introduced, said(events)], [undefined, true, ["guest-1: hello"]]);
  assertEquals(seat.take("/quit"), "leave");
  seat[Symbol.dispose]();
});

Deno.test("Seat.take() holds a line back until its time has come, and says so once", { permissions }, async () => {
  const { seat, events, letGo } = setUp(60_000, 60_000);
  const first = seat.take("one");
  await turn();
  assertEquals(said(events), []);
  letGo.abort();
  await first;
  await seat.take("two");
  assertEquals(said(events), ["guest-1: one", "guest-1: two"]);
  assertEquals(events.filter(({ line }) => line.includes("more than 5 lines a second")).length, 1);
  seat[Symbol.dispose]();
});

Deno.test("Seat.take() tells each line, but no session's key", { permissions }, () => {
  const { seat, lines } = setUp();
  for (const line of [`/session ${"k".repeat(22)}`, "/session", "hello", "/line a1 /who"]) seat.take(line);
  assertEquals(lines, ["/session", "/session", "hello", "/line a1 /who"]);
  seat[Symbol.dispose]();
});
