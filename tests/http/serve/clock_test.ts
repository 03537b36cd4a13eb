import { assert, assertEquals } from "@std/assert";
import { Clock } from "../../../http/serve/clock.ts";

const permissions = "none";

Deno.test("Clock tells those who wait, never early, and stops with the last of them", { permissions }, async () => {
  const clock = new Clock([100, 0]);
  const over = Promise.withResolvers<number>();
  let since = 0;
  const waiting = {
    look: (): void => {
      if (clock.isOver(since, 100)) over.resolve(performance.now());
      assert(!clock.isOver(since, 0), "0 is no limit");
    },
  };
  const place = clock.watch(waiting);
  since = clock.now;
  assert(await over.promise - since >= 100);
  assertEquals(clock.date.length, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".length);
  // The leak sanitizer would find a timer that goes on.
  clock.leave(place);
});

Deno.test("Clock does not count time in which the process did not run", async () => {
  const clock = new Clock([1000]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const place = clock.watch({ look: resolve });
  await promise;
  const since = clock.now;
  // Holds up everything, as SIGSTOP would.
  for (const end = performance.now() + 1500; performance.now() < end;);
  const next = Promise.withResolvers<void>();
  const other = clock.watch({ look: next.resolve });
  await next.promise;
  assertEquals([clock.isOver(since, 1000), clock.now - since < 1000], [false, true]);
  for (const each of [place, other]) clock.leave(each);
});
