import { assert, assertEquals, assertGreaterOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, run, startServer } from "../support/script.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";
import { RawPeer } from "../support/sockets.ts";

/** Sends one datagram and waits for the answer. */
async function ask(port: number, data: string | Uint8Array): Promise<Uint8Array> {
  using peer = new RawPeer();
  await peer.send(data, port);
  return (await peer.receive()).bytes;
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("udp:server prints a datagram and answers it, without a newline", async () => {
  await using server = await startServer("udp:server");
  assertEquals(textOf(await ask(server.port, "Hello from client!")), "Hello from server!");
  await server.script.until(/Received/);
  const { code, stdout, stderr } = await server.script.stop();
  assertMatch(
    stdout,
    /^\[\+\] Listening on 127\.0\.0\.1:\d+ \(UDP\)\n\[\+\] .*this machine only.*\n\[\+\] {3}deno task \S+:client --host 127\.0\.0\.1 --port \d+\n\[\*\] Received from 127\.0\.0\.1:\d+: Hello from client!\n\[!\] Exiting\.\.\.\n\[\+\] Done: 1 datagram received, 1 answered, 18 B in, 18 B out\n$/,
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("udp:server answers an empty datagram too, and with an empty one (D1, 45)", async () => {
  await using server = await startServer("udp:server", ["--reply", ""]);
  assertEquals((await ask(server.port, "")).length, 0);
  await server.script.until(/Received from \S+: \n/);
});

Deno.test("udp:server --echo sends 0, 1, 1,472, 1,473 and 65,507 bytes back unchanged (D1, 46)", async () => {
  await using server = await startServer("udp:server", ["--echo", "--quiet"]);
  for (const length of [0, 1, 1472, 1473, 65_507]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 253);
    const answer = await ask(server.port, bytes);
    assert(answer.length === length && answer.every((byte, index) => byte === bytes[index]), `${length} bytes`);
  }
  const { code, stdout } = await server.script.stop("SIGTERM");
  assertEquals(code, 0);
  assertMatch(stdout, /^\[\+\] Listening on 127\.0\.0\.1:\d+ \(UDP\)\n$/);
});

Deno.test(
  "udp:server --discard only counts, in the log too; a terminal shows the count while it runs",
  TERMINAL,
  async () => {
    await using server = atTerminal("udp:server", ["--discard", "--port", "0"]);
    const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    using peer = new RawPeer();
    for (const text of ["1st", "2nd", "last"]) await peer.send(text, Number(port));
    await server.until(/3 datagrams: 0 B out, 10 B in, \S+ \S+\/s/);
    await server.type("\x03");
    const { stdout } = await server.ended();
    assertStringIncludes(stdout, "Done: 3 datagrams received, 0 answered, 10 B in, 0 B out");
    for (const text of ["Received", "1st", "last"]) assertEquals(stdout.includes(text), false, text);
  },
);

Deno.test("udp:server --once serves one exchange and exits 0", async () => {
  await using server = await startServer("udp:server", ["--once"]);
  assertEquals(textOf(await ask(server.port, "x")), "Hello from server!");
  const { code, stdout } = await server.script.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\[\+\] Done: 1 datagram received, 1 answered, 1 B in, 18 B out\n$/);
});

Deno.test("udp:server answers many peers, each at its own port, and survives those that close (D10, 48)", async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  const gone = new RawPeer();
  await gone.send("gone before its answer", server.port);
  gone.close();
  using one = new RawPeer();
  using other = new RawPeer();
  await one.send("one", server.port);
  await other.send("other", server.port);
  assertEquals([(await one.receive()).text, (await other.receive()).text], ["one", "other"]);
});

Deno.test("udp:server shows invalid UTF-8, NUL and ESC escaped and echoes them unchanged (D7, S7)", async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  const bytes = Uint8Array.of(0x41, 0, 0x1b, 0xc3, 0xf0, 0x9f, 0x98, 0x0a, 0xe2, 0x80, 0xae, 0x42);
  assertEquals([...await ask(server.port, bytes)], [...bytes]);
  await server.script.until(/Received from \S+: A␀␛\ufffd\ufffd\\n\\u202eB\n/);
});

Deno.test("udp:server --json prints the same as events", async () => {
  await using server = await startServer("udp:server", ["--json"]);
  using peer = new RawPeer();
  await peer.send("hé\n", server.port);
  await peer.receive();
  await server.script.until(/"event":"sent"/);
  const { stdout, stderr } = await server.script.stop();
  const events = eventsIn(stdout);
  assertEquals(events.map(({ event }) => event), ["listening", "received", "sent", "stopping", "summary", "ended"]);
  const [listening, received, sent] = events;
  assertEquals([listening?.transport, listening?.port, listening?.tls], ["udp", server.port, false]);
  assertEquals([received?.id, received?.peer, received?.bytes, received?.text], [
    1,
    `127.0.0.1:${peer.port}`,
    4,
    "hé",
  ]);
  assertEquals([sent?.bytes, sent?.text], [18, "Hello from server!"]);
  assertEquals(stderr, "");
});

