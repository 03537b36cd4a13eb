import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ScriptEvent } from "../../lib/events.ts";
import { serveSums } from "../../sum/server.ts";
import { eventsIn, run, startServer } from "../support/script.ts";
import { FakeListener, FakeSocket } from "../lib/fakes.ts";
import { turn } from "../support/time.ts";
import { RawClient, RecordedEvents, sendAndReset } from "../support/sockets.ts";

const BOB = ["--name", "Bob", "--number", "58"];
const FIVE = "Client name: Client of X\nServer name: Bob\nClient's number: 42\nServer's number: 58\nSum: 100\n";

/** Sends pieces one after the other, and reads to the end of the stream. */
async function ask(port: number, ...pieces: string[]): Promise<string> {
  using client = await RawClient.connect(port);
  for (const piece of pieces) await client.send(piece);
  return await client.rest();
}

Deno.test("sum:server answers with its name and number, prints the five lines and closes", async () => {
  await using server = await startServer("sum:server", BOB);
  assertEquals(await ask(server.port, "Client of X: 42\n"), "Bob: 58\n");
  await server.script.until(/Closed/);
  const { code, stdout, stderr } = await server.script.stop();
  assertMatch(stdout, /^\[\*\] Received from 127\.0\.0\.1:\d+: Client of X: 42$/m);
  assertStringIncludes(stdout, `: Client of X: 42\n${FIVE}[+] Closed 127.0.0.1:`);
  assertMatch(stdout, /\[!\] Exiting\.\.\.\n\[\+\] Done: 1 connection served.*\n$/);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("sum:server answers bare text without a newline, as the textbook client sends it, and closes (S4, S8)", async () => {
  await using server = await startServer("sum:server", BOB);
  assertEquals(await ask(server.port, "Client of X: 42"), "Bob: 58\n");
  using half = await RawClient.connect(server.port);
  await half.send("Client of X: 4");
  await half.send("2");
  await half.end();
  assertEquals(await half.rest(), "Bob: 58\n");
});

Deno.test("sum:server accepts a question byte by byte, and the first of two in one segment (S1, S2, S3)", async () => {
  await using server = await startServer("sum:server", [...BOB, "--json"]);
  const bytes = new TextEncoder().encode("Zoë 漢😀: 7\r\n");
  using client = await RawClient.connect(server.port);
  for (const byte of bytes) await client.send(Uint8Array.of(byte));
  assertEquals(await client.rest(), "Bob: 58\n");
  client.close();
  assertEquals(await ask(server.port, "Ada: 1\nAda: 2\nAda: "), "Bob: 58\n");
  const { stdout } = await server.script.stop();
  const results = eventsIn(stdout).filter(({ event }) => event === "result");
  assertEquals(results.map(({ id, clientName, clientNumber, sum }) => [id, clientName, clientNumber, sum]), [
    [1, "Zoë 漢😀", 7, 65],
    [2, "Ada", 1, 59],
  ]);
});

Deno.test("sum:server --json has the five lines as fields, --quiet still prints them", async () => {
  await using json = await startServer("sum:server", [...BOB, "--json", "--quiet"]);
  await ask(json.port, "Client of X: 42\n");
  const events = eventsIn((await json.script.stop()).stdout);
  assertEquals(events.map(({ event }) => event), ["listening", "result", "summary", "ended"]);
  const { time: _, peer, ...fields } = events[1] ?? {};
  assertMatch(String(peer), /^127\.0\.0\.1:\d+$/);
  assertEquals(fields, {
    event: "result",
    id: 1,
    clientName: "Client of X",
    serverName: "Bob",
    clientNumber: 42,
    serverNumber: 58,
    sum: 100,
  });
  await using quiet = await startServer("sum:server", [...BOB, "--quiet"]);
  await ask(quiet.port, "Client of X: 42\n");
  const { stdout } = await quiet.script.stop();
  assertEquals(stdout, `[+] Listening on 127.0.0.1:${quiet.port}\n${FIVE}`);
});

Deno.test("sum:server answers JSON with JSON, and refuses in the form of the question (C7, C8)", async () => {
  await using server = await startServer("sum:server", [...BOB, "--quiet"]);
  assertEquals(await ask(server.port, '{"name":"Ada","number":42}\n'), '{"name":"Bob","number":58}\n');
  const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  const cases: [string, string][] = [
    ["Ada: 4.5", 'Cannot take the question: "4.5" is not an integer\n'],
    ["Ada: 1e1", 'Cannot take the question: "1e1" is not an integer\n'],
    ["Ada: ٤٢", 'Cannot take the question: "٤٢" is not an integer\n'],
    ["Ada:", "Cannot take the question: the integer after the last colon is missing\n"],
    ["", "Cannot take the question: it is empty\n"],
    [": 42", "Cannot take the question: the name is empty\n"],
    [`${"x".repeat(10_240)}: 42`, "Cannot take the question: the name has 10240 characters, the limit is 200\n"],
    [
      "[1]",
      '{"error":"Cannot take the question: it is JSON, but not an object such as {\\"name\\":\\"Ada\\",\\"number\\":42}"}\n',
    ],
    ['{"name":"Ada"}', '{"error":"Cannot take the question: the key \\"number\\" is missing"}\n'],
    ['{"name":1,"number":1}', '{"error":"Cannot take the question: the value of \\"name\\" is not a string"}\n'],
    ['{"name":"a","name":"b","number":1}', '{"error":"Cannot take the question: the key \\"name\\" appears twice"}\n'],
    [deep, '{"error":"Cannot take the question: it is nested more than 32 deep"}\n'],
  ];
  for (const [question, answer] of cases) assertEquals(await ask(server.port, `${question}\n`), answer);
  assertEquals(await ask(server.port, "still: 1\n"), "Bob: 58\n");
  const { code, stderr } = await server.script.stop();
  assertEquals(code, 0);
  assertEquals(stderr.trim().split("\n").length, cases.length);
  assertMatch(stderr, /^\[!\] 127\.0\.0\.1:\d+: Cannot take the question: "4\.5" is not an integer\n/);
});

Deno.test("sum:server shows names escaped (S7)", async () => {
  await using server = await startServer("sum:server", BOB);
  await ask(server.port, "\x1b[2J\0a\u202eSum: 7: 42\n");
  await server.script.until(/Client name: ␛\[2J␀a\\u202eSum: 7\n/);
  await ask(server.port, '{"name":"a\\nSum: 7","number":42}\n');
  await server.script.until(/Client name: a\\nSum: 7\n/);
});

Deno.test("sum:server stops at a number outside 1-100 and tells the client, exit 0 (C7)", async () => {
  const huge = `1${"0".repeat(400)}`;
  for (
    const [question, answer] of [
      ["Ada: 0\n", "Bob: stopping\n"],
      ["Ada: -3", "Bob: stopping\n"],
      [`Ada: ${huge}\n`, "Bob: stopping\n"],
      ['{"name":"Ada","number":101}\n', '{"name":"Bob","stopping":true}\n'],
    ] as const
  ) {
    await using server = await startServer("sum:server", BOB);
    assertEquals(await ask(server.port, question), answer);
    const { code, stdout, stderr } = await server.script.ended();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, /\[\+\] Stopping as requested by "Ada": \S+( \(401 digits\))? is not between 1 and 100\n/);
    assertMatch(stdout, /\[\+\] Done: 1 connection served.*\n$/);
  }
});

Deno.test("sum:server stops even if the client left before the answer", async () => {
  await using server = await startServer("sum:server");
  const client = await RawClient.connect(server.port);
  await client.send("Ada: 101\n");
  client.close();
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("sum:server completes an open exchange when it stops, and closes a silent client", async () => {
  await using server = await startServer("sum:server", [...BOB, "--gap", "0"]);
  using silent = await RawClient.connect(server.port);
  using slow = await RawClient.connect(server.port);
  await slow.send("Ada: 4");
  // After a whole exchange in between, the server has read the partial question.
  assertEquals(await ask(server.port, "Eve: 1\n"), "Bob: 58\n");
  assertEquals(await ask(server.port, "Eve: 0\n"), "Bob: stopping\n");
  assertEquals(await silent.rest(), "");
  await slow.send("2\n");
  assertEquals(await slow.rest(), "Bob: 58\n");
  slow.close();
  const { code, stdout } = await server.script.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /Client name: Ada\n.*\nClient's number: 42\n/);
});

Deno.test("sum:server --keep-running refuses a number outside 1-100 and keeps running", async () => {
  await using server = await startServer("sum:server", [...BOB, "--keep-running"]);
  assertEquals(await ask(server.port, "Ada: 101\n"), "Cannot take the question: 101 is not between 1 and 100\n");
  assertEquals(
    await ask(server.port, '{"name":"Ada","number":0}\n'),
    '{"error":"Cannot take the question: 0 is not between 1 and 100"}\n',
  );
  assertEquals(await ask(server.port, "Ada: 100\n"), "Bob: 58\n");
});

Deno.test("sum:server: a client resets mid-message and the next one is served (S9)", async () => {
  await using server = await startServer("sum:server", BOB);
  await sendAndReset(server.port, "Client of X: 4");
  for (let count = 0; count < 20; count++) await sendAndReset(server.port, "");
  assertEquals(await ask(server.port, "Client of X: 42\n"), "Bob: 58\n");
  await server.script.until(/Sum: 100\n/);
  assertEquals((await server.script.stop()).code, 0);
});

Deno.test("sum:server refuses an endless line, and keeps running (S6)", async () => {
  await using server = await startServer("sum:server", [...BOB, "--max-message", "1000"]);
  assertEquals(await ask(server.port, "1".repeat(5000)), "Cannot serve you: your message is longer than 1000 bytes\n");
  assertEquals(await ask(server.port, "Ada: 1\n"), "Bob: 58\n");
});

Deno.test("serveSums() sends FIN and reads to the client's end before it closes, so that no reset destroys the answer (S8)", async () => {
  const [socket, stop] = [new FakeSocket(), new AbortController()];
  socket.source.feed("Ada: 41\nand more\n");
  const rules = { name: "Bob", draw: () => 1, keepRunning: false };
  const serving = serveSums(new FakeListener([socket]), rules, { signal: stop.signal });
  while (socket.calls.length < 2) await turn();
  assertEquals([socket.sent, socket.calls], ["Bob: 1\n", ["setNoDelay", "closeWrite"]]);
  socket.source.end();
  while (!socket.closed) await turn();
  stop.abort();
  await serving;
});

Deno.test("serveSums() serves many clients at once, without mixing their lines", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const events = new RecordedEvents();
  const stop = new AbortController();
  let next = 0;
  const rules = { name: "Bob", draw: () => 1 + next++ % 100, keepRunning: false };
  const serving = serveSums(listener, rules, { events, signal: stop.signal });
  // A silent client does not delay the others.
  using silent = await RawClient.connect(port);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(port, `c${index}: ${index + 1}\n`)));
  const numbers = answers.map((answer) => Number(/^Bob: (\d+)\n$/.exec(answer)?.[1]));
  assertEquals(numbers.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, index) => index + 1));
  const results = events.all.filter((event) => event.event === "result") as ScriptEvent[];
  for (const [index, number] of numbers.entries()) {
    const result = results.find(({ clientName }) => clientName === `c${index}`);
    assertEquals([result?.clientNumber, result?.serverNumber, result?.sum], [index + 1, number, index + 1 + number]);
  }
  stop.abort();
  assertEquals((await serving).connections, 101);
  assertEquals(await silent.rest(), "");
});

