import { assert, assertEquals } from "@std/assert";
import { FairGate } from "../../../lib/stream/fair.ts";

const permissions = "none";

function gateOf(open: number): FairGate {
  const gate = new FairGate();
  for (let count = 0; count < open; count++) gate.enter();
  return gate;
}

/** Waits for a turn of the event loop, including immediates. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(() => setImmediate(() => resolve()), 0));

/** Starts `count` passes in this turn; returns how many are still held after all microtasks. */
async function heldBack(gate: FairGate, passes: number): Promise<{ held: number; all: Promise<unknown> }> {
  let held = passes;
  const all = Promise.all(Array.from({ length: passes }, () => gate.pass().then(() => held--)));
  for (let tick = 0; tick < 50; tick++) await Promise.resolve();
  return { held, all };
}

Deno.test("FairGate is crowded only above 128 open connections", { permissions }, () => {
  assert(!gateOf(0).crowded && !gateOf(128).crowded && gateOf(129).crowded);
  const gate = gateOf(129);
  gate.leave();
  assert(!gate.crowded);
});

Deno.test("FairGate lets a few busy connections among many idle ones pass at once", { permissions }, async () => {
  const gate = gateOf(1000);
  for (let round = 0; round < 3; round++) {
    const { held, all } = await heldBack(gate, 50);
    assertEquals(held, 0);
    await all;
    await turn();
  }
});

Deno.test("FairGate delays a crowd until the event loop has turned", { permissions }, async () => {
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

Deno.test("FairGate waits more turns the more connections are open", { permissions }, async () => {
  /** Whole turns of the event loop until a pass in a crowd completes. */
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
