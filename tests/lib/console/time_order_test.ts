import { assertEquals } from "@std/assert";
import { TimeOrder } from "../../../lib/console/time_order.ts";
import type { NetEvent } from "../../../lib/events.ts";
import { TestTime } from "../../support/time.ts";

const permissions = "none";
const EPOCH = 1_750_000_000_000;

/** An order, what it has passed on, and its clock, which may be set. */
function ordered() {
  const time = new TestTime();
  const clock = { offset: EPOCH };
  const told: [string, number][] = [];
  const pass = (event: NetEvent): unknown => told.push(["message" in event ? String(event.message) : "", time.now()]);
  const order = new TimeOrder(pass, { time, clock: () => clock.offset + time.now() });
  const push = (message: string, at?: number): void =>
    order.push({ event: "notice", message, ...(at === undefined ? {} : { at: EPOCH + at }) });
  return { time, clock, told, order, push, names: () => told.map(([name]) => name) };
}

Deno.test(
  "TimeOrder passes on what two threads send in batches in the order of its time",
  { permissions },
  async () => {
    const { time, push, names } = ordered();
    push("stopping");
    await time.pass(20);
    for (const at of [-30, -20, -10]) push(`one ${at}`, at);
    for (const at of [-25, -20, 5]) push(`two ${at}`, at);
    await time.pass(200);
    assertEquals(names(), ["one -30", "two -25", "one -20", "two -20", "one -10", "stopping", "two 5"]);
    assertEquals(time.timers, 0);
  },
);

Deno.test("TimeOrder holds no event for more than 90 ms, however many follow it", { permissions }, async () => {
  const { time, told, push } = ordered();
  for (let at = 0; at < 1000; at++) {
    push(String(at));
    await time.pass(1);
  }
  await time.pass(100);
  assertEquals(told.length, 1000);
  for (const [name, passed] of told) assertEquals(passed - Number(name) <= 90, true, `${name} at ${passed}`);
});

Deno.test("TimeOrder under load passes on what has arrived, in order, instead of holding it", { permissions }, () => {
  const { push, names, order } = ordered();
  for (let count = 0; count < 499; count++) push(`later ${count}`, 20);
  assertEquals(names(), []);
  push("first", 10);
  assertEquals([names().length, names()[0]], [500, "first"]);
  push("next", 15);
  assertEquals(names().length, 500);
  order.flush();
});

Deno.test("TimeOrder.flush() passes on everything at once, and leaves no timer", { permissions }, () => {
  const { time, order, push, names } = ordered();
  push("late", 10);
  push("early", 5);
  order.flush();
  assertEquals([names(), time.timers], [["early", "late"], 0]);
  order.flush();
  assertEquals(names().length, 2);
});

Deno.test("TimeOrder holds nothing until a clock that was set back is there again", { permissions }, async () => {
  const { time, clock, push, names } = ordered();
  push("before");
  clock.offset -= 3_600_000;
  await time.pass(100);
  assertEquals(names(), ["before"]);
});
