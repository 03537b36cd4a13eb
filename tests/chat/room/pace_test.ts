import { assertEquals } from "@std/assert";
import { lineCost, RateLimit, RateLimits } from "../../../chat/room/pace.ts";

const pure = { permissions: "none" } as const;

Deno.test("RateLimit.take() passes a burst, then one line per interval", pure, () => {
  const limit = new RateLimit(10, 0);
  for (let line = 0; line < 200; line++) assertEquals(limit.take(0), 0);
  let now = 0;
  for (let line = 0; line < 50; line++) {
    const wait = limit.take(now);
    assertEquals(Math.round(wait), 100);
    now += wait;
  }
});

Deno.test("RateLimit.take() refills while idle, up to the burst", pure, () => {
  const limit = new RateLimit(10, 0);
  for (let line = 0; line < 200; line++) limit.take(0);
  assertEquals(limit.take(1000), 0);
  for (let line = 0; line < 200; line++) assertEquals(limit.take(3_600_000), 0);
  assertEquals(limit.take(3_600_000) > 0, true);
});

Deno.test("RateLimit with rate 0 never delays a line", pure, () => {
  const limit = new RateLimit(0, 0);
  for (let line = 0; line < 10_000; line++) assertEquals(limit.take(0), 0);
});

Deno.test("RateLimits: reconnecting does not refill the bucket (C3)", pure, () => {
  const limits = new RateLimits(10);
  const first = limits.enter("192.0.2.1", 0);
  for (let line = 0; line < 200; line++) first.take(0);
  limits.leave("192.0.2.1", first, 0);
  const again = limits.enter("192.0.2.1", 0);
  assertEquals([again.tokens(0), Math.round(again.until(0))], [-1, 200]);
  assertEquals(again.until(1000), 0);
  assertEquals(limits.enter("192.0.2.2", 0).tokens(0), 200);
  assertEquals(limits.enter("192.0.2.1", 60_000).tokens(60_000), 200);
});

Deno.test("RateLimits gives each connection from an address its own limit", pure, () => {
  const limits = new RateLimits(10);
  const [one, other] = [limits.enter("192.0.2.1", 0), limits.enter("192.0.2.1", 0)];
  for (let line = 0; line < 200; line++) one.take(0);
  assertEquals(other.take(0), 0);
  // The emptiest bucket counts.
  limits.leave("192.0.2.1", one, 0);
  limits.leave("192.0.2.1", other, 0);
  assertEquals(limits.enter("192.0.2.1", 0).tokens(0), -1);
});

Deno.test("RateLimits forgets addresses whose bucket is full again", pure, () => {
  const limits = new RateLimits(10);
  for (let address = 0; address < 50_000; address++) {
    const now = address * 10;
    limits.leave(`${address}`, limits.enter(`${address}`, now), now);
  }
  assertEquals(limits.enter("0", 500_000).tokens(500_000), 200);
  const free = new RateLimits(0);
  assertEquals([free.enter("a", 0).until(0), free.enter("a", 0).take(0)], [0, 0]);
});

Deno.test("lineCost() counts bytes after escaping", pure, () => {
  assertEquals(["", "hello", "x".repeat(512), "x".repeat(513), "x".repeat(4095)].map(lineCost), [1, 1, 1, 2, 8]);
  assertEquals(["\x07".repeat(128), "\x07".repeat(129), "\x07".repeat(4095)].map(lineCost), [1, 2, 32]);
  assertEquals(["\u2028".repeat(85), "\u2028".repeat(86), "漢".repeat(171)].map(lineCost), [1, 2, 2]);
});

Deno.test(
  "RateLimit counts long lines by their bytes: a burst is bounded in bytes too (C3)",
  pure,
  () => {
    const limit = new RateLimit(10, 0);
    const line = "\x07".repeat(4095);
    let lines = 0;
    while (limit.take(0, lineCost(line)) === 0) lines++;
    assertEquals(lines, 6);
    assertEquals(new RateLimit(0, 0).take(0, 1000), 0);
  },
);

Deno.test(
  "RateLimits.arrive() lets a class in at once, and queues clients that reconnect in a loop",
  pure,
  () => {
    const limits = new RateLimits(10);
    const waits = Array.from({ length: 300 }, () => limits.arrive("192.0.2.1", 0));
    assertEquals(waits.slice(0, 200), Array(200).fill(0));
    assertEquals(waits.slice(200, 203), [100, 200, 300]);
    assertEquals([waits.at(-1), waits.filter((wait) => wait === null).length], [null, 50]);
    assertEquals([limits.arrive("192.0.2.2", 0), limits.arrive("192.0.2.1", 10_000)], [0, 0]);
    assertEquals(new RateLimits(0).arrive("192.0.2.1", 0), 0);
  },
);
