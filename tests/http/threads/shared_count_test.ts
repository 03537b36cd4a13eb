import { assertEquals } from "@std/assert";
import { sharedCounts, SharedSlots } from "../../../http/threads/shared_count.ts";

const permissions = "none";

Deno.test("SharedSlots counts the connections of all workers against one limit", { permissions }, () => {
  const memory = sharedCounts(2);
  const [one, two] = [new SharedSlots(memory, 0, 3), new SharedSlots(memory, 1, 3)];
  assertEquals([one.take(), two.take(), one.take(), two.take(), one.take()], [true, true, true, false, false]);
  two.free();
  assertEquals([one.take(), two.take()], [true, false]);
  // The first worker dies with its slots.
  one.clear();
  assertEquals([two.take(), two.take(), two.take(), two.take()], [true, true, true, false]);
});
