import { assert, assertEquals } from "@std/assert";
import { FairGate } from "../../../lib/stream/fair.ts";

const permissions = "none";

function gateOf(open: number): FairGate {
  const gate = new FairGate();
  for (let count = 0; count < open; count++) gate.enter();
  return gate;
}

/** Lets the event loop turn, immediates included. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(() => setImmediate(() => resolve()), 0));

/** Starts so many passes in this turn; tells how many have not passed after all microtasks. */
async function heldBack(gate: FairGate, passes: number): Promise<{ held: number; all: Promise<unknown> }> {
  let held = passes;
  const all = Promise.all(Array.from({ length: passes }, () => gate.pass().then(() => held--)));
  for (let tick = 0; tick < 50; tick++) await Promise.resolve();
  return { held, all };
}

Deno.test("FairGate is crowded above 128 open connections only", { permissions }, () => {
  assert(!gateOf(0).crowded && !gateOf(128).crowded && gateOf(129).crowded);
  const gate = gateOf(129);
  gate.leave();
  assert(!gate.crowded);
});

Deno.test("FairGate lets few busy ones among many idle ones pass at once", { permissions }, async () => {
  const gate = gateOf(1000);
  for (let round = 0; round < 3; round++) {
    const { held, all } = await heldBack(gate, 50);
    assertEquals(held, 0);
    await all;
    await turn();
  }
});

Deno.test("FairGate holds a crowd back until the event loop has turned", { permissions }, async () => {
  const gate = gateOf(300);
  const first = await heldBack(gate, 100);
  assertEquals(first.held, 41, "those from the sixtieth on");
  await first.all;
  await turn();
  const second = await heldBack(gate, 10);
  assertEquals(second.held, 10, "a crowd in the turn before counts on");
  await second.all;
  await turn();
  const third = await heldBack(gate, 10);
  assertEquals(third.held, 0, "a crowd that has gone is forgotten");
  await third.all;
  await turn();
});

Deno.test("FairGate gives more turns the more are open", { permissions }, async () => {
  /** Whole turns of the event loop until a pass in a crowd is over. */
  async function turnsOf(open: number): Promise<number> {
    const gate = gateOf(open);
    const { all } = await heldBack(gate, 60);
    let over = false;
    const watched = all.then(() => over = true);
    let turns = 0;
    for (; !over; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    await watched;
    await turn();
    return turns;
  }
  assert(await turnsOf(129) < await turnsOf(2000));
});
