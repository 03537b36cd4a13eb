import { assertEquals } from "@std/assert";
import { Roster } from "../../lib/bag.ts";

const permissions = "none";

Deno.test("Roster gives a place that is free to the next one", { permissions }, () => {
  const roster = new Roster<string>();
  const places = ["a", "b", "c"].map((item) => roster.add(item));
  assertEquals(new Set(places).size, 3);
  roster.remove(places[1] as number);
  assertEquals([roster.size, [...roster]], [2, ["a", "c"]]);
  assertEquals(roster.add("d"), places[1]);
  assertEquals([roster.size, [...roster].sort()], [3, ["a", "c", "d"]]);
  for (const place of places) roster.remove(place);
  assertEquals([roster.size, [...roster]], [0, []]);
});

Deno.test("Roster can be emptied by whoever goes through it", { permissions }, () => {
  const roster = new Roster<number>();
  const places = Array.from({ length: 100 }, (_, item) => roster.add(item));
  const seen = [];
  for (const item of roster) {
    seen.push(item);
    roster.remove(places[item] as number);
    // And the one after the next.
    if (item % 3 === 0 && item + 2 < 100) roster.remove(places[item + 2] as number);
  }
  assertEquals(roster.size, 0);
  assertEquals(seen, Array.from({ length: 100 }, (_, item) => item).filter((item) => item % 3 !== 2));
});

Deno.test("Roster stays as large as its greatest crowd", { permissions }, () => {
  const roster = new Roster<number>();
  let largest = 0;
  for (let round = 0; round < 10_000; round++) {
    const places = [roster.add(round), roster.add(round)];
    largest = Math.max(largest, ...places);
    places.forEach((place) => roster.remove(place));
  }
  assertEquals([largest, roster.size], [1, 0]);
});
