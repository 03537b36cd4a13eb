import { assert, assertEquals } from "@std/assert";
import { LatencyStats } from "../../lib/stats.ts";

const permissions = "none";

function timesOf(values: Iterable<number>): LatencyStats {
  const times = new LatencyStats();
  for (const value of values) times.add(value);
  return times;
}

Deno.test("LatencyStats without times has no average", { permissions }, () => {
  const times = new LatencyStats();
  assertEquals([times.count, times.min, times.max, times.average, times.percentile(0.5)], [0, Infinity, 0, NaN, 0]);
});

Deno.test("LatencyStats of a single time returns it for every figure", { permissions }, () => {
  const times = timesOf([4.2]);
  assertEquals([times.min, times.average, times.max], [4.2, 4.2, 4.2]);
  for (const share of [0, 0.5, 0.99, 1]) assertEquals(times.percentile(share), 4.2);
});

Deno.test("LatencyStats.percentile() is accurate to one percent", { permissions }, () => {
  const times = timesOf(Array.from({ length: 1000 }, (_, index) => 1000 - index));
  for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
    const exact = share * 1000;
    assert(Math.abs(times.percentile(share) - exact) <= exact * 0.0101, `p${share * 100}: ${times.percentile(share)}`);
  }
  assert(times.percentile(0) < 1.0101);
  assertEquals([times.percentile(1), times.min, times.max], [1000, 1, 1000]);
});

Deno.test("LatencyStats distinguishes rare times from common ones", { permissions }, () => {
  const times = timesOf([...new Array<number>(99).fill(0.05), 3000]);
  assert(times.percentile(0.99) < 0.051 && times.percentile(0.995) === 3000);
});

Deno.test("LatencyStats accepts zero and very short times", { permissions }, () => {
  const times = timesOf([0, 0.0001]);
  assertEquals([times.min, times.max, times.percentile(0.5)], [0, 0.0001, 0.0001]);
});

Deno.test("LatencyStats.merge() equals adding all times to one instance", { permissions }, () => {
  const [left, right] = [[1, 5, 9, 0.2], [700, 5, 3]];
  const merged = timesOf(left);
  merged.merge(timesOf(right));
  merged.merge(new LatencyStats());
  const whole = timesOf([...left, ...right]);
  assertEquals([merged.count, merged.min, merged.max, merged.average], [7, 0.2, 700, whole.average]);
  for (const share of [0.1, 0.5, 0.8, 1]) assertEquals(merged.percentile(share), whole.percentile(share));
});
