import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Deadlines, type Patience } from "../../lib/deadlines.ts";

const permissions = "none";

/** Deadlines, the limits that were reached so far, and when the first was (ms). */
function watch(patience: Patience): { deadlines: Deadlines; reached: string[]; first: Promise<number> } {
  const reached: string[] = [];
  const first = Promise.withResolvers<number>();
  const began = performance.now();
  const deadlines = new Deadlines(patience, (limit) => {
    reached.push(limit);
    first.resolve(performance.now() - began);
  });
  return { deadlines, reached, first: first.promise };
}

/** Lets other timers of so many milliseconds fire first. */
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("Deadlines of 0 never end and need no timer", { permissions }, () => {
  const { deadlines, reached } = watch({ idle: 0, stall: 0 });
  deadlines.reading(true);
  deadlines.writing(true);
  assertEquals(reached, []);
});

Deno.test("Deadlines end a read that waits too long, once", { permissions }, async () => {
  const { deadlines, reached, first } = watch({ idle: 20, stall: 0 });
  deadlines.reading(true);
  assertGreaterOrEqual(await first, 19);
  await pass(25);
  assertEquals(reached, ["idle"]);
});

Deno.test("Deadlines count from the last activity, not from the first", { permissions }, async () => {
  const { deadlines, first } = watch({ idle: 100, stall: 0 });
  deadlines.reading(true);
  await pass(40);
  deadlines.reading(true);
  assertGreaterOrEqual(await first, 138);
});

Deno.test("Deadlines do not blame the peer for our own work", { permissions }, async () => {
  const { deadlines, reached, first } = watch({ idle: 10, stall: 0 });
  deadlines.reading(true);
  deadlines.reading(false);
  await pass(30);
  assertEquals(reached, []);
  deadlines.reading(true);
  assertGreaterOrEqual(await first, 39);
});

Deno.test("Deadlines end a write without progress", { permissions }, async () => {
  const { deadlines, reached, first } = watch({ idle: 0, stall: 20 });
  deadlines.writing(true);
  assertGreaterOrEqual(await first, 19);
  await pass(25);
  assertEquals(reached, ["stall"]);
});

Deno.test("Deadlines let a write go on that makes progress", { permissions }, async () => {
  const { deadlines, reached } = watch({ idle: 0, stall: 200 });
  for (let step = 0; step < 25; step++) {
    deadlines.writing(true);
    await pass(10);
  }
  deadlines.writing(false);
  await pass(300);
  assertEquals(reached, []);
  deadlines.stop();
});

Deno.test("Deadlines tell a stalled write from an idle read", { permissions }, async () => {
  const { deadlines, reached, first } = watch({ idle: 60_000, stall: 10 });
  deadlines.reading(true);
  deadlines.writing(true);
  await first;
  assertEquals(reached, ["stall"]);
  deadlines.stop();
});

Deno.test("Deadlines.stop() ends the watch", { permissions }, async () => {
  const { deadlines, reached } = watch({ idle: 5, stall: 5 });
  deadlines.reading(true);
  deadlines.writing(true);
  deadlines.stop();
  await pass(20);
  assertEquals(reached, []);
});

Deno.test(
  "Deadlines end a message that does not come to its end, however often its bytes come",
  { permissions },
  async () => {
    const { deadlines, reached, first } = watch({ idle: 50, stall: 0, message: 60 });
    const dripping = setInterval(() => {
      deadlines.reading(true);
      deadlines.message(true);
    }, 5);
    assertGreaterOrEqual(await first, 59);
    clearInterval(dripping);
    assertEquals(reached, ["message"]);
  },
);

Deno.test("Deadlines give each message its own time", { permissions }, async () => {
  const { deadlines, reached } = watch({ idle: 0, stall: 0, message: 60 });
  for (let message = 0; message < 4; message++) {
    deadlines.message(true);
    await pass(25);
    deadlines.message(false);
  }
  assertEquals(reached, []);
  deadlines.stop();
});

Deno.test("Deadlines do not count time in which the process did not run", { permissions }, async () => {
  for (const patience of [{ idle: 100, stall: 0 }, { idle: 0, stall: 100 }, { idle: 0, stall: 0, message: 100 }]) {
    const { deadlines, reached, first } = watch(patience);
    deadlines.reading(true);
    deadlines.writing(true);
    deadlines.message(true);
    // Let the timer be set for what began just now, then hold up everything, as SIGSTOP would.
    await pass(0);
    for (const end = performance.now() + 700; performance.now() < end;);
    await pass(1);
    assertEquals(reached, []);
    assertGreaterOrEqual(await first, 790);
    deadlines.stop();
  }
});

Deno.test("Deadlines give what begins right after a sleep no more than its limit", { permissions }, async () => {
  const { deadlines, first } = watch({ idle: 100, stall: 0 });
  await pass(0);
  for (const end = performance.now() + 1500; performance.now() < end;);
  // Before the timer notices: the loop has not turned since.
  deadlines.reading(true);
  const waited = await first;
  assert(waited < 1500 + 1000, `${waited} ms`);
});
