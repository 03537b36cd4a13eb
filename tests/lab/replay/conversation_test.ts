import { assertEquals, assertRejects } from "@std/assert";
import { conversationsOf, type Step } from "../../../lab/replay/conversation.ts";
import { Failure } from "../../../lib/errors.ts";
import { decodeText } from "../../../lib/text.ts";
import { type Call, conversation, flow } from "./wire.ts";

const pure = { permissions: "none" } as const;

/** Steps as text. */
function shown(steps: readonly Step[]): unknown[][] {
  return steps.map((step) => {
    const { do: what, at } = step;
    if (step.do === "send") return [what, at, decodeText(step.bytes)];
    if (step.do === "expect") return [what, at, ...step.parts.map(decodeText)];
    return step.do === "expectEnd" ? [what, at, step.end] : [what, at];
  });
}

async function stepsOf(calls: readonly Call[], options: Parameters<typeof flow>[1] = {}): Promise<unknown[][]> {
  return shown((await conversation(calls, options)).steps);
}

Deno.test(
  "conversationsOf() keeps each chunk that was sent, and joins what was received between two of them",
  pure,
  async () => {
    const steps = await stepsOf([
      [0, "connect"],
      [10, "write", "GET /"],
      [12, "write", " HTTP/1.1\r\n\r\n"],
      [20, "read", "HTTP/1.1 "],
      [21, "read", "200 OK\r\n\r\n"],
      [50, "write", "again"],
      [60, "read", "ok"],
    ]);
    assertEquals(steps, [
      ["send", 10, "GET /"],
      ["send", 12, " HTTP/1.1\r\n\r\n"],
      ["expect", 21, "HTTP/1.1 200 OK\r\n\r\n"],
      ["send", 50, "again"],
      ["expect", 60, "ok"],
    ]);
  },
);

Deno.test("conversationsOf() keeps both ends of a connection in their order, each once", pure, async () => {
  const opened: Call = [0, "connect"];
  const [sent, received]: [Call, Call] = [[1, "write", "a"], [2, "read", "b"]];
  assertEquals(await stepsOf([opened, sent, [2, "closeWrite"], [3, "read", "b"], [4, "read"], [5, "close"]]), [
    ["send", 1, "a"],
    ["halfClose", 2],
    ["expect", 3, "b"],
    ["expectEnd", 4, "fin"],
  ]);
  // A close is a FIN, after which the other side may still send.
  assertEquals(await stepsOf([opened, sent, [3, "close"], [4, "read"]]), [
    ["send", 1, "a"],
    ["halfClose", 3],
    ["expectEnd", 4, "fin"],
  ]);
  const refused = { error: "ECONNRESET" };
  assertEquals(await stepsOf([opened, sent, received, [3, "read", null, refused], [4, "close"]]), [
    ["send", 1, "a"],
    ["expect", 2, "b"],
    ["expectEnd", 3, "reset"],
    ["halfClose", 4],
  ]);
  assertEquals(await stepsOf([opened, sent, [3, "reset"]]), [["send", 1, "a"], ["reset", 3]]);
});

Deno.test(
  "conversationsOf() takes a write that is told twice once, with the bytes that were accepted",
  pure,
  async () => {
    const steps = await stepsOf([
      [0, "connect"],
      [5, "read", "banner"],
      [10, "writing", "question"],
      [12, "read", "answer"],
      [14, "write", "quest", { duration: 4, offered: 8 }],
      [15, "writing", "ion"],
      [15, "write", "ion"],
    ]);
    assertEquals(steps, [
      ["expect", 5, "banner"],
      ["send", 10, "quest"],
      ["expect", 12, "answer"],
      ["send", 15, "ion"],
    ]);
  },
);

Deno.test("conversationsOf() keeps each datagram, empty ones too, and no end", pure, async () => {
  const steps = await stepsOf([
    [0, "sending", ""],
    [0, "send", ""],
    [1, "receive", "one"],
    [2, "receive", ""],
    [3, "send", "x"],
    [9, "close"],
  ], { transport: "udp" });
  assertEquals(steps, [["send", 0, ""], ["expect", 2, "one", ""], ["send", 3, "x"]]);
});

Deno.test("conversationsOf() tells the longest pause inside an answer", pure, async () => {
  const { steps } = await conversation([[0, "connect"], [1, "write", "a"], [5, "read", "b"], [95, "read", "c"]]);
  assertEquals(steps.map((step) => step.do === "expect" ? step.pause : 0), [0, 90]);
});

Deno.test("conversationsOf() counts time from the first conversation, and sorts by it", pure, async () => {
  const events = [
    ...flow([[100, "connect", null, { duration: 5 }], [110, "write", "late"]], { number: 7 }),
    ...flow([[40, "connect"], [60, "write", "early"]], { number: 9 }),
  ];
  const found = await conversationsOf(events, { as: "client" });
  assertEquals(
    found.map(({ flow, start, opened, steps }) => [flow, start, opened, steps[0]?.at]),
    [[9, 0, 0, 20], [7, 55, 60, 70]],
  );
  const [only] = await conversationsOf(events, { as: "client", wanted: (flow) => flow === 7 });
  assertEquals([only?.flow, only?.start], [7, 0]);
});

Deno.test("conversationsOf() tells who was client and server, whichever side it is told from", pure, async () => {
  for (const as of ["client", "server"] as const) {
    const opened: Call = as === "client" ? [0, "connect"] : [0, "accept"];
    const { client, server } = await conversation([opened, [1, "write", "x"]], { as });
    assertEquals([client?.port, server?.port], [50_000, 12_345], as);
  }
});

Deno.test("conversationsOf() keeps a refused connection, and leaves out what is no conversation", pure, async () => {
  const refused = await conversation([[3, "connect", null, { error: "ECONNREFUSED", duration: 3 }]]);
  assertEquals([refused.refused, refused.steps], [true, []]);
  const events = [...flow([[0, "listen"], [0, "resolve"]], { number: 0 }), ...flow([[0, "connect"]])];
  assertEquals(await conversationsOf(events, { as: "client" }), []);
});

Deno.test("conversationsOf() keeps no more of a capture than fits into memory", pure, async () => {
  const events = flow([[0, "connect"], [1, "write", "12345"], [2, "read", "67890"]]);
  await assertRejects(() => conversationsOf(events, { as: "client", max: 9 }), Failure, "more than 9 bytes");
  assertEquals((await conversationsOf(events, { as: "client", max: 10 })).length, 1);
});
