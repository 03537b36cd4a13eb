import { assert, assertEquals } from "@std/assert";
import {
  amplificationLimit,
  AnswerBudget,
  type AnswerBudgetOptions,
  BREAK,
  FIRST,
  fittingWording,
  LOAD,
  warnOfAmplification,
} from "../../../lib/datagram/answer_budget.ts";
import type { NetEvent } from "../../../lib/events.ts";
import { encodeText } from "../../../lib/text.ts";

const server = { hostname: "192.0.2.1", port: 12_345 };
const client = { hostname: "192.0.2.1", port: 40_551 };

/** A budget and its clock. */
function budgetAt(now: number, options: AnswerBudgetOptions) {
  const clock = { now };
  return { clock, budget: new AnswerBudget({ ...options, now: () => clock.now }) };
}

Deno.test("AnswerBudget allows a peer its burst, then the rate, and does not charge refused requests", {
  permissions: "none",
}, () => {
  const { clock, budget } = budgetAt(1000, { rate: 10, burst: 3 });
  const take = (count: number) => Array.from({ length: count }, () => budget.take(server)).filter(Boolean).length;
  assertEquals(take(100), 3);
  clock.now += 100;
  assertEquals(take(100), 1);
  clock.now += 60_000;
  assertEquals(take(100), 3);
});

Deno.test("AnswerBudget limits each peer separately, by address and port", { permissions: "none" }, () => {
  const { budget } = budgetAt(1000, { rate: 1, burst: 1 });
  assert(budget.take(server));
  assert(!budget.take(server));
  assert(budget.take({ ...server, port: 12_346 }));
  assert(budget.take({ ...server, hostname: "192.0.2.2" }));
  assert(!budget.take(server));
});

Deno.test("AnswerBudget handles any number of forged peers, and a flood of them does not reset an exhausted one", {
  permissions: "none",
}, () => {
  const { budget } = budgetAt(1000, { rate: 1, burst: 1 });
  assert(budget.take(server));
  for (let port = 1; port < 65_536; port++) budget.take({ hostname: "198.51.100.7", port });
  assert(!budget.take(server));
});

Deno.test("AnswerBudget without a rate has no limit", { permissions: "none" }, () => {
  const { budget } = budgetAt(1000, { rate: 0, load: true });
  for (let count = 0; count < 10_000; count++) assert(budget.take(server) && budget.take(client));
});

Deno.test("AnswerBudget interrupts a load briefly, first soon and then periodically: no loop survives that", {
  permissions: "none",
}, () => {
  const { clock, budget } = budgetAt(1000, { rate: 100, load: true });
  const breaks: { at: number; lasted: number }[] = [];
  // Ten requests a millisecond, for seven seconds.
  for (; clock.now < 8000; clock.now += 0.1) {
    const now = clock.now - 1000;
    if (budget.take(client)) continue;
    const last = breaks.at(-1);
    if (last !== undefined && now - last.at < 1000) last.lasted = now - last.at;
    else breaks.push({ at: now, lasted: 0 });
  }
  // The burst of 500 takes 50 ms.
  const expected = [FIRST, FIRST + BREAK + LOAD, FIRST + 2 * (BREAK + LOAD), FIRST + 3 * (BREAK + LOAD)].map((at) =>
    at + 50
  );
  assertEquals(breaks.length, 4);
  for (const [index, { at, lasted }] of breaks.entries()) {
    assert(Math.abs(at - (expected[index] ?? 0)) < 10, `break ${index} began after ${at} ms`);
    assert(Math.abs(lasted - BREAK) < 3, `break ${index} lasted ${lasted} ms`);
  }
});

Deno.test("AnswerBudget never lets a peer on a server's port exceed the rate", { permissions: "none" }, () => {
  const { clock, budget } = budgetAt(1000, { rate: 100, load: true });
  let answers = 0;
  for (; clock.now < 11_000; clock.now += 0.1) if (budget.take(server)) answers++;
  assert(Math.abs(answers - (500 + 10 * 100)) < 5, `${answers} answers in 10 s`);
});

Deno.test("AnswerBudget forgets a load that has ended", { permissions: "none" }, () => {
  const { clock, budget } = budgetAt(1000, { rate: 100, load: true });
  for (; clock.now < 1200; clock.now += 0.1) assert(budget.take(client));
  // Slower than the rate, until after the break would have ended.
  for (; clock.now < 9000; clock.now += 30) assert(budget.take(client), `${clock.now}`);
});

Deno.test(
  "amplificationLimit() limits an answer to three times its request on the wire",
  { permissions: "none" },
  () => {
    for (const question of [0, 1, 28, 1472]) assertEquals(28 + amplificationLimit(question), 3 * (28 + question));
  },
);

Deno.test(
  "fittingWording() returns the first wording that fits, and at most a few words",
  { permissions: "none" },
  () => {
    const wordings = ["é".repeat(30), "b".repeat(58), "c"];
    assertEquals(fittingWording(wordings, 2), wordings[0]);
    assertEquals(fittingWording(wordings, 1), wordings[1]);
    assertEquals(fittingWording(wordings, 0), "c");
    assertEquals(encodeText(fittingWording(["x".repeat(5000)], 60_000)).length, 120);
    // No split characters.
    const cut = fittingWording(["a" + "😀".repeat(50)], 0);
    assertEquals(cut, "a" + "😀".repeat(13));
  },
);

Deno.test("warnOfAmplification() warns if others on the network can be flooded", { permissions: "none" }, () => {
  const warnings = (length: number, bind: string, question?: number): string[] => {
    const all: NetEvent[] = [];
    const events = { detailed: true, emit: (event: NetEvent): unknown => all.push(event) };
    warnOfAmplification(new Uint8Array(length), bind, events, question);
    return all.flatMap((event) => event.event === "warning" ? [event.message] : []);
  };
  assertEquals(warnings(56, "0.0.0.0"), []);
  assertEquals(warnings(65_507, "127.0.0.1"), []);
  assertEquals(warnings(65, "0.0.0.0", 3), []);
  assertEquals(warnings(972, "0.0.0.0").map((text) => text.slice(0, 62)), [
    "An answer can be 36 times as long as its request, so forged re",
  ]);
});

Deno.test("AnswerBudget has a budget for all peers together, which a peer that generates load hardly uses", () => {
  let now = 1000;
  const budget = new AnswerBudget({ rate: 100, load: true, total: 1000, now: () => now });
  const peer = (port: number): { hostname: string; port: number } => ({ hostname: "192.0.2.1", port });
  let answered = 0;
  for (let port = 1; port <= 3000; port++) if (budget.take(peer(port))) answered++;
  assertEquals([answered, budget.totalExceeded], [1000, true]);
  now += 1000;
  answered = 0;
  for (let count = 0; count < 4000; count++) if (budget.take(peer(50_000))) answered++;
  assertEquals([answered, budget.totalExceeded], [4000, false]);
});

Deno.test("AnswerBudget ends a loop of any speed above its rate", () => {
  for (const gap of [0.02, 0.1, 0.5, 1, 1.7, 2.5, 3, 5, 7, 9]) {
    let now = 1000;
    const budget = new AnswerBudget({ rate: 100, load: true, now: () => now });
    const peer = { hostname: "192.0.2.1", port: 50_000 };
    // A loop has one datagram in flight: it ends when that goes unanswered.
    while (now < 120_000 && budget.take(peer)) now += gap;
    assert(now < 120_000, `a datagram every ${gap} ms goes on for ever`);
  }
});
