import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, run, start, startServer, taskArgs } from "../support/script.ts";
import { RawPeer } from "../support/sockets.ts";

const at = (port: number): string[] => ["--port", String(port)];

Deno.test("udp:client sends its message, prints the answer byte for byte and exits", async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  const { code, stdout, stderr } = await run("udp:client", [...at(server.port), "--message", "Grüße\r\n"]);
  assertEquals({ code, stdout }, { code: 0, stdout: "Grüße\r\n" });
  assertMatch(stderr, /^\[\*\] Sent: Grüße\n\[\+\] Done: an answer of 9 bytes in .*s\n$/);
});

Deno.test("udp:client without a message sends stdin as one datagram; an empty stdin means the default message", async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  for (const [input, answer] of [["a\nb\n", "a\nb\n"], ["", "Hello from client!"], [undefined, "Hello from client!"]]) {
    const { code, stdout } = await run("udp:client", at(server.port), input === undefined ? {} : { input });
    assertEquals({ code, stdout }, { code: 0, stdout: answer });
  }
});

Deno.test("udp:client --message '' sends an empty datagram, and accepts an empty answer (D1)", async () => {
  using peer = new RawPeer();
  await using client = start("udp:client", [...at(peer.port), "--message", ""]);
  const { bytes, port } = await peer.receive();
  assertEquals(bytes.length, 0);
  await peer.send("", port);
  const { code, stdout, stderr } = await client.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assertStringIncludes(stderr, "Done: an answer of 0 bytes");
});

Deno.test("udp:client is binary-safe up to 65,507 bytes (D1, D7)", async () => {
  await using server = await startServer("udp:server", ["--echo", "--quiet"]);
  const bytes = Uint8Array.from({ length: 65_507 }, (_, index) => index * 7 % 256);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...taskArgs("udp:client"), ...at(server.port), "--quiet"],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assertEquals({ code, stderr: stderr.length, length: stdout.length }, { code: 0, stderr: 0, length: bytes.length });
  assert(stdout.every((byte, index) => byte === bytes[index]));
});

Deno.test("udp:client refuses 65,508 bytes before sending, from stdin or as a message (D2)", async () => {
  using peer = new RawPeer();
  const long = "x".repeat(65_508);
  const piped = await run("udp:client", at(peer.port), { input: long });
  assertEquals([piped.code, piped.stdout], [2, ""]);
  assertMatch(piped.stderr, /^\[!\] Cannot send standard input: it has more than 65507 bytes, the maximum .*\n$/);
  const given = await run("udp:client", [...at(peer.port), "--message", long]);
  assertEquals([given.code, given.stdout], [2, ""]);
  assertMatch(
    given.stderr,
    /^\[!\] Cannot send 65508 bytes to 127\.0\.0\.1:\d+: one datagram carries at most 65507\n$/,
  );
  // This is the first datagram to arrive.
  using other = new RawPeer();
  await other.send("first", peer.port);
  assertEquals((await peer.receive()).text, "first");
});

Deno.test("udp:client retries when the answer is lost, and says which try was answered (D3)", async () => {
  using peer = new RawPeer();
  await using client = start("udp:client", [...at(peer.port), "--message", "x"]);
  const first = await peer.receive();
  const second = await peer.receive();
  assert(first.port !== second.port);
  await peer.send("answer", second.port);
  const { code, stdout, stderr } = await client.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "answer" });
  assertMatch(stderr, /\[\+\] No answer yet: sending try 2 to 127\.0\.0\.1:\d+\n/);
  assertMatch(stderr, /\[\+\] Done: an answer of 6 bytes in .*s, to try 2 of the 2 sent\n$/);
});

Deno.test("udp:client ignores an answer from another peer, and says so (D5)", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  await using client = start("udp:client", [...at(peer.port), "--message", "x"]);
  const { port } = await peer.receive();
  await stranger.send("forged", port);
  await client.until(/\[!\] Ignored 6 unsolicited bytes from 127\.0\.0\.1:\d+\n/, "stderr");
  await peer.send("genuine", port);
  assertEquals((await client.ended()).stdout, "genuine");
});

Deno.test("udp:client exits 5 after its tries or its timeout when no server listens (D9)", async () => {
  const silent = new RawPeer();
  const { port } = silent;
  silent.close();
  const tries = await run("udp:client", [...at(port), "--message", "x", "--retries", "1"]);
  assertEquals([tries.code, tries.stdout], [5, ""]);
  assertMatch(tries.stderr, /\[!\] Cannot reach 127\.0\.0\.1:\d+: no answer to 2 tries in 1\.\d s; is a server .*\n$/);
  const bounded = await run("udp:client", [...at(port), "--message", "x", "--timeout", "0.5"]);
  assertEquals(bounded.code, 5);
  assertMatch(bounded.stderr, /no answer to 1 try in [\d.]+ m?s/);
});

Deno.test("udp:client exits 3 for a name without an address", async () => {
  const { code, stderr } = await run("udp:client", ["--host", "nobody.invalid", "--message", "x"]);
  assertEquals(code, 3);
  assertMatch(stderr, /^\[!\] Cannot resolve nobody\.invalid: .*\n$/);
});

