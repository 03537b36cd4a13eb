import { assert, assertEquals } from "@std/assert";
import { type Bell, FairGate, LoopbackBell } from "../../../lib/stream/fair.ts";

const permissions = "none";

/** A bell that the test answers. */
class FakeBell implements Bell {
  rings = 0;
  closes = 0;
  #rung: (() => void) | null = null;

  ring(): Promise<void> {
    this.rings++;
    return new Promise((resolve) => this.#rung = resolve);
  }

  close(): void {
    this.closes++;
  }

  /** Whether somebody waits for it. */
  get waits(): boolean {
    return this.#rung !== null;
  }

  /** Ends a ring, and all that follows from it in the same turn. */
  async answer(): Promise<void> {
    const rung = this.#rung;
    this.#rung = null;
    rung?.();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let hop = 0; hop < 20; hop++) await Promise.resolve();
}

/** Waits for the end of the turn, as the gate sees it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve())));

function setUp(open: number): { gate: FairGate; bell: FakeBell } {
  const bell = new FakeBell();
  const gate = new FairGate(bell);
  for (let count = 0; count < open; count++) gate.enter();
  return { gate, bell };
}

/** So many connections ask in this turn; tells how many still wait. */
function ask(gate: FairGate, passes: number): { waiting: number } {
  const state = { waiting: 0 };
  for (let count = 0; count < passes; count++) {
    const pass = gate.pass();
    if (pass === null) continue;
    state.waiting++;
    pass.then(() => state.waiting--);
  }
  return state;
}

Deno.test("FairGate lets everybody pass while at most 128 connections are open", { permissions }, () => {
  const { gate, bell } = setUp(129);
  gate.leave();
  for (let round = 0; round < 10; round++) assertEquals(ask(gate, 128).waiting, 0);
  gate.enter();
  assert(ask(gate, 128).waiting > 0);
  assertEquals(bell.rings, 1);
});

Deno.test("FairGate lets a few busy connections among many idle ones pass at once", { permissions }, async () => {
  const { gate, bell } = setUp(1014);
  for (let turns = 0; turns < 20; turns++) {
    assertEquals(ask(gate, 64).waiting, 0);
    await turn();
  }
  assertEquals(bell.rings, 0);
});

Deno.test("FairGate waits for who is busy, no matter how many others are open", { permissions }, async () => {
  for (const busy of [100, 128]) {
    const { gate, bell } = setUp(10_000);
    // The event loop serves all of them in each turn.
    for (let exchanges = 0; exchanges < 20 * busy;) {
      const { waiting } = ask(gate, busy);
      exchanges += busy;
      assert(waiting > 0);
      for (let rings = 0; bell.waits; rings++) {
        assert(rings < 3, "it looks as often as all open connections would need");
        await bell.answer();
      }
      await turn();
    }
  }
});

Deno.test("FairGate: nobody in a crowd passes twice before all have passed once", { permissions }, async () => {
  const { gate, bell } = setUp(500);
  ask(gate, 99);
  const first = ask(gate, 29);
  assertEquals([first.waiting, bell.rings], [29, 1], "those from the hundredth on wait");
  const second = ask(gate, 128);
  await bell.answer();
  assertEquals([first.waiting, second.waiting, bell.rings], [29, 128, 2], "that look found as many as a turn holds");
  const third = ask(gate, 128);
  await bell.answer();
  const last = ask(gate, 116);
  await bell.answer();
  assertEquals([first.waiting, second.waiting, third.waiting, last.waiting], [29, 128, 128, 116]);
  const held = (): number => first.waiting + second.waiting + third.waiting + last.waiting;
  await bell.answer();
  assertEquals([held(), first.waiting], [301, 0], "that look found nobody: a hundred go on, the first first");
  const again = ask(gate, 100);
  for (const waiting of [201, 101, 1, 0]) {
    await bell.answer();
    assertEquals([held(), again.waiting], [waiting, 100]);
  }
  while (bell.waits) await bell.answer();
  assertEquals(again.waiting, 0);
});

Deno.test(
  "FairGate: a crowd is remembered for some rounds, and forgotten when it has gone",
  { permissions },
  async () => {
    const { gate, bell } = setUp(500);
    ask(gate, 250);
    while (bell.waits) await bell.answer();
    await turn();
    let rounds = 0;
    for (; ask(gate, 3).waiting > 0; rounds++) {
      assert(rounds < 20, "the crowd is never forgotten");
      while (bell.waits) await bell.answer();
      await turn();
    }
    assert(rounds > 1, "one small round does not end a crowd");
    assertEquals(ask(gate, 90).waiting, 0);
  },
);

Deno.test(
  "FairGate strands nobody when others leave while they wait, and closes its bell",
  { permissions },
  async () => {
    const { gate, bell } = setUp(300);
    const waiting = ask(gate, 300);
    for (let count = 0; count < 200; count++) gate.leave();
    assertEquals(bell.closes, 0);
    gate.leave();
    assertEquals([bell.closes, waiting.waiting], [1, 201]);
    while (bell.waits) await bell.answer();
    assertEquals(waiting.waiting, 0);
    assertEquals(gate.pass(), null);
  },
);

Deno.test("FairGate rings no bell once so few are open that it is closed: nobody would close it again", {
  permissions,
}, async () => {
  const { gate, bell } = setUp(300);
  const waiting = ask(gate, 300);
  for (let count = 0; count < 300; count++) gate.leave();
  assertEquals([bell.rings, waiting.waiting], [1, 201]);
  await bell.answer();
  assertEquals([bell.rings, waiting.waiting], [1, 0]);
});

Deno.test(
  "FairGate does not hold a crowd back for clients that connect anew all the time",
  { permissions },
  async () => {
    const { gate, bell } = setUp(200);
    const waiting = ask(gate, 200);
    for (let rings = 0; waiting.waiting > 0; rings++) {
      assert(rings < 6, "it waits for everybody who comes");
      for (let count = 0; count < 128; count++) gate.enter();
      ask(gate, 128);
      await bell.answer();
    }
  },
);

Deno.test("LoopbackBell falls back to a timer where no connection is permitted", { permissions }, async () => {
  const bell = new LoopbackBell();
  let rung = false;
  const ringing = bell.ring().then(() => rung = true);
  await settled();
  assertEquals(rung, false);
  await ringing;
  await bell.ring();
  bell.close();
});

Deno.test("LoopbackBell rings after what was ready before", { permissions: { net: ["127.0.0.1"] } }, async () => {
  const bell = new LoopbackBell();
  await bell.ring();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using far = await listener.accept();
  for (let round = 0; round < 20; round++) {
    const order: string[] = [];
    const read = far.read(new Uint8Array(9)).then(() => order.push("data"));
    await near.write(new Uint8Array(1));
    await bell.ring();
    order.push("bell");
    await read;
    assertEquals(order, ["data", "bell"]);
  }
  bell.close();
  bell.close();
  await bell.ring();
  bell.close();
});

Deno.test("LoopbackBell may be closed while it opens or rings", { permissions: { net: ["127.0.0.1"] } }, async () => {
  const bell = new LoopbackBell();
  const opening = bell.ring();
  bell.close();
  await opening;
  await bell.ring();
  const ringing = bell.ring();
  bell.close();
  await ringing;
});

Deno.test("LoopbackBell goes on by timer when its connection breaks, until it is closed", { permissions }, async () => {
  for (const broken of [() => Promise.resolve(null), () => Promise.reject(new Deno.errors.ConnectionReset())]) {
    let [opened, closed] = [0, 0];
    const end = { read: broken, write: () => Promise.resolve(1), close: () => closed++ } as unknown as Deno.TcpConn;
    const bell = new LoopbackBell(() => {
      opened++;
      return Promise.resolve([end, end]);
    });
    for (let rings = 0; rings < 5; rings++) await bell.ring();
    assertEquals([opened, closed], [1, 2]);
    bell.close();
    await bell.ring();
    assertEquals([opened, closed], [2, 4]);
  }
});
