import { assertEquals } from "@std/assert";
import { RateLimit } from "../../chat/rate.ts";

const pure = { permissions: "none" } as const;

Deno.test("RateLimit.take() lets a burst through and then one line per interval", pure, () => {
  const limit = new RateLimit(10, 0);
  for (let line = 0; line < 200; line++) assertEquals(limit.take(0), 0);
  let now = 0;
  for (let line = 0; line < 50; line++) {
    const wait = limit.take(now);
    assertEquals(Math.round(wait), 100);
    now += wait;
  }
});

Deno.test("RateLimit.take() saves up again while nobody writes, and never more than the burst", pure, () => {
  const limit = new RateLimit(10, 0);
  for (let line = 0; line < 200; line++) limit.take(0);
  assertEquals(limit.take(1000), 0);
  for (let line = 0; line < 200; line++) assertEquals(limit.take(3_600_000), 0);
  assertEquals(limit.take(3_600_000) > 0, true);
});

Deno.test("RateLimit with rate 0 never holds anybody up", pure, () => {
  const limit = new RateLimit(0, 0);
  for (let line = 0; line < 10_000; line++) assertEquals(limit.take(0), 0);
});