Deno.test("udp:server --bind :: serves IPv6 and IPv4, and says how to join", async () => {
  await using server = await startServer("udp:server", ["--bind", "::", "--echo"]);
  for (const host of ["::1", "127.0.0.1"]) {
    const { code, stdout } = await run("udp:client", ["--host", host, "--port", `${server.port}`, "--message", host]);
    assertEquals({ code, stdout }, { code: 0, stdout: host });
  }
  const { stdout } = await server.script.stop();
  assertMatch(stdout, /^\[\+\] Listening on \[::\]:\d+ \(UDP\)\n\[\+\] Reachable from the network/);
});

Deno.test("udp:server --timeout ends with code 5 when no datagram arrives", async () => {
  await using server = await startServer("udp:server", ["--timeout", "0.2"]);
  const { code, stderr } = await server.script.ended();
  assertEquals(code, 5);
  assertMatch(stderr, /^\[!\] Cannot keep listening on 127\.0\.0\.1:\d+: no datagram for 0\.2 s\n$/);
  const help = await run("udp:server", ["--help"]);
  assertMatch(help.stdout, /--timeout SECONDS +seconds without a datagram after which the server ends, with code 5;/);
});

Deno.test("udp:server exits 9 when the port is in use, and says what to try (S15)", async () => {
  await using server = await startServer("udp:server");
  const { code, stdout, stderr } = await run("udp:server", ["--port", `${server.port}`]);
  assertEquals({ code, stdout }, { code: 9, stdout: "" });
  assertMatch(
    stderr,
    /^\[!\] Cannot listen on 127\.0\.0\.1:\d+ \(UDP\): another program holds the port .*--port 0.*\n$/,
  );
});

Deno.test("udp:server refuses invalid flags (P4)", async () => {
  for (
    const [args, pattern] of [
      [["--echo", "--discard"], /--echo and --discard together/],
      [["--echo", "--reply", "x"], /--echo and --reply together/],
      [["--discard", "--max-rate", "9"], /--discard and --max-rate together/],
      [["--port", "65536"], /--port "65536"/],
      [["--port", "1e3"], /--port "1e3"/],
      [["--timeout", "-1"], /--timeout "-1"/],
      [["--reply"], /--reply: it needs a value/],
      [["--reply", "x".repeat(65_508)], /--reply: it has 65508 bytes, the maximum for one datagram is 65507/],
      [["--replay", "x"], /--replay: no such flag; the nearest is --reply/],
      [["hello"], /the argument "hello"/],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("udp:server", args);
    assertEquals({ code, stdout, lines: stderr.split("\n").length }, { code: 2, stdout: "", lines: 2 });
    assertMatch(stderr, pattern);
  }
});

Deno.test("udp:server warns that a long --reply can be used to flood others, if other machines can reach it", async () => {
  for (const [bind, warned] of [["0.0.0.0", true], ["127.0.0.1", false]] as const) {
    await using server = await startServer("udp:server", ["--bind", bind, "--reply", "x".repeat(1000)]);
    const { stderr } = await server.script.stop();
    assertEquals(/^\[!\] An answer can be 37 times as long as its request, .*\n$/.test(stderr), warned, stderr);
  }
});

Deno.test("udp:server --max-rate reports a broken loop; a client's series is not a loop", async () => {
  await using server = await startServer("udp:server", ["--echo", "--max-rate", "50"]);
  const { code, stderr } = await run("udp:client", ["--port", `${server.port}`, "--count", "1000", "--quiet"]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "1000 sent, 1000 received");
  using loop = new RawPeer();
  const told = server.script.until(/Held back an answer to 127\.0\.0\.1:\d+: more than 50 a second/, "stderr");
  const end = performance.now() + 5000;
  const looping = (async () => {
    await loop.send("x", server.port);
    while (performance.now() < end) await loop.send((await loop.receive()).bytes, server.port);
  })().catch(() => {});
  await told;
  loop.close();
  await looping;
  // Every datagram of the series is in the log.
  const { stdout } = await server.script.stop();
  assertGreaterOrEqual(stdout.match(/^\[\*\] Received from \S+: Hello from client!$/gm)?.length ?? 0, 1000);
});

Deno.test("udp:server does not answer its own reply: two servers set on each other by a forged datagram stop at once", async () => {
  await using server = await startServer("udp:server");
  using peer = new RawPeer();
  await peer.send("Hello from server!", server.port);
  await peer.send("x", server.port);
  assertEquals((await peer.receive()).text, "Hello from server!");
  const { stdout } = await server.script.stop();
  assertStringIncludes(stdout, "2 datagrams received, 1 answered");
});
