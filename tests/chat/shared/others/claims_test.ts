import { assertEquals, assertRejects } from "@std/assert";
import { nameKeys } from "../../../../chat/name_keys.ts";
import { CLAIM_TTL, Claims, REFRESH } from "../../../../chat/shared/others/claims.ts";
import { GuestNumbers } from "../../../../chat/shared/others/guest_numbers.ts";
import { quickTurn, TestTime } from "../../../support/time.ts";
import { FakeTable } from "./town.ts";

const pure = { permissions: "none" } as const;

/** Two servers at one table. */
function pair(): { time: TestTime; table: FakeTable; one: Claims; two: Claims } {
  const time = new TestTime(quickTurn);
  const table = new FakeTable(time, CLAIM_TTL);
  return { time, table, one: new Claims(table, "one"), two: new Claims(table, "two") };
}

Deno.test("Claims: a name is another server's until it is freed, or not written again", pure, async () => {
  const { time, table, one, two } = pair();
  assertEquals([await one.claim("alice", null), await two.claim("Alice", null)], [true, false]);
  one.release("alice");
  await one.settle();
  assertEquals([table.size, await two.claim("alice", null), await one.claim("alice", null)], [0, true, false]);
  for (let written = 0; written < 5; written++) {
    await time.pass(REFRESH);
    await two.refresh();
  }
  assertEquals(await one.claim("alice", null), false);
  await time.pass(CLAIM_TTL);
  assertEquals(await one.claim("alice", null), true);
});

Deno.test("Claims: only the same session takes a name along; then the other server hears of it", pure, async () => {
  const { table, one, two } = pair();
  await one.claim("ΖΟΕ", "session");
  assertEquals([await two.claim("ΖΟΕ", null), await two.claim("ΖΟΕ", "another")], [false, false]);
  assertEquals(await two.claim("ΖΟΕ", "session"), true);
  assertEquals(await one.refresh(), { moved: ["ΖΟΕ"], lost: [] });
  // What it frees late is not its own any more.
  one.release("ΖΟΕ");
  await one.settle();
  assertEquals([table.size, await one.refresh()], [2, { moved: [], lost: [] }]);
});

Deno.test(
  "Claims: a name that expired and is another one's is lost; one that nobody has is written anew",
  pure,
  async () => {
    const { time, table, one, two } = pair();
    for (const name of ["alice", "bob"]) await one.claim(name, null);
    await time.pass(CLAIM_TTL);
    await two.claim("alice", null);
    assertEquals(await one.refresh(), { moved: [], lost: ["alice"] });
    assertEquals([one.has("alice"), one.has("bob"), await two.claim("bob", null), table.size], [false, true, false, 2]);
  },
);

Deno.test("Claims: a name that is being freed can be claimed again here, and stays", pure, async () => {
  const { one, two } = pair();
  await one.claim("alice", null);
  one.release("alice");
  assertEquals(await one.claim("alice", null), true);
  await one.settle();
  assertEquals([await two.claim("alice", null), await one.refresh()], [false, { moved: [], lost: [] }]);
});

Deno.test("Claims: a name that was written, though no answer came, is ours", pure, async () => {
  const { table, one, two } = pair();
  // What an earlier try has left.
  await new Claims(table, "one").claim("alice", null);
  assertEquals([await one.claim("alice", null), await two.claim("alice", null)], [true, false]);
});

Deno.test("Claims: a name that is freed while it is written again is free", pure, async () => {
  const { table, one, two } = pair();
  await one.claim("alice", null);
  const writing = one.refresh();
  one.release("alice");
  await writing;
  await one.settle();
  assertEquals([table.size, await two.claim("alice", null)], [0, true]);
});

Deno.test("Claims: a name changes its form without asking, and goes back if the rest is taken", pure, async () => {
  const { table, one, two } = pair();
  const other = nameKeys("ΖΟΕ").find((key) => key !== "zoe") ?? "";
  await two.claim(other, null);
  const { size } = table;
  await one.claim("zoe", null);
  assertEquals(await one.claim("Zoe", null), true);
  // It has the key of zoe too, and one that is taken.
  assertEquals(await one.claim("ΖΟΕ", null), false);
  one.release("ΖΟΕ");
  assertEquals([one.has("zoe"), table.size], [true, size + 1]);
  one.release("Zoe");
  await one.settle();
  assertEquals(table.size, size);
});

Deno.test("Claims: without the broker nothing is claimed, and what was begun is undone", pure, async () => {
  const { table, one, two } = pair();
  let steps = 0;
  table.reachable = () => ++steps !== 2;
  await assertRejects(() => one.claim("ΖΟΕ", null), Error, "cannot be reached");
  await one.settle();
  assertEquals([one.has("ΖΟΕ"), table.size, await two.claim("ΖΟΕ", null)], [false, 0, true]);
  table.reachable = () => false;
  assertEquals(await two.refresh(), { moved: [], lost: [] });
  table.reachable = () => true;
  assertEquals([await two.refresh(), two.has("ΖΟΕ")], [{ moved: [], lost: [] }, true]);
});

Deno.test("Claims: what somebody else has written there is nobody's session", pure, async () => {
  const { table, one } = pair();
  for (const [at, value] of ["", "null", "[]", "{", '{"session":"x"}'].entries()) {
    await table.create(new TextEncoder().encode(`n${"abcde"[at]}x`).toHex(), value);
    assertEquals(await one.claim(`n${"abcde"[at]}x`, null), false, value);
  }
});

Deno.test(
  "GuestNumbers: servers that start at once have different blocks, also when the broker has forgotten them",
  pure,
  async () => {
    const time = new TestTime(quickTurn);
    const table = new FakeTable(time);
    table.pause = () => quickTurn();
    const servers = await Promise.all(Array.from({ length: 5 }, () => GuestNumbers.open(table, () => 0)));
    const numbers = servers.flatMap((server) => Array.from({ length: 50 }, () => server.next()));
    assertEquals([new Set(numbers).size, Math.min(...numbers), Math.max(...numbers)], [250, 1, 450]);
    const late = await GuestNumbers.open(new FakeTable(time), () => 450);
    assertEquals(late.next(), 451);
    // What somebody else has written is no number.
    const spoilt = new FakeTable(time);
    await spoilt.create("guests", "NaN");
    assertEquals((await GuestNumbers.open(spoilt, () => 0)).next(), 1);
  },
);
