import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { eventsIn, run, startServer } from "../support/script.ts";
import { RawPeer } from "../support/sockets.ts";

const at = (port: number): string[] => ["--port", String(port)];
const FIVE = "Client name: Ada\nServer name: Server of X\nClient's number: 42\nServer's number: 58\nSum: 100\n";

Deno.test("sum:udp-client asks in one datagram and prints the five lines", async () => {
  using server = new RawPeer();
  const running = run("sum:udp-client", [...at(server.port), "--name", "Ada", "--number", "42", "--quiet"]);
  const question = await server.receive();
  await server.send("Server of X: 58", question.port);
  assertEquals(await running, { code: 0, stdout: FIVE, stderr: "" });
  assertEquals(question.text, "Ada: 42");
});

Deno.test("sum:udp-client retries from the same port when no answer arrives (D3)", async () => {
  using server = new RawPeer();
  const running = run("sum:udp-client", [...at(server.port), "--name", "Ada"]);
  const lost = await server.receive();
  const again = await server.receive();
  assertEquals([again.text, again.port], [lost.text, lost.port]);
  await server.send("Server of X: 58\n", again.port);
  const { code, stdout, stderr } = await running;
  assertEquals({ code, stdout }, { code: 0, stdout: FIVE });
  assertMatch(stderr, /No answer yet: sending try 2 to /);
});

Deno.test("sum:udp-client: a lost answer does not make the server draw a second number (D3)", async () => {
  await using server = await startServer("sum:udp-server", ["--json"]);
  // A relay that drops the first answer.
  using front = new RawPeer();
  using back = new RawPeer();
  const running = run("sum:udp-client", [...at(front.port), "--json"]);
  const first = await front.receive();
  await back.send(first.bytes, server.port);
  const lost = await back.receive();
  const second = await front.receive();
  await back.send(second.bytes, server.port);
  const answer = await back.receive();
  assertEquals(answer.text, lost.text);
  await front.send(answer.bytes, second.port);
  const { code, stdout } = await running;
  const events = eventsIn(stdout);
  const ours = events.find(({ event }) => event === "result");
  assertEquals(ours?.id, events.find(({ event }) => event === "received")?.id);
  const theirs = eventsIn((await server.script.stop()).stdout).filter(({ event }) => event === "result");
  assertEquals([code, theirs.length], [0, 1]);
  assertNotEquals(ours?.sum, undefined);
  assertEquals(ours?.sum, theirs[0]?.sum);
});

Deno.test("sum:udp-client exits 5 with the number of tries without an answer, 8 on a malformed one (D3, D9)", async () => {
  using silent = new RawPeer();
  const { code, stdout, stderr } = await run("sum:udp-client", [...at(silent.port), "--retries", "0", "-q"]);
  assertEquals({ code, stdout }, { code: 5, stdout: "" });
  assertMatch(stderr, /^\[!\] Cannot reach 127\.0\.0\.1:\d+: no answer to 1 try in .*\n$/);

  using strange = new RawPeer();
  const running = run("sum:udp-client", [...at(strange.port), "-q"]);
  await strange.send("\x1b[2Jwhat?", (await strange.receive()).port);
  const refused = await running;
  assertEquals({ code: refused.code, stdout: refused.stdout }, { code: 8, stdout: "" });
  assertMatch(
    refused.stderr,
    /^\[!\] Cannot accept the answer "␛\[2Jwhat\?" from 127\.0\.0\.1:\d+: it has no colon.*\n$/,
  );
});

Deno.test("sum:udp-client speaks JSON, shows a refusal, and stops the server", async () => {
  await using kept = await startServer("sum:udp-server", ["--keep-running", "--quiet"]);
  const refused = await run("sum:udp-client", [...at(kept.port), "-q", "--number", "101", "--format", "json"]);
  assertEquals({ code: refused.code, stdout: refused.stdout }, { code: 1, stdout: "" });
  assertMatch(refused.stderr, /refused the number: 101 is not between 1 and 100\n$/);

  await using server = await startServer("sum:udp-server", ["--name", "Bob"]);
  const args = [...at(server.port), "-q", "--number", "-3", "--format", "json"];
  assertEquals(await run("sum:udp-client", args), { code: 0, stdout: "Bob is stopping\n", stderr: "" });
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("sum:udp-client refuses a number too long for a datagram before sending, exit 2 (D2)", async () => {
  using server = new RawPeer();
  const number = "1".repeat(66_000);
  const { code, stdout, stderr } = await run("sum:udp-client", [...at(server.port), "--number", number]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertMatch(stderr, /^\[!\] Cannot send 66018 bytes to 127\.0\.0\.1:\d+: one datagram carries at most 65507\n$/);
});
