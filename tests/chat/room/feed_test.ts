import { assert, assertEquals } from "@std/assert";
import { Feed } from "../../../chat/room/feed.ts";
import { BEHIND, MAX_OUTBOX, type Outbox } from "../../../chat/room/outbox.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { decodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;

/** A feed whose turns the test ends. */
function handTurned(memory?: MemoryBudget): { feed: Feed; turn: () => void; waiting: () => number } {
  const turns: (() => void)[] = [];
  return {
    feed: new Feed((callback) => turns.push(callback), memory?.share()),
    turn: () => turns.splice(0).forEach((callback) => callback()),
    waiting: () => turns.length,
  };
}

async function text(outbox: Outbox): Promise<string | null> {
  const bytes = await outbox.take();
  return bytes === null ? null : decodeText(bytes);
}

const nothing = (): void => {};

Deno.test(
  "Feed delivers all lines of a turn of the event loop at once, to everyone but the speaker",
  pure,
  async () => {
    const { feed, turn, waiting } = handTurned();
    const [alice, bob, carol] = [feed.open(nothing), feed.open(nothing), feed.open(nothing)];
    const taken = [alice, bob, carol].map(text);
    feed.say("alice: one", 0, alice);
    feed.say("alice: two", 0, alice);
    feed.say("bob: three", 0, bob);
    assertEquals(waiting(), 1);
    turn();
    assertEquals(await Promise.all(taken), [
      "bob: three\n",
      "alice: one\nalice: two\n",
      "alice: one\nalice: two\nbob: three\n",
    ]);
  },
);

Deno.test("Feed shares the bytes among outboxes that get the same lines", pure, async () => {
  const { feed, turn } = handTurned();
  const outboxes = Array.from({ length: 100 }, () => feed.open(nothing));
  feed.say("to all", 0, null);
  turn();
  const [first, ...others] = await Promise.all(outboxes.map((outbox) => outbox.take()));
  for (const bytes of others) assert(bytes === first);
});

Deno.test("a line for one member wakes its writer at the end of the turn, and no other's", pure, async () => {
  const { feed, turn } = handTurned();
  const [alice, bob] = [feed.open(nothing), feed.open(nothing)];
  let woken = 0;
  const taken = [alice, bob].map((outbox) => text(outbox).finally(() => woken++));
  alice.push("psst");
  turn();
  assertEquals([await taken[0], woken], ["psst\n", 1]);
  feed.say("to all", 1, null);
  turn();
  assertEquals(await taken[1], "to all\n");
});

Deno.test("Outbox.push() keeps the order of public and private lines", pure, async () => {
  const { feed, turn } = handTurned();
  const alice = feed.open(nothing);
  feed.say("first", 0, null);
  alice.push("second");
  feed.say("third", 0, null);
  alice.push("fourth");
  const late = feed.open(nothing);
  feed.say("fifth", 0, null);
  turn();
  assertEquals([await text(alice), await text(late)], ["first\nsecond\nthird\nfourth\nfifth\n", "fifth\n"]);
  feed.say("sixth", 0, null);
  turn();
  assertEquals([await text(alice), await text(late)], ["sixth\n", "sixth\n"]);
});

Deno.test("Outbox.take() waits for the end of the turn only if nothing is queued", pure, async () => {
  const { feed, turn } = handTurned();
  const alice = feed.open(nothing);
  alice.push("one");
  assertEquals(await text(alice), "one\n");
  let got: string | null = "";
  const taking = text(alice).then((taken) => got = taken);
  feed.say("two", 0, null);
  await Promise.resolve();
  assertEquals(got, "");
  turn();
  await taking;
  assertEquals(got, "two\n");
});

Deno.test("a full outbox overflows, by public and by private lines (S11, 62)", pure, async () => {
  const { feed, turn } = handTurned();
  const overflown: string[] = [];
  const full = feed.open(() => overflown.push("full"), { max: 10 });
  const fine = feed.open(() => overflown.push("fine"), { max: 100 });
  full.push("123456789");
  assertEquals([overflown, full.queued], [[], 10]);
  feed.say("x", 0, null);
  turn();
  assertEquals(overflown, ["full"]);
  full.push("y");
  assertEquals(overflown, ["full", "full"]);
  assertEquals(await text(fine), "x\n");
  const large = feed.open(() => overflown.push("large"));
  large.push("x".repeat(MAX_OUTBOX - 1));
  large.push("");
  assertEquals(overflown.at(-1), "large");
});

