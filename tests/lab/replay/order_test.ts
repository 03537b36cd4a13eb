import { assertEquals } from "@std/assert";
import type { Conversation, Step } from "../../../lab/replay/conversation.ts";
import { CapturedOrder } from "../../../lab/replay/order.ts";

const pure = { permissions: "none" } as const;

function conversation(flow: number, start: number, ...at: number[]): Conversation {
  const steps = at.map((at): Step => ({ do: "send", at, bytes: new Uint8Array() }));
  return {
    flow,
    start,
    steps,
    transport: "tcp",
    client: null,
    server: null,
    tls: false,
    opened: start,
    refused: false,
  };
}

/** Takes all steps of a conversation, and notes each. */
async function run(order: CapturedOrder, { flow, steps }: Conversation, taken: string[]): Promise<void> {
  for (let step = 0; step <= steps.length; step++) {
    await order.turn(flow);
    taken.push(`${flow}.${step}`);
    order.taken(flow);
  }
}

Deno.test("CapturedOrder: steps of all conversations are taken in the order of the capture", pure, async () => {
  const all = [conversation(1, 0, 10, 40), conversation(2, 5, 20, 30), conversation(3, 25)];
  const taken: string[] = [];
  const order = new CapturedOrder(all);
  await Promise.all(all.toReversed().map((each) => run(order, each, taken)));
  assertEquals(taken, ["1.0", "2.0", "1.1", "2.1", "3.0", "2.2", "1.2"]);
});

Deno.test("CapturedOrder: one that leaves holds up nobody", pure, async () => {
  const all = [conversation(1, 0, 10, 20, 30), conversation(2, 5, 15, 25)];
  const taken: string[] = [];
  const order = new CapturedOrder(all);
  const other = run(order, all[1] ?? conversation(0, 0), taken);
  await order.turn(1);
  order.taken(1);
  order.leave(1);
  order.leave(1);
  await other;
  assertEquals(taken, ["2.0", "2.1", "2.2"]);
});

Deno.test("CapturedOrder: what only receives has no turn", pure, async () => {
  const listener: Conversation = {
    ...conversation(1, 0),
    steps: [{ do: "expect", at: 1, parts: [], pause: 0 }, { do: "expectEnd", at: 2, end: "fin" }],
  };
  const order = new CapturedOrder([listener, conversation(2, 5)]);
  await order.turn(1);
  order.taken(1);
  await order.turn(2);
});
