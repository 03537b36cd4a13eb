import { assertEquals } from "@std/assert";
import { Deadlines, type WaitLimits } from "../../lib/deadlines.ts";
import { TestTime } from "../support/time.ts";

const permissions = "none";

/** Deadlines, their time, and the limits that were reached so far, each with when that was (ms). */
function watch(patience: WaitLimits): { deadlines: Deadlines; time: TestTime; reached: [string, number][] } {
  const reached: [string, number][] = [];
  const time = new TestTime();
  const deadlines = new Deadlines(patience, (limit) => reached.push([limit, time.now()]), time);
  return { deadlines, time, reached };
}

Deno.test("Deadlines of 0 never end and need no timer", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 0 });
  deadlines.reading(true);
  deadlines.writing(true);
  assertEquals(time.timers, 0);
  await time.pass(1e6);
  assertEquals(reached, []);
});

Deno.test("Deadlines end a read that waits too long, once", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 20, stall: 0 });
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 20]]);
});

Deno.test("Deadlines count from the last activity, not from the first", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 100, stall: 0 });
  deadlines.reading(true);
  await time.pass(40);
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 140]]);
});

Deno.test("Deadlines do not blame the peer for our own work", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 10, stall: 0 });
  deadlines.reading(true);
  deadlines.reading(false);
  await time.pass(1000);
  assertEquals(reached, []);
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 1010]]);
});

Deno.test("Deadlines end a write without progress, to a quarter of the limit", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 20 });
  await time.pass(3);
  deadlines.writing(true);
  await time.pass(1000);
  assertEquals(reached, [["stall", 25]]);
});

Deno.test("Deadlines let a write go on that makes progress, and one that is done", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 200 });
  for (let step = 0; step < 25; step++) {
    deadlines.writing(true);
    await time.pass(190);
  }
  deadlines.writing(false);
  await time.pass(3000);
  assertEquals(reached, []);
});

Deno.test("Deadlines tell a stalled write from an idle read", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 60_000, stall: 10 });
  deadlines.reading(true);
  deadlines.writing(true);
  await time.pass(100);
  assertEquals(reached.map(([limit]) => limit), ["stall"]);
});

Deno.test("Deadlines.stop() ends the watch", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 5, stall: 5 });
  deadlines.reading(true);
  deadlines.writing(true);
  deadlines.stop();
  assertEquals(time.timers, 0);
  await time.pass(1000);
  assertEquals(reached, []);
});

Deno.test(
  "Deadlines end a message that does not come to its end, however often its bytes come",
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

Deno.test("Deadlines give each message its own time", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 0, stall: 0, message: 60 });
  for (let message = 0; message < 4; message++) {
    deadlines.message(true);
    await time.pass(59);
    deadlines.message(false);
  }
  assertEquals(reached, []);
});

Deno.test("Deadlines do not count time in which the process did not run", { permissions }, async () => {
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

Deno.test("Deadlines give what begins right after a sleep no more than its limit", { permissions }, async () => {
  const { deadlines, time, reached } = watch({ idle: 100, stall: 0 });
  time.sleep(1500);
  // Before the timer notices: the loop has not turned since.
  deadlines.reading(true);
  await time.pass(1000);
  assertEquals(reached, [["idle", 1600]]);
});