Deno.test(
  "Outbox.end() keeps what is queued, then returns null; abandon() discards it",
  pure,
  async () => {
    const { feed, turn } = handTurned();
    const outbox = feed.open(nothing);
    feed.say("last", 0, null);
    outbox.end();
    feed.say("too late", 0, null);
    outbox.push("too late");
    turn();
    assertEquals([await text(outbox), await text(outbox)], ["last\n", null]);

    const dropped = feed.open(nothing);
    const taken = text(dropped);
    feed.say("lost", 0, null);
    dropped.abandon();
    assertEquals(await taken, null);
    assertEquals(dropped.queued, 0);
  },
);

Deno.test(
  "Feed.full says that speakers should wait, and Feed.turn() resolves when they may continue",
  pure,
  async () => {
    const { feed, turn } = handTurned();
    const outbox = feed.open(nothing);
    for (let count = 0; count < 100; count++) feed.say("x".repeat(4000), 0, null);
    assert(feed.full);
    const waiting = feed.turn();
    turn();
    await waiting;
    assert(!feed.full);
    assertEquals(outbox.queued, 400_100);
  },
);

Deno.test("Outbox.take() takes a bounded number of bytes at a time", pure, async () => {
  const { feed, turn } = handTurned();
  const outbox = feed.open(nothing);
  for (let count = 0; count < 100; count++) {
    feed.say("x".repeat(1023), 0, null);
    turn();
  }
  const sizes = [];
  while (outbox.queued > 0) sizes.push((await outbox.take())?.length);
  assertEquals(sizes, [65536, 36864]);
});

Deno.test("Feed counts a shared chunk against the budget once, until its last owner releases it", pure, async () => {
  const budget = new MemoryBudget(1e9);
  const { feed, turn } = handTurned(budget);
  const [alice, bob, carol] = [feed.open(nothing), feed.open(nothing), feed.open(nothing)];
  feed.say("x".repeat(999), 0, null);
  turn();
  assertEquals(budget.used, 1000);
  alice.push("x".repeat(99));
  assertEquals(budget.used, 1100);
  await bob.take();
  carol.abandon();
  assertEquals(budget.used, 1100);
  await alice.take();
  // Alice's two chunks were joined for one write; Bob is still writing the shared one.
  assertEquals(budget.used, 2100);
  feed.say("y", 0, null);
  turn();
  await bob.take();
  assertEquals(budget.used, 1102);
  await alice.take();
  assertEquals(budget.used, 2);
  alice.abandon();
  bob.end();
  await bob.take();
  assertEquals(budget.used, 0);
});

Deno.test("when memory runs out, the fullest outboxes are dropped, and the others get every line", pure, async () => {
  const budget = new MemoryBudget(200_000);
  const { feed, turn } = handTurned(budget);
  const gone: string[] = [];
  const open = (name: string): Outbox => {
    const outbox: Outbox = feed.open(() => {
      gone.push(name);
      outbox.abandon();
    });
    return outbox;
  };
  const [fine, slow] = [open("fine"), open("slow")];
  open("stalled");
  let heard = 0;
  for (let count = 0; count < 30; count++) {
    feed.say("x".repeat(9999), 0, null);
    turn();
    heard += (await fine.take())?.length ?? 0;
    if (count % 3 === 0 && count < 15) await slow.take();
    assert(budget.used <= 200_000);
  }
  assertEquals(heard, 300_000);
  assertEquals(gone, ["stalled"]);
});

Deno.test("an outbox reports when it falls behind, and when it has caught up or is gone", pure, async () => {
  const { feed, turn } = handTurned();
  const outbox = feed.open(nothing, { sent: () => 0 });
  const behind = (): boolean => feed.laggards.mustWait({}, 5000, 0);
  outbox.push("x".repeat(BEHIND - 1));
  assert(!behind());
  outbox.push("x");
  turn();
  assert(behind());
  await outbox.take();
  assert(!behind());
  outbox.push("x".repeat(BEHIND));
  assert(behind());
  outbox.abandon();
  assert(!behind());
});
