import { assertEquals } from "@std/assert";
import { MemoryBudget, memoryBudget } from "../../lib/memory.ts";
import { RecordedEvents } from "../support/sockets.ts";

Deno.test("MemoryBudget refuses bytes above its limit, and accepts them once there is room", () => {
  const budget = new MemoryBudget(10);
  const [one, two] = [budget.share(), budget.share()];
  assertEquals([one.hold(6), two.hold(4), two.hold(5)], [true, true, false]);
  assertEquals(budget.used, 10);
  assertEquals([one.hold(5), two.hold(5)], [true, true]);
});

Deno.test("MemoryShare releases everything it holds, once", () => {
  const budget = new MemoryBudget(10);
  const other = budget.share();
  other.hold(3);
  {
    using share = budget.share();
    share.hold(7);
    share.release();
    share.release();
    assertEquals(budget.used, 3);
    share.hold(5);
  }
  assertEquals(budget.used, 3);
});

Deno.test("MemoryBudget reports once that it is full, and again after half of it was free", () => {
  let calls = 0;
  const budget = new MemoryBudget(10, () => calls++);
  const share = budget.share();
  share.hold(10);
  assertEquals([share.hold(11), share.hold(12), calls], [false, false, 1]);
  share.hold(6);
  assertEquals([share.hold(11), calls], [false, 1]);
  share.hold(5);
  assertEquals([share.hold(11), calls], [false, 2]);
});

Deno.test("MemoryBudget with limit 0 refuses nothing", () => {
  assertEquals(new MemoryBudget(0).share().hold(Number.MAX_SAFE_INTEGER), true);
});

Deno.test("memoryBudget() logs that it is exhausted", () => {
  const events = new RecordedEvents();
  assertEquals(memoryBudget(1, events).share().hold(1024 * 1024 + 1), false);
  assertEquals(events.all.map(({ event }) => event), ["warning"]);
});

Deno.test("a disposed MemoryShare counts nothing, since nothing would release it", () => {
  const budget = new MemoryBudget(10);
  const share = budget.share();
  share.hold(5);
  share[Symbol.dispose]();
  assertEquals([share.hold(8), budget.used], [true, 0]);
});
