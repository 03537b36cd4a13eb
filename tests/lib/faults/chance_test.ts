import { assert, assertEquals } from "@std/assert";
import { Chance, Losses } from "../../../lib/faults/chance.ts";
import { countsOf, fits } from "./statistics.ts";

const DRAWS = 100_000;

Deno.test("Chance gives the same numbers on every system", () => {
  const chance = new Chance(1, 2, "out loss");
  assertEquals([chance.draw(), chance.draw(), chance.draw()], [1531880906, 1874379800, 15648463]);
  assertEquals(new Chance(1, 2, "out jitter").spread(12.5), 1.15);
});

Deno.test("near seeds, near flows, directions and kinds draw numbers that have nothing to do with each other", () => {
  const high = (chance: Chance): number => chance.below(4);
  const families: ((index: number) => Chance)[] = [
    (index) => new Chance(index, 1, "out loss"),
    (index) => new Chance(1, index, "out loss"),
    (index) => new Chance(2 ** 32 - 1 - index, 1, "in loss"),
    (index) => new Chance(index >> 1, 1, index % 2 === 0 ? "out" : "in jitter"),
    (index) => new Chance(index >> 1, 1, `in ${index % 2 === 0 ? "loss" : "corrupt"}`),
  ];
  for (const [number, family] of families.entries()) {
    const first = Array.from({ length: 8001 }, (_, index) => high(family(index)));
    const pairs = first.slice(1).map((cell, index) => 4 * cell + (first[index] ?? 0));
    assert(fits(countsOf(pairs, 16), new Array(16).fill(500)), `family ${number}`);
  }
});

Deno.test("Chance.below() and spread() are even, with their ends", () => {
  const chance = new Chance(5, 1, "in jitter");
  const counts = countsOf(Array.from({ length: DRAWS }, () => chance.below(10)), 10);
  assert(fits(counts, new Array(10).fill(DRAWS / 10)));
  const spread = countsOf(Array.from({ length: DRAWS }, () => 1000 * chance.spread(0.002) + 2), 5);
  assertEquals(spread.length, 5);
  assert(spread.every((count) => Math.abs(count - DRAWS / 5) < 500));
  assertEquals([chance.below(0), chance.spread(0)], [0, 0]);
});

Deno.test("Chance.happens() never at 0 and always at 1", () => {
  const chance = new Chance(5, 1, "in loss");
  for (let count = 0; count < 1000; count++) assertEquals([chance.happens(0), chance.happens(1)], [false, true]);
});

Deno.test("Losses of their own fit their share, singly and in pairs", () => {
  const losses = new Losses(new Chance(3, 1, "out loss"));
  const lost = Array.from({ length: DRAWS }, () => losses.next(0.3, 1) ? 1 : 0);
  assert(fits(countsOf(lost, 2), [0.7 * DRAWS, 0.3 * DRAWS]));
  const pairs = lost.flatMap((bit, index) => index % 2 === 0 ? [] : [2 * bit + (lost[index - 1] ?? 0)]);
  assert(fits(countsOf(pairs, 4), [0.49, 0.21, 0.21, 0.09].map((share) => share * DRAWS / 2)));
});

Deno.test("Losses in bursts have geometric lengths, and their share in the long run", () => {
  const [share, burst] = [0.2, 3];
  const losses = new Losses(new Chance(4, 1, "out loss"));
  const lengths: number[] = [];
  let length = 0;
  let lost = 0;
  for (let count = 0; count < DRAWS; count++) {
    if (losses.next(share, burst)) {
      length++;
      lost++;
    } else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  const stays = 1 - 1 / burst;
  // Lengths 1 to 9, and all the longer ones.
  const expected = Array.from(
    { length: 10 },
    (_, cell) => lengths.length * stays ** cell * (cell === 9 ? 1 : 1 / burst),
  );
  assert(fits(countsOf(lengths.map((length) => Math.min(length, 10) - 1), 10), expected));
  // The standard deviation of the mean of a chain with this correlation from one to the next.
  const next = stays - share / ((1 - share) * burst);
  const deviation = Math.sqrt(share * (1 - share) / DRAWS * (1 + next) / (1 - next));
  assert(Math.abs(lost / DRAWS - share) < 3 * deviation);
});