Deno.test("udp:client --count prints how many were sent, received, lost and duplicated, and how fast", async () => {
  await using server = await startServer("udp:server");
  const args = [...at(server.port), "--message", "x", "--count", "3"];
  const { code, stdout, stderr } = await run("udp:client", args);
  assertEquals({ code, stdout }, { code: 0, stdout: "Hello from server!".repeat(3) });
  assertMatch(
    stderr,
    /^(\[\*\] [123]: 18 bytes in [\d.]+ ms\n){3}\[\*\] 3 sent, 3 received, 0 % lost, 0 duplicates, 0 out of order, 0 late; min\/avg\/max\/p99 \S+ ms \/ \S+ ms \/ \S+ ms \/ \S+ ms\n\[\+\] Done: 3 requests\n$/,
  );
  const quiet = await run("udp:client", [...args, "--quiet", "--interval", "0.01"]);
  assertEquals(quiet.code, 0);
  assertMatch(quiet.stderr, /^\[\*\] 3 sent, 3 received.*\n$/);
});

Deno.test("udp:client --count exits 5 without any answer, 0 with one (D3, D9)", async () => {
  using peer = new RawPeer();
  const silent = await run("udp:client", [...at(peer.port), "--message", "x", "--count", "2", "--timeout", "0.05"]);
  assertEquals(silent.code, 5);
  assertMatch(silent.stderr, /2 sent, 0 received, 100 % lost.*\n\[!\] Cannot reach .*: no answer to 2 requests; .*\n$/);
  for (let waiting = 0; waiting < 2; waiting++) await peer.receive();

  await using client = start("udp:client", [...at(peer.port), "--message", "x", "--count", "2", "--timeout", "1"]);
  await peer.receive();
  await peer.send("y", (await peer.receive()).port);
  const { code, stderr } = await client.ended();
  assertEquals(code, 0);
  assertMatch(stderr, /2 sent, 1 received, 50 % lost/);
});

Deno.test("udp:client --json prints the same as events, and nothing else on stdout", async () => {
  await using server = await startServer("udp:server");
  const one = await run("udp:client", [...at(server.port), "--message", "x\n", "--json"]);
  assertEquals(one.stderr, "");
  const events = eventsIn(one.stdout);
  assertEquals(events.length, one.stdout.trimEnd().split("\n").length);
  assertEquals(events.map(({ event, text, bytes }) => [event, text, bytes]), [
    ["sent", "x", 2],
    ["received", "Hello from server!", 18],
    ["ended", undefined, undefined],
  ]);
  const many = await run("udp:client", [...at(server.port), "--message", "x", "--json", "--quiet", "--count", "2"]);
  // Answers are data: --quiet prints them too.
  const [first, second, measured, ended] = eventsIn(many.stdout);
  assertEquals([first?.event, second?.event], ["received", "received"]);
  assertEquals([measured?.event, measured?.sent, measured?.received, measured?.loss], ["measured", 2, 2, 0]);
  assertEquals([measured?.prose, typeof measured?.min, ended?.event], [undefined, "number", "ended"]);
});

Deno.test("udp:client stopped by SIGINT prints its figures and exits 130 (P1)", async () => {
  using peer = new RawPeer();
  {
    await using client = start("udp:client", [...at(peer.port), "--message", "x"]);
    await client.until(/Sent: x\n/, "stderr");
    const { code, stderr } = await client.stop();
    assertEquals(code, 130);
    assertMatch(stderr, /\[!\] Exiting\.\.\.\n$/);
  }
  {
    await using client = start("udp:client", [...at(peer.port), "--message", "x", "--count", "9", "--interval", "60"]);
    // The first is still from the previous client.
    await peer.receive();
    await peer.send("y", (await peer.receive()).port);
    await client.until(/y/);
    const { code, stderr } = await client.stop();
    assertEquals(code, 130);
    assertMatch(stderr, /Exiting\.\.\.\n\[\*\] 1 sent, 1 received, 0 % lost.*\n$/);
  }
});

Deno.test("udp:client ends quietly with 0 when its stdout is closed (P3)", async () => {
  await using server = await startServer("udp:server", ["--quiet"]);
  const args = [...at(server.port), "--message", "x", "--count", "1000000", "--quiet"];
  await using client = start("udp:client", args);
  await client.until(/Hello/);
  await client.closeOutput();
  const { code, stderr } = await client.ended();
  assertEquals(code, 0);
  assertMatch(stderr, /^\[\*\] \d+ sent, \d+ received.*\n$/);
});

Deno.test("udp:client refuses invalid flags (P4)", async () => {
  for (
    const [args, pattern] of [
      [["--retries", "-1"], /--retries "-1"/],
      [["--count", "0"], /--count "0"/],
      [["--interval", "NaN"], /--interval "NaN"/],
      [["--interval", "1"], /--interval without --count/],
      [["--count", "2", "--retries", "1"], /--count and --retries together/],
      [["--port", "0"], /--port "0"/],
      [["--port", "80x"], /--port "80x"/],
      [["--host", "a:1"], /--host "a:1"/],
      [["--message", "a", "--message", "b"], /--message 2 times/],
      [["--retrys", "1"], /--retrys: no such flag; the nearest is --retries/],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("udp:client", args);
    assertEquals({ code, stdout, lines: stderr.split("\n").length }, { code: 2, stdout: "", lines: 2 });
    assertMatch(stderr, pattern);
  }
});

Deno.test("udp:client does not wait for an open stdin without a writer", async () => {
  await using server = await startServer("udp:server");
  await using client = start("udp:client", ["--port", String(server.port)], { stdin: true });
  await client.until(/Hello from server!/);
});
