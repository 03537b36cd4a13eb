import { assertEquals, assertLess, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, startServer } from "../support/script.ts";
import { RawPeer } from "../support/sockets.ts";

const BOB = ["--name", "Bob", "--number", "58"];

/** Sends one datagram and waits for the answer. */
async function ask(peer: RawPeer, port: number, question: string | Uint8Array): Promise<string> {
  await peer.send(question, port);
  return (await peer.receive()).text;
}

Deno.test("sum:udp-server answers in the form of the question and prints the five lines", async () => {
  await using server = await startServer("sum:udp-server", BOB);
  using peer = new RawPeer();
  assertEquals(await ask(peer, server.port, "Client of X: 42"), "Bob: 58");
  assertEquals(await ask(peer, server.port, '{"name":"Ada","number":1}'), '{"name":"Bob","number":58}');
  // A user of `nc -u` sends a newline and gets one.
  assertEquals(await ask(peer, server.port, "Ada: 2\n"), "Bob: 58\n");
  const { code, stdout, stderr } = await server.script.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /^\[\+\] Listening on 127\.0\.0\.1:\d+ \(UDP\)\n/);
  assertStringIncludes(
    stdout,
    "Client name: Client of X\nServer name: Bob\nClient's number: 42\nServer's number: 58\nSum: 100\n",
  );
  assertMatch(stdout, /\[!\] Exiting\.\.\.\n\[\+\] Done: 3 datagrams received, 3 answered, .*\n$/);
});

Deno.test("sum:udp-server gives a repeated question the same answer and counts it once (D3)", async () => {
  // Without --number, a new exchange would draw a new number.
  await using server = await startServer("sum:udp-server", ["--json"]);
  using peer = new RawPeer();
  const answers = new Set<string>();
  for (let count = 0; count < 30; count++) answers.add(await ask(peer, server.port, "Ada: 42"));
  assertEquals(answers.size, 1);
  using other = new RawPeer();
  await ask(other, server.port, "Ada: 42");
  await ask(peer, server.port, "Ada: 43");
  const results = eventsIn((await server.script.stop()).stdout).filter(({ event }) => event === "result");
  assertEquals(results.map(({ id, peer: from, clientNumber }) => [id, from, clientNumber]), [
    [1, `127.0.0.1:${peer.port}`, 42],
    [2, `127.0.0.1:${other.port}`, 42],
    [1, `127.0.0.1:${peer.port}`, 43],
  ]);
});

Deno.test("sum:udp-server refuses a malformed question and keeps running (C7, C8, D7)", async () => {
  await using server = await startServer("sum:udp-server", [...BOB, "--keep-running", "--quiet"]);
  using peer = new RawPeer();
  const cases: [string | Uint8Array, string][] = [
    ["", "Cannot take the question: it is empty"],
    ["Ada: ٤٢", 'Cannot take the question: "٤٢" is not an integer'],
    ["Ada: 1\nBob: 2", "Cannot take the question: it is more than one line"],
    ["Ada: 101", "Cannot take the question: 101 is not between 1 and 100"],
    ['{"number":1}', '{"error":"Cannot take the question: the key \\"name\\" is missing"}'],
    [Uint8Array.of(0xff, 0x1b, 0, 0), "Cannot take the question: it has no colon; a line is NAME: INTEGER"],
    [`${"x".repeat(60_000)}: 1`, "Cannot take the question: the name has 60000 characters, the limit is 200"],
  ];
  for (const [question, answer] of cases) assertEquals(await ask(peer, server.port, question), answer);
  assertEquals(await ask(peer, server.port, Uint8Array.of(0xff, 0x1b, 0x3a, 0x35)), "Bob: 58");
  const { code, stdout } = await server.script.stop();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Client name: \ufffd␛\n");
});

Deno.test("sum:udp-server answers a number outside 1-100, then stops with exit 0", async () => {
  for (const number of ["0", "-3", `1${"0".repeat(400)}`]) {
    await using server = await startServer("sum:udp-server", BOB);
    using peer = new RawPeer();
    assertEquals(await ask(peer, server.port, `Ada: ${number}`), "Bob: stopping");
    const { code, stdout } = await server.script.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /\[\+\] Stopping as requested by "Ada": .* is not between 1 and 100\n/);
  }
});

Deno.test("sum:udp-server --once serves one exchange and exits 0", async () => {
  await using server = await startServer("sum:udp-server", [...BOB, "--once"]);
  using peer = new RawPeer();
  assertEquals(await ask(peer, server.port, "Ada: 1"), "Bob: 58");
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("sum:udp-server does not answer a message that ends an exchange: two servers could refuse each other forever", async () => {
  await using server = await startServer("sum:udp-server", [...BOB, "--quiet"]);
  using peer = new RawPeer();
  for (
    const word of [
      "Cannot take the question: it is empty",
      "Ada: stopping",
      '{"error":"Cannot"}',
      '{"name":"A","stopping":true}',
    ]
  ) {
    await peer.send(word, server.port);
  }
  assertEquals(await ask(peer, server.port, "Ada: 42"), "Bob: 58");
});

Deno.test("sum:udp-server sends short refusals, never more than three times the question, headers included", async () => {
  await using server = await startServer("sum:udp-server", [...BOB, "--keep-running", "--quiet"]);
  using peer = new RawPeer();
  const long = "k".repeat(5000);
  for (
    const [question, answer] of [
      ["{", '{"error":"Cannot take the question: not a JSON object"}'],
      ["[]", '{"error":"Cannot take the question: not a JSON object"}'],
      ["{\n", '{"error":"Cannot take the question: not a JSON object"}\n'],
      ["x", "Cannot take the question: it is not NAME: INTEGER"],
      ["\n", "Cannot take the question: it is empty\n"],
      ["abc", "Cannot take the question: it is not NAME: INTEGER"],
      [`{"${long}":1,"${long}":2}`, '{"error":"Cannot take the question: not a JSON object"}'],
    ] as const
  ) {
    const got = await ask(peer, server.port, question);
    assertEquals(got, answer);
    assertLessOrEqual(28 + got.length, 3 * (28 + question.length));
  }
});

Deno.test("sum:udp-server --quiet prints a few errors of a flood, and counts the rest", async () => {
  await using server = await startServer("sum:udp-server", [...BOB, "--quiet"]);
  using peer = new RawPeer();
  for (let count = 0; count < 200; count++) await ask(peer, server.port, `${count}`);
  const { stderr } = await server.script.stop();
  const lines = stderr.trimEnd().split("\n");
  assertLess(lines.length, 25);
  assertMatch(lines.at(-1) ?? "", /^\[!\] Suppressed in the last [0-9.]+ s: 1[789]\d errors; from 1 peer$/);
});