Deno.test("sum:server draws a new number for each exchange", async () => {
  await using server = await startServer("sum:server", ["--quiet"]);
  const answers = new Set<string>();
  for (let count = 0; count < 20; count++) answers.add(await ask(server.port, "Ada: 1\n"));
  assert(answers.size > 1, [...answers].join());
  for (const answer of answers) assertMatch(answer, /^Plainwire server: ([1-9]\d?|100)\n$/);
});

Deno.test("sum:server --once, --max-connections, --allow and --timeout work here too", async () => {
  await using once = await startServer("sum:server", ["--once", ...BOB]);
  assertEquals(await ask(once.port, "Ada: 1\n"), "Bob: 58\n");
  assertEquals((await once.script.ended()).code, 0);
  await using full = await startServer("sum:server", ["--max-connections", "1", "--timeout", "0.2"]);
  using silent = await RawClient.connect(full.port);
  assertStringIncludes(await ask(full.port), "Cannot serve you: the server is full");
  assertEquals(await silent.rest(), "");
  await full.script.until(/no data for 0\.2 s/, "stderr");
  await using closed = await startServer("sum:server", ["--allow", "192.0.2.0/24"]);
  assertEquals(await ask(closed.port), "Cannot serve you: your address is not allowed here\n");
});

Deno.test("sum:server works over IPv6", async () => {
  await using server = await startServer("sum:server", ["--bind", "::1", ...BOB]);
  using client = await RawClient.connect(server.port, "::1");
  await client.send("Ada: 1\n");
  assertEquals(await client.rest(), "Bob: 58\n");
});

Deno.test("sum:server refuses an invalid --number before it opens anything (P4)", async () => {
  for (const number of ["0", "101", "4.5", "1e1"]) {
    const { code, stdout, stderr } = await run("sum:server", ["--number", number]);
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, /^\[!\] Cannot use --number ".*": it must be a whole number from 1 to 100\n$/);
  }
});
