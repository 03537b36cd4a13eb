import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Connection } from "../../lib/stream/connection.ts";
import { answerWith, echo } from "../../tcp/server.ts";
import { FakeSocket } from "../lib/fakes.ts";
import { turn } from "../support/time.ts";
import { LatencyStats } from "../../lib/stats.ts";
import { eventsIn, needs, POSIX, run, startServer } from "../support/script.ts";
import { RawClient, sendAndReset } from "../support/sockets.ts";
import { everyWay } from "../support/chunks.ts";

const REPLY = "Hello from server!\n";
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Sends pieces one after the other, and reads to the end of the stream. */
async function ask(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  using client = await RawClient.connect(port);
  for (const piece of pieces) await client.send(piece);
  return await client.rest();
}

Deno.test("tcp:server prints a message, answers it and closes", async () => {
  await using server = await startServer("tcp:server");
  assertEquals(await ask(server.port, "Hello from client!\n"), REPLY);
  await server.script.until(/Closed/);
  const { code, stdout, stderr } = await server.script.stop();
  assertMatch(
    stdout,
    /^\[\+\] Listening on 127\.0\.0\.1:\d+\n\[\+\] .*this machine only.*\n\[\+\] {3}deno task \S+:client --host 127\.0\.0\.1 --port \d+\n\[\+\] Accepted connection from 127\.0\.0\.1:\d+\n\[\*\] Received from 127\.0\.0\.1:\d+: Hello from client!\n/,
  );
  assertMatch(stdout, /\[!\] Exiting\.\.\.\n\[\+\] Done: 1 connection served.*\n$/);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("tcp:server sends FIN and reads to the client's end before it closes, so that no reset destroys the answer (S8)", async () => {
  const socket = new FakeSocket();
  socket.source.feed("x\n");
  const answering = answerWith("hi\n")(new Connection(socket));
  await turn();
  socket.source.feed("more, which nobody answers\n");
  await turn();
  assertEquals([socket.sent, socket.calls], ["hi\n", ["setNoDelay", "closeWrite"]]);
  socket.source.end();
  await answering;
  assertEquals(socket.calls.at(-1), "close");

  const echoed = new FakeSocket();
  echoed.source.feed("x\n");
  echoed.source.end();
  await echo(new Connection(echoed));
  assertEquals([echoed.sent, echoed.calls], ["x\n", ["setNoDelay", "closeWrite", "close"]]);
});

Deno.test("tcp:server answers bare text after a pause, as textbook clients send it (S4)", async () => {
  await using server = await startServer("tcp:server");
  assertEquals(await ask(server.port, "Hey there, from our TCP client."), REPLY);
  await server.script.until(/Received from \S+: Hey there, from our TCP client\.\n/);
});

Deno.test("tcp:server reads one message however it is segmented (S1, S3)", async () => {
  await using server = await startServer("tcp:server", ["--json"]);
  let asked = 0;
  for (const { pieces } of everyWay(bytesOf("é漢😀\r\n"))) {
    assertEquals(await ask(server.port, ...pieces), REPLY);
    asked++;
  }
  const { stdout } = await server.script.stop();
  const received = eventsIn(stdout).filter(({ event }) => event === "received");
  assertEquals(received.map(({ text }) => text), new Array(asked).fill("é漢😀"));
});

Deno.test("tcp:server answers the first of two messages in one segment and discards the rest (S2)", async () => {
  await using server = await startServer("tcp:server");
  assertEquals(await ask(server.port, "one\ntwo\n" + "x".repeat(100_000)), REPLY);
});

Deno.test("tcp:server answers a half-closed client (S8) and an empty line (S7), but not an empty stream", async () => {
  await using server = await startServer("tcp:server");
  using half = await RawClient.connect(server.port);
  await half.send("no newline");
  await half.end();
  assertEquals(await half.rest(), REPLY);
  assertEquals(await ask(server.port, "\n"), REPLY);
  using silent = await RawClient.connect(server.port);
  await silent.end();
  assertEquals(await silent.rest(), "");
});

Deno.test("tcp:server shows untrusted bytes escaped (S7)", async () => {
  await using server = await startServer("tcp:server");
  await ask(server.port, Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0, 7, 0xff, 0xc3, 0xa9, 10));
  await ask(server.port, "a\u202eb\rc\n");
  await server.script.until(/Received from \S+: ␛\[2J␀\\x07\ufffdé\n/);
  await server.script.until(/Received from \S+: a\\u202eb\\rc\n/);
});

Deno.test("tcp:server accepts 64 KiB and refuses one byte more with a line (S6)", async () => {
  await using server = await startServer("tcp:server");
  const refusal = "your message is longer than 65536 bytes";
  assertEquals(await ask(server.port, "x".repeat(65536) + "\n"), REPLY);
  assertEquals(await ask(server.port, "x".repeat(65537) + "\n"), `Cannot serve you: ${refusal}\n`);
  assertEquals(await ask(server.port, "x".repeat(300_000)), `Cannot serve you: ${refusal}\n`);
  const { code, stdout } = await server.script.stop();
  assertEquals(code, 0);
  assertMatch(stdout, new RegExp(`Refused 127\\.0\\.0\\.1:\\d+: ${refusal}\n`));
  assertMatch(stdout, /Done: 1 connection served, 2 refused, /);
});

Deno.test("tcp:server keeps running when a client resets mid-message, idle, or at once (S9)", async () => {
  await using server = await startServer("tcp:server");
  await sendAndReset(server.port, "half a mess", { before: () => server.script.until(/Accepted/) });
  for (let count = 0; count < 20; count++) await sendAndReset(server.port, "");
  assertEquals(await ask(server.port, "hello\n"), REPLY);
  await server.script.until(
    /\[!\] Cannot (read from|write to) .*(reset by the peer|no longer reads|cut the connection)/,
  );
  assertEquals((await server.script.stop()).code, 0);
});

Deno.test("tcp:server --echo sends every byte back until the half-close, even more than the socket buffers hold (S8, S13)", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--quiet"]);
  const bytes = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31);
  using client = await RawClient.connect(server.port);
  const reading = client.restBytes();
  await client.send(bytes);
  await client.end();
  const echoed = await reading;
  assertEquals(echoed.length, bytes.length);
  assert(echoed.every((byte, index) => byte === bytes[index]));
});

