import { assertEquals } from "@std/assert";
import { Bag } from "../../lib/bag.ts";

const permissions = "none";

Deno.test("Bag reuses a free slot for the next item", { permissions }, () => {
  const bag = new Bag<string>();
  const places = ["a", "b", "c"].map((item) => bag.add(item));
  assertEquals(new Set(places).size, 3);
  bag.remove(places[1] as number);
  assertEquals([bag.size, [...bag]], [2, ["a", "c"]]);
  assertEquals(bag.add("d"), places[1]);
  assertEquals([bag.size, [...bag].sort()], [3, ["a", "c", "d"]]);
  for (const place of places) bag.remove(place);
  assertEquals([bag.size, [...bag]], [0, []]);
});

Deno.test("items of a Bag can be removed while iterating over it", { permissions }, () => {
  const bag = new Bag<number>();
  const places = Array.from({ length: 100 }, (_, item) => bag.add(item));
  const seen = [];
  for (const item of bag) {
    seen.push(item);
    bag.remove(places[item] as number);
    // And the one after the next.
    if (item % 3 === 0 && item + 2 < 100) bag.remove(places[item + 2] as number);
  }
  assertEquals(bag.size, 0);
  assertEquals(seen, Array.from({ length: 100 }, (_, item) => item).filter((item) => item % 3 !== 2));
});

Deno.test("a Bag does not grow beyond its largest size", { permissions }, () => {
  const bag = new Bag<number>();
  let largest = 0;
  for (let round = 0; round < 10_000; round++) {
    const places = [bag.add(round), bag.add(round)];
    largest = Math.max(largest, ...places);
    places.forEach((place) => bag.remove(place));
  }
  assertEquals([largest, bag.size], [1, 0]);
});
