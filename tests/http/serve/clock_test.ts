import { assert, assertEquals } from "@std/assert";
import { Clock } from "../../../http/serve/clock.ts";

const permissions = "none";

Deno.test("Clock calls its listeners, never early, and stops after the last one", { permissions }, async () => {
  const clock = new Clock([100, 0]);
  const over = Promise.withResolvers<number>();
  let since = 0;
  const waiting = {
    onTick: (): void => {
      if (clock.hasPassed(since, 100)) over.resolve(performance.now());
      assert(!clock.hasPassed(since, 0), "0 is no limit");
    },
  };
  const place = clock.subscribe(waiting);
  since = clock.now;
  assert(await over.promise - since >= 100);
  assertEquals(clock.date.length, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".length);
  // The leak sanitizer would find a running timer.
  clock.unsubscribe(place);
});

Deno.test("Clock does not count time in which the process was suspended", async () => {
  const clock = new Clock([1000]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const place = clock.subscribe({ onTick: resolve });
  await promise;
  const since = clock.now;
  // Blocks the process, as SIGSTOP would.
  for (const end = performance.now() + 1500; performance.now() < end;);
  const next = Promise.withResolvers<void>();
  const other = clock.subscribe({ onTick: next.resolve });
  await next.promise;
  assertEquals([clock.hasPassed(since, 1000), clock.now - since < 1000], [false, true]);
  for (const each of [place, other]) clock.unsubscribe(each);
});