Deno.test("tcp:server --discard counts and answers nothing", async () => {
  await using server = await startServer("tcp:server", ["--discard"]);
  using client = await RawClient.connect(server.port);
  await client.send("x".repeat(1000));
  await client.end();
  assertEquals(await client.rest(), "");
  await server.script.until(/Closed \S+: 1 kB in, 0 B out/);
});

Deno.test("tcp:server drops a client that never reads, and keeps running (S11, S12)", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--quiet", "--timeout", "0.3"]);
  const flood = new Uint8Array(64 * 1024 * 1024);
  using stubborn = await RawClient.connect(server.port);
  // Its write blocks once the server stops reading, until it is dropped.
  await stubborn.send(flood).catch(() => {});
  await server.script.until(/has not read for 0\.3 s/, "stderr");
  using client = await RawClient.connect(server.port);
  await client.send("still here\n");
  await client.end();
  assertEquals(await client.rest(), "still here\n");
});

Deno.test("tcp:server --timeout disconnects a silent client with a line (S18)", async () => {
  await using server = await startServer("tcp:server", ["--timeout", "0.1"]);
  using client = await RawClient.connect(server.port);
  assertEquals(await client.rest(), "");
  await server.script.until(/Cannot read from 127\.0\.0\.1:\d+: no data for 0\.1 s/, "stderr");
});

Deno.test("tcp:server --once serves one client and exits 0", async () => {
  await using server = await startServer("tcp:server", ["--once", "--reply", "bye", "--no-newline"]);
  assertEquals(await ask(server.port, "x\n"), "bye");
  const { code, stdout } = await server.script.ended();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Done: 1 connection served");
});

