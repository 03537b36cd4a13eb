import { assert, assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../../lib/errors.ts";
import { type NetEvent, NO_EVENTS } from "../../lib/events.ts";
import { DataOutput } from "../../lib/console/output.ts";
import { replyTo, reportReply, rulesOf, sumLines, takeAnswer } from "../../sum/exchange.ts";
import type { Form } from "../../sum/protocol.ts";

const rules = { name: "Bob", draw: () => 58, keepRunning: false };
const decoder = new TextDecoder();

/** An output that records what is written. */
function recorded(): { output: DataOutput; written: () => string } {
  let text = "";
  const write = (bytes: Uint8Array): Promise<number> => {
    text += decoder.decode(bytes);
    return Promise.resolve(bytes.length);
  };
  return { output: new DataOutput({ write }, { terminal: false }), written: () => text };
}

Deno.test("replyTo() answers in the form of the question", { permissions: "none" }, () => {
  assertEquals(replyTo("Ada: 42", rules).text, "Bob: 58");
  assertEquals(replyTo('{"name":"Ada","number":42}', rules).text, '{"name":"Bob","number":58}');
  assertEquals(replyTo("Ada: 4.5", rules).text, 'Cannot take the question: "4.5" is not an integer');
  assertEquals(
    replyTo('{"name":"Ada"}', rules).text,
    '{"error":"Cannot take the question: the key \\"number\\" is missing"}',
  );
});

Deno.test("replyTo() stops at every number outside 1-100, and at nothing else (C7)", { permissions: "none" }, () => {
  const huge = "0".repeat(400);
  for (const number of ["0", "101", "-3", "-0", `1${huge}`, `-1${huge}`]) {
    const line = replyTo(`Ada: ${number}`, rules);
    assertEquals([line.kind, line.text], ["stop", "Bob: stopping"]);
    const json = replyTo(`{"name":"Ada","number":${number}}`, rules);
    assertEquals([json.kind, json.text], ["stop", '{"name":"Bob","stopping":true}']);
    const kept = replyTo(`Ada: ${number}`, { ...rules, keepRunning: true });
    assert(
      kept.kind === "refusal" && /^Cannot take the question: \S+.* is not between 1 and 100$/.test(kept.text),
      kept.text,
    );
  }
  for (const number of ["1", "100", "+5", "0042", `${huge}7`]) {
    assertEquals(replyTo(`Ada: ${number}`, rules).kind, "sum");
  }
  for (const number of ["4.5", "1e1", "0x10", "٤٢", "", "NaN", "101.0"]) {
    assertEquals(replyTo(`Ada: ${number}`, rules).kind, "refusal");
  }
});

Deno.test("rulesOf() draws from 1 to 100, or uses --number", { permissions: "none" }, () => {
  const { draw } = rulesOf({ name: "Bob", number: undefined, keepRunning: false });
  const drawn = new Set(Array.from({ length: 5000 }, draw));
  assertEquals([Math.min(...drawn), Math.max(...drawn)], [1, 100]);
  assert([...drawn].every(Number.isInteger));
  assertEquals(rulesOf({ name: "Bob", number: 7, keepRunning: false }).draw(), 7);
});

Deno.test("reportReply() emits the five lines, a refusal, a stop", { permissions: "none" }, () => {
  const all: NetEvent[] = [];
  const events = { detailed: true, emit: (event: NetEvent): unknown => all.push(event) };
  const client = { id: 3, peer: "192.0.2.1:5" };
  for (const text of ["A\x1b[2J: 42", "x", "Ada: 0"]) reportReply(replyTo(text, rules), events, client);
  assertEquals(all, [
    {
      event: "result",
      ...client,
      clientName: "A\x1b[2J",
      serverName: "Bob",
      clientNumber: 42,
      serverNumber: 58,
      sum: 100,
      prose: ["Client name: A\x1b[2J", "Server name: Bob", "Client's number: 42", "Server's number: 58", "Sum: 100"],
    },
    {
      event: "error",
      ...client,
      code: 8,
      message: "Cannot take the question: it has no colon; a line is NAME: INTEGER",
    },
    { event: "notice", message: 'Stopping as requested by "Ada": 0 is not between 1 and 100' },
  ]);
});

Deno.test("sumLines() adds exactly, and does not escape names", { permissions: "none" }, () => {
  const lines = sumLines({ name: "a\nSum: 7\u202e", number: 10n ** 20n }, { name: "é", number: 1n });
  assertEquals(lines, [
    "Client name: a\nSum: 7\u202e",
    "Server name: é",
    "Client's number: 100000000000000000000",
    "Server's number: 1",
    "Sum: 100000000000000000001",
  ]);
});

Deno.test("takeAnswer() prints the five lines and gives --json exact numbers", { permissions: "none" }, async () => {
  const all: NetEvent[] = [];
  const events = { detailed: true, emit: (event: NetEvent): unknown => all.push(event) };
  const { output, written } = recorded();
  const question = { name: "Ada", number: 10n ** 20n, form: "line" as Form };
  await takeAnswer("Bob: 58", question, { events, output, id: 1, from: "peer" });
  assertEquals(written(), sumLines(question, { name: "Bob", number: 58n }).map((line) => `${line}\n`).join(""));
  assertEquals(all, [{
    event: "result",
    id: 1,
    peer: "peer",
    clientName: "Ada",
    serverName: "Bob",
    clientNumber: "100000000000000000000",
    serverNumber: 58,
    sum: "100000000000000000058",
    prose: "",
  }]);
});

Deno.test(
  "takeAnswer() says that the server is stopping, and fails on a refusal with its reason",
  { permissions: "none" },
  async () => {
    const { output, written } = recorded();
    const question = { name: "Ada", number: 101n, form: "line" as Form };
    const taking = { events: NO_EVENTS, output, id: 1, from: "192.0.2.1:12000" };
    const last = await takeAnswer("B\x07ob: stopping", question, taking);
    assertEquals(written(), "B\\x07ob is stopping\n");
    assertEquals(last, "Done: the server is stopping because 101 is not between 1 and 100");
    const reason = "Cannot take the question: 101 is not between 1 and 100";
    const refused = await assertRejects(() => takeAnswer(reason, question, taking), Failure);
    const why = "192.0.2.1:12000 refused the number: 101 is not between 1 and 100";
    assertEquals([refused.code, refused.message], [1, `Cannot get an answer: ${why}`]);
    const odd = await assertRejects(
      () => takeAnswer("Cannot go on: later", { ...question, number: 1n }, taking),
      Failure,
    );
    assertEquals(odd.message, "Cannot get an answer: 192.0.2.1:12000 refused the question: Cannot go on: later");
    assertEquals(written(), "B\\x07ob is stopping\n");
  },
);

Deno.test("takeAnswer() shows names escaped", { permissions: "none" }, async () => {
  const { output, written } = recorded();
  const question = { name: "A\nSum: 7", number: 1n, form: "json" as Form };
  await takeAnswer('{"name":"B\\u001b[2J\\u202e","number":2}', question, {
    events: NO_EVENTS,
    output,
    id: 1,
    from: "peer",
  });
  assertEquals(written().split("\n").slice(0, 3), [
    "Client name: A\\nSum: 7",
    "Server name: B␛[2J\\u202e",
    "Client's number: 1",
  ]);
});
