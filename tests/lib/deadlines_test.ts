import { assertEquals } from "@std/assert";
import { Deadlines, type WaitLimits } from "../../lib/deadlines.ts";
import { TestTime } from "../support/time.ts";

const permissions = "none";

/** Deadlines, their clock, and the limits that have expired so far, each with its time (ms). */
function watch(patience: WaitLimits): { deadlines: Deadlines; time: TestTime; reached: [string, number][] } {
  const reached: [string, number][] = [];
  const time = new TestTime();
  const deadlines = new Deadlines(patience, (limit) => reached.push([limit, time.now()]), time);
  return { deadlines, time, reached };
}

Deno.test("Deadlines of 0 never expire and set no timer", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 0 });
  deadlines.reading(true);
  deadlines.writing(true);
  assertEquals(time.timers, 0);
  await time.pass(1e6);
  assertEquals(reached, []);
});

Deno.test("Deadlines expire once for a read that waits too long", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 20, stall: 0 });
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 20]]);
});

Deno.test("Deadlines count from the last activity, not the first", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 100, stall: 0 });
  deadlines.reading(true);
  await time.pass(40);
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 140]]);
});

Deno.test("Deadlines do not count the time that we take", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 10, stall: 0 });
  deadlines.reading(true);
  deadlines.reading(false);
  await time.pass(1000);
  assertEquals(reached, []);
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 1010]]);
});

Deno.test("Deadlines expire for a stalled write, at most a quarter of the limit late", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 20 });
  await time.pass(3);
  deadlines.writing(true);
  await time.pass(1000);
  assertEquals(reached, [["stall", 23]]);
});

Deno.test("Deadlines do not expire for a write that makes progress or is complete", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 200 });
  for (let step = 0; step < 25; step++) {
    deadlines.writing(true);
    await time.pass(190);
  }
  deadlines.writing(false);
  await time.pass(3000);
  assertEquals(reached, []);
});

Deno.test("Deadlines that limit only writes set a timer when one begins, and none for an idle connection", {
  permissions,
}, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 20 });
  assertEquals(time.timers, 0);
  for (let turn = 0; turn < 2; turn++) {
    deadlines.writing(true);
    assertEquals(time.timers, 1);
    deadlines.writing(false);
    await time.pass(30);
    assertEquals(time.timers, 0);
  }
  deadlines.writing(true);
  await time.pass(19);
  assertEquals(reached, []);
  await time.pass(1);
  assertEquals(reached, [["stall", 80]]);
});

Deno.test("Deadlines distinguish a stalled write from an idle read", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 60_000, stall: 10 });
  deadlines.reading(true);
  deadlines.writing(true);
  await time.pass(100);
  assertEquals(reached.map(([limit]) => limit), ["stall"]);
});

Deno.test("Deadlines.stop() cancels the timer", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 5, stall: 5 });
  deadlines.reading(true);
  deadlines.writing(true);
  deadlines.stop();
  assertEquals(time.timers, 0);
  await time.pass(1000);
  assertEquals(reached, []);
});

Deno.test(
  "Deadlines expire for an incomplete message, however often its bytes arrive",
  { permissions },
  async () => {
    const { deadlines, time, reached } = watch({ idle: 50, stall: 0, message: 60 });
    while (time.now() < 200) {
      deadlines.reading(true);
      deadlines.message(true);
      await time.pass(5);
    }
    assertEquals(reached, [["message", 60]]);
  },
);

Deno.test("Deadlines time each message separately", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 0, message: 60 });
  for (let message = 0; message < 4; message++) {
    deadlines.message(true);
    await time.pass(59);
    deadlines.message(false);
  }
  assertEquals(reached, []);
});

Deno.test("Deadlines do not count time while the process was suspended", { permissions }, async () => {
  for (const patience of [{ idle: 100, stall: 0 }, { idle: 0, stall: 100 }, { idle: 0, stall: 0, message: 100 }]) {
    const { deadlines, time, reached } = watch(patience);
    deadlines.reading(true);
    deadlines.writing(true);
    deadlines.message(true);
    await time.pass(1);
    time.sleep(10_000);
    await time.pass(98);
    assertEquals(reached, []);
    await time.pass(50);
    assertEquals(reached.length, 1);
  }
});

Deno.test(
  "Deadlines do not extend the limit of an operation that starts right after a suspension",
  { permissions },
  async () => {
    const { deadlines, time, reached } = watch({ idle: 100, stall: 0 });
    time.sleep(1500);
    // Before the timer notices: the event loop has not turned since.
    deadlines.reading(true);
    await time.pass(1000);
    assertEquals(reached, [["idle", 1600]]);
  },
);