Deno.test("tcp:server --max-connections and --allow say why they refuse, in one line", async () => {
  await using full = await startServer("tcp:server", ["--echo", "--max-connections", "1"]);
  using first = await RawClient.connect(full.port);
  await first.send("in\n");
  await first.until(/in\n/);
  assertEquals(await ask(full.port), "Cannot serve you: the server is full (1 connection at most); try again later\n");
  await first.end();
  await first.rest();
  await full.script.until(/Closed/);
  using second = await RawClient.connect(full.port);
  await second.send("free again\n");
  await second.until(/free again\n/);

  await using closed = await startServer("tcp:server", ["--allow", "192.0.2.0/24", "--allow", "2001:db8::/32"]);
  assertEquals(await ask(closed.port), "Cannot serve you: your address is not allowed here\n");
  await closed.script.until(/Refused 127\.0\.0\.1:\d+: your address is not allowed here/);
});

Deno.test("tcp:server lets an open exchange finish after SIGTERM and closes idle clients", async () => {
  await using server = await startServer("tcp:server");
  using idle = await RawClient.connect(server.port);
  using talking = await RawClient.connect(server.port);
  await talking.send("half");
  // Whether or not the gap has passed when the signal arrives, the exchange is answered.
  await server.script.until(/(Accepted[^]*){2}/);
  server.script.signal("SIGTERM");
  assertEquals(await idle.rest(), "");
  assertEquals(await talking.rest(), REPLY);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("tcp:server --echo returns everything that was in transit at SIGTERM", async () => {
  await using server = await startServer("tcp:server", ["--echo"]);
  using client = await RawClient.connect(server.port);
  const sent = new Uint8Array(6_000_000);
  const sending = client.send(sent).then(() => client.end());
  await server.script.until(/Received/);
  server.script.signal("SIGTERM");
  const echoed = await client.restBytes();
  await sending;
  assertEquals(echoed.length, sent.length);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("tcp:server treats two immediate Ctrl-C as one (P1)", async () => {
  await using server = await startServer("tcp:server");
  server.script.signal("SIGINT");
  server.script.signal("SIGINT");
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("tcp:server works over IPv6, and over both with --bind ::", async () => {
  await using six = await startServer("tcp:server", ["--bind", "::1"]);
  using client = await RawClient.connect(six.port, "::1");
  await client.send("x\n");
  assertEquals(await client.rest(), REPLY);
  assertMatch(six.script.stdout, /Listening on \[::1\]:\d+\n.*this machine only/);

  await using both = await startServer("tcp:server", ["--bind", "::"]);
  assertEquals(await ask(both.port, "x\n"), REPLY);
  await both.script.until(/Accepted connection from 127\.0\.0\.1:\d+/);
});

const lan = Deno.networkInterfaces().find(({ family, address }) => family === "IPv4" && !address.startsWith("127."));
const onLan = needs(lan !== undefined, "an address beside those of loopback");

Deno.test("tcp:server on all addresses prints the command to connect", onLan, async () => {
  await using server = await startServer("tcp:server", ["--bind", "0.0.0.0"]);
  await server.script.until(/Reachable from the network/);
  await server.script.until(
    new RegExp(`deno task tcp:client --host ${lan?.address.replaceAll(".", "\\.")} --port ${server.port}\n`),
  );
});

Deno.test("tcp:server exits 9 with a hint when the port is in use (S15)", async () => {
  await using server = await startServer("tcp:server");
  const { code, stdout, stderr } = await run("tcp:server", ["--port", String(server.port)]);
  assertEquals({ code, stdout }, { code: 9, stdout: "" });
  assertMatch(stderr, /^\[!\] Cannot listen on 127\.0\.0\.1:\d+: another program holds the port.*--port 0.*\n$/);
  const foreign = await run("tcp:server", ["--bind", "192.0.2.1"]);
  assertEquals(foreign.code, 9);
  assertMatch(foreign.stderr, /not an address of this machine/);
});

Deno.test("tcp:server serves 200 clients at once, each many times", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--quiet"]);
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(server.port)));
  try {
    const slowest = await Promise.all(clients.map(async (client, index) => {
      const times = new LatencyStats();
      for (let round = 0; round < 20; round++) {
        const started = performance.now();
        await client.send(`${index}:${round}\n`);
        assertEquals(await client.until(/\n/), `${index}:${round}\n`);
        times.add(performance.now() - started);
      }
      return times.max;
    }));
    assert(Math.max(...slowest) < 2000, `slowest ${Math.max(...slowest)} ms`);
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("tcp:server ends quietly when its stdout is closed (P3)", async () => {
  await using server = await startServer("tcp:server");
  await server.script.closeOutput();
  // The next log line goes into a closed pipe.
  await ask(server.port, "x\n").catch(() => {});
  const { code, stderr } = await server.script.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("tcp:server --quiet prints only the ready line", async () => {
  await using server = await startServer("tcp:server", ["-q"]);
  assertEquals(await ask(server.port, "x\n"), REPLY);
  const { stdout } = await server.script.stop();
  assertMatch(stdout, /^\[\+\] Listening on 127\.0\.0\.1:\d+\n$/);
});

Deno.test("tcp:server --json reports the same as the prose", async () => {
  await using server = await startServer("tcp:server", ["--json"]);
  await ask(server.port, "x\n");
  await server.script.until(/"event":"closed"/);
  const { stdout, stderr } = await server.script.stop();
  const events = eventsIn(stdout);
  assertEquals(events.length, stdout.trim().split("\n").length);
  assertEquals(events.map(({ event }) => event), [
    "listening",
    "accepted",
    "received",
    "sent",
    "closed",
    "stopping",
    "summary",
    "ended",
  ]);
  assert(events.every(({ time }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(time))));
  const [listening, accepted, received, sent, closed] = events;
  assertEquals([listening?.transport, listening?.hostname, listening?.tls], ["tcp", "127.0.0.1", false]);
  assertEquals([accepted?.id, received?.id, received?.bytes, received?.text], [1, 1, 2, "x"]);
  assertEquals([closed?.bytesIn, closed?.bytesOut], [received?.bytes, sent?.bytes]);
  assertEquals(events.at(-1)?.code, 0);
  assertEquals(stderr, "");
});

Deno.test("tcp:server refuses --echo with --discard, exit 2", async () => {
  const { code, stderr, stdout } = await run("tcp:server", ["--echo", "--discard"]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertMatch(stderr, /^\[!\] Cannot use --echo and --discard together.*\n$/);
});

Deno.test("tcp:server applies --timeout to a whole message: a byte now and then does not extend it", async () => {
  await using server = await startServer("tcp:server", ["--timeout", "0.3", "--gap", "0"]);
  using client = await RawClient.connect(server.port);
  const dripping = setInterval(() => client.send("x").catch(() => {}), 20);
  try {
    assertEquals(await client.rest().catch(() => ""), "");
  } finally {
    clearInterval(dripping);
  }
  await server.script.until(/its message is not complete after 0\.3 s/, "stderr");
});

Deno.test(
  "tcp:server suspended for longer than --timeout reads buffered data before it times out clients",
  POSIX,
  async () => {
    await using server = await startServer("tcp:server", ["--echo", "--timeout", "0.5"]);
    const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(server.port)));
    for (const client of clients) {
      await client.send("before\n");
      await client.until(/before\n/);
    }
    server.script.signal("SIGSTOP");
    for (const client of clients) await client.send("meanwhile\n");
    // Longer than the limit, and long enough to be detected as a suspension.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    server.script.signal("SIGCONT");
    for (const client of clients) assertEquals(await client.until(/\n/), "meanwhile\n");
    for (const client of clients) client.close();
  },
);
