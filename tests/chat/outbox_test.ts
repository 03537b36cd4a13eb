import { assert, assertEquals } from "@std/assert";
import { MAX_OUTBOX, Outbox, WakeUp } from "../../chat/outbox.ts";
import { decodeText, encodeText } from "../../lib/text.ts";

const pure = { permissions: "none" } as const;

/** A wake-up whose turns come when the test says so. */
function handTurned(): { wakeUp: WakeUp; turn: () => void; waiting: () => number } {
  const turns: (() => void)[] = [];
  return {
    wakeUp: new WakeUp((callback) => turns.push(callback)),
    turn: () => turns.splice(0).forEach((callback) => callback()),
    waiting: () => turns.length,
  };
}

async function text(outbox: Outbox): Promise<string | null> {
  const bytes = await outbox.take();
  return bytes === null ? null : decodeText(bytes);
}

Deno.test("Outbox.take() gives all that a turn of the event loop has brought, at once", pure, async () => {
  const { wakeUp, turn, waiting } = handTurned();
  const outbox = new Outbox(wakeUp);
  const taken = text(outbox);
  outbox.push(encodeText("one\n"));
  outbox.push(encodeText("two\n"));
  assertEquals(waiting(), 1);
  turn();
  assertEquals(await taken, "one\ntwo\n");
  assertEquals(outbox.queued, 0);
});

Deno.test("WakeUp asks for one turn, however many outboxes get something", pure, async () => {
  const { wakeUp, turn, waiting } = handTurned();
  const outboxes = Array.from({ length: 100 }, () => new Outbox(wakeUp));
  const taken = outboxes.map(text);
  for (const outbox of outboxes) outbox.push(encodeText("x"));
  assertEquals(waiting(), 1);
  turn();
  assertEquals(await Promise.all(taken), outboxes.map(() => "x"));
});

Deno.test("Outbox.take() does not wait while something is there", pure, async () => {
  const outbox = new Outbox(handTurned().wakeUp);
  outbox.push(encodeText("x"));
  assertEquals(await text(outbox), "x");
});

Deno.test("Outbox.push() refuses what goes beyond the bound (S11, 62)", pure, () => {
  const outbox = new Outbox(handTurned().wakeUp, 10);
  assert(outbox.push(new Uint8Array(10)));
  assert(!outbox.push(new Uint8Array(1)));
  assertEquals(outbox.queued, 10);
  const large = new Outbox(handTurned().wakeUp);
  assert(large.push(new Uint8Array(MAX_OUTBOX)));
  assert(!large.push(new Uint8Array(1)));
});

Deno.test("Outbox.end() leaves what waits, then says null; abandon() throws it away", pure, async () => {
  const outbox = new Outbox(handTurned().wakeUp);
  outbox.push(encodeText("last"));
  outbox.end();
  assert(outbox.push(encodeText("too late")));
  assertEquals([await text(outbox), await text(outbox)], ["last", null]);

  const { wakeUp, turn } = handTurned();
  const dropped = new Outbox(wakeUp);
  const taken = text(dropped);
  dropped.push(encodeText("lost"));
  dropped.abandon();
  turn();
  assertEquals(await taken, null);
});
