import { assert, assertEquals } from "@std/assert";
import { BoundedMap } from "../../lib/bounded_map.ts";

const permissions = "none";

Deno.test("the oldest entries give way, also after others were deleted", { permissions }, () => {
  const forgotten: number[] = [];
  const map = new BoundedMap<number, string>(3, (key) => forgotten.push(key));
  for (const key of [1, 2, 3]) map.set(key, "");
  map.set(2, "again");
  assertEquals(forgotten, [], "an entry that is there needs no room");
  map.delete(1);
  map.set(4, "");
  assertEquals(forgotten, []);
  map.set(5, "").set(6, "");
  assertEquals(forgotten, [2, 3]);
  map.clear();
  for (const key of [7, 8, 9, 10, 11]) map.set(key, "");
  assertEquals([[...map.keys()], forgotten], [[9, 10, 11], [2, 3, 7, 8]]);
});

Deno.test("an entry that is deleted and set again is the newest", { permissions }, () => {
  const map = new BoundedMap<number, string>(2);
  for (const key of [1, 2, 3]) map.set(key, "");
  map.delete(2);
  map.set(2, "").set(4, "");
  assertEquals([...map.keys()], [2, 4]);
});

Deno.test("what is forgotten is no longer there when its owner is told", { permissions }, () => {
  const map: BoundedMap<number, string> = new BoundedMap(1, (key) => assertEquals(map.has(key), false));
  map.set(1, "").set(2, "").set(3, "");
});

Deno.test("entries that come and go below the limit leave no memory behind", () => {
  const map = new BoundedMap<number, number>(1000);
  for (let key = 0; key <= 1000; key++) map.set(key, key);
  for (let key = 0; key < 900; key++) map.delete(key);
  const before = Deno.memoryUsage().heapUsed;
  for (let key = 2000; key < 1_000_000; key++) {
    map.set(key, key);
    map.delete(key);
  }
  // They were 40 MB; garbage that nobody has collected yet is far less.
  assert(Deno.memoryUsage().heapUsed - before < 20_000_000);
});
