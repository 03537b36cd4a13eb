import { assert, assertEquals } from "@std/assert";
import { Laggards, STALLED } from "../../../chat/room/laggards.ts";

const pure = { permissions: "none" } as const;
const MUCH = 5000;

Deno.test("Laggards holds nobody while nobody is behind", pure, () => {
  const laggards = new Laggards();
  for (let now = 0; now < 100; now++) assert(!laggards.holds({}, 1e9, now));
});

Deno.test("Laggards holds those who say much for as long as one who is behind takes something", pure, () => {
  const laggards = new Laggards();
  const slow = { sent: 0 };
  const speaker = {};
  laggards.add(slow);
  for (let now = 0; now < 60_000; now += 100) {
    slow.sent++;
    assert(laggards.holds(speaker, MUCH, now), `${now}`);
  }
  laggards.delete(slow);
  assert(!laggards.holds(speaker, MUCH, 60_000));
});

Deno.test("Laggards lets nobody wait for one who takes nothing, and again once it does", pure, () => {
  const laggards = new Laggards();
  const stalled = { sent: 7 };
  laggards.add(stalled);
  assert(laggards.holds({}, MUCH, 0));
  assert(laggards.holds({}, MUCH, STALLED - 100));
  assert(!laggards.holds({}, MUCH, STALLED));
  stalled.sent++;
  assert(laggards.holds({}, MUCH, STALLED + 100));
  // One that was not looked at for long, and has taken nothing since.
  assert(!laggards.holds({}, MUCH, 100 * STALLED));
});

Deno.test("Laggards lets those go on who say little, and all of them together not much", pure, () => {
  const laggards = new Laggards();
  const slow = { sent: 0 };
  laggards.add(slow);
  let said = 0;
  for (let speaker = 0; speaker < 100; speaker++) {
    const person = {};
    for (let line = 0; line < 10; line++) if (!laggards.holds(person, 1024, 10)) said += 1024;
    if (speaker === 0) assertEquals(said, 4096);
  }
  assertEquals(said, 65536);
  slow.sent++;
  assert(!laggards.holds({}, 1024, 1000), "the next second");
});

Deno.test("Laggards.relief() comes when the last has caught up", pure, async () => {
  const laggards = new Laggards();
  await laggards.relief();
  const [one, other] = [{ sent: 0 }, { sent: 0 }];
  laggards.add(one);
  laggards.add(other);
  laggards.add(one);
  let relieved = false;
  const relief = laggards.relief().then(() => relieved = true);
  laggards.delete(one);
  laggards.delete(one);
  await Promise.resolve();
  assert(!relieved);
  laggards.delete(other);
  await relief;
});
