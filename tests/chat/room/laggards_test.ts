import { assert, assertEquals } from "@std/assert";
import { Laggards, STALLED } from "../../../chat/room/laggards.ts";

const pure = { permissions: "none" } as const;
const MUCH = 5000;

Deno.test("Laggards makes no speaker wait while no member is behind", pure, () => {
  const laggards = new Laggards();
  for (let now = 0; now < 100; now++) assert(!laggards.mustWait({}, 1e9, now));
});

Deno.test("Laggards makes a heavy speaker wait as long as a member that is behind still reads", pure, () => {
  const laggards = new Laggards();
  const slow = { sent: 0 };
  const speaker = {};
  laggards.add(slow);
  for (let now = 0; now < 60_000; now += 100) {
    slow.sent++;
    assert(laggards.mustWait(speaker, MUCH, now), `${now}`);
  }
  laggards.delete(slow);
  assert(!laggards.mustWait(speaker, MUCH, 60_000));
});

Deno.test("Laggards makes no speaker wait for a stalled member, until it reads again", pure, () => {
  const laggards = new Laggards();
  const stalled = { sent: 7 };
  laggards.add(stalled);
  assert(laggards.mustWait({}, MUCH, 0));
  assert(laggards.mustWait({}, MUCH, STALLED - 100));
  assert(!laggards.mustWait({}, MUCH, STALLED));
  stalled.sent++;
  assert(laggards.mustWait({}, MUCH, STALLED + 100));
  // It was not checked for a long time, and has read nothing since.
  assert(!laggards.mustWait({}, MUCH, 100 * STALLED));
});

Deno.test("Laggards lets light speakers continue, up to a limit for all of them together", pure, () => {
  const laggards = new Laggards();
  const slow = { sent: 0 };
  laggards.add(slow);
  let said = 0;
  for (let speaker = 0; speaker < 100; speaker++) {
    const person = {};
    for (let line = 0; line < 10; line++) if (!laggards.mustWait(person, 1024, 10)) said += 1024;
    if (speaker === 0) assertEquals(said, 4096);
  }
  assertEquals(said, 65536);
  slow.sent++;
  assert(!laggards.mustWait({}, 1024, 1000), "the next second");
});

Deno.test("Laggards.caughtUp() resolves when the last member has caught up", pure, async () => {
  const laggards = new Laggards();
  await laggards.caughtUp();
  const [one, other] = [{ sent: 0 }, { sent: 0 }];
  laggards.add(one);
  laggards.add(other);
  laggards.add(one);
  let caughtUp = false;
  const waiting = laggards.caughtUp().then(() => caughtUp = true);
  laggards.delete(one);
  laggards.delete(one);
  await Promise.resolve();
  assert(!caughtUp);
  laggards.delete(other);
  await waiting;
});
