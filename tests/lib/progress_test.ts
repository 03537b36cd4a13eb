import { assertEquals, assertRejects } from "@std/assert";
import type { NetEvent } from "../../lib/events.ts";
import { withProgress } from "../../lib/progress.ts";
import { RecordedEvents } from "../support/sockets.ts";
import { TestTime, turn } from "../support/time.ts";

const permissions = "none";
const texts = (events: readonly NetEvent[]): string[] =>
  events.flatMap((event) => event.event === "status" ? [event.text] : []);
const seconds = (ms: number): string => `${ms / 1000} s`;

Deno.test(
  "withProgress() shows work that takes longer than a second, each second, until it is done",
  { permissions },
  async () => {
    const [time, events, work] = [new TestTime(), new RecordedEvents(), Promise.withResolvers<number>()];
    const done = withProgress(work.promise, events, seconds, { time });
    await time.pass(999);
    assertEquals(texts(events.all), []);
    await time.pass(2001);
    assertEquals(texts(events.all), ["1 s", "2 s", "3 s"]);
    work.resolve(7);
    assertEquals([await done, time.timers, texts(events.all).at(-1)], [7, 0, ""]);
  },
);

Deno.test(
  "withProgress() without a line leaves that of its work alone, and removes its own",
  { permissions },
  async () => {
    const [time, events, work] = [new TestTime(), new RecordedEvents(), Promise.withResolvers<void>()];
    const lines = ["", "one", "", ""];
    const done = withProgress(work.promise, events, () => lines.shift() ?? "", { time });
    await time.pass(4000);
    assertEquals(texts(events.all), ["one", ""]);
    work.resolve();
    await done;
    assertEquals(texts(events.all), ["one", ""]);
  },
);

Deno.test("withProgress() is silent about what is done sooner, and passes on a failure", { permissions }, async () => {
  const [time, events] = [new TestTime(), new RecordedEvents()];
  await assertRejects(() => withProgress(Promise.reject(new Error("no")), events, seconds, { time }), Error, "no");
  assertEquals([events.all, time.timers], [[], 0]);
});

Deno.test("withProgress() starts no timer if nobody reads the events", { permissions }, async () => {
  const time = new TestTime();
  const quiet = { detailed: false, emit: () => {} };
  const done = withProgress(turn(), quiet, seconds, { time });
  assertEquals(time.timers, 0);
  await done;
});
