import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { listenNode } from "../../lib/net/node_listener.ts";
import { encodeText } from "../../lib/text.ts";
import { RawClient, RawPeer, rawServer } from "../support/sockets.ts";
import { eventsIn, run, start, startServer } from "../support/script.ts";
import { CaptureOnDisk } from "./replay/capture_file.ts";
import { type Call, flow } from "./replay/wire.ts";

/** What our own scripts capture, played against the same server again. */
Deno.test("wire:replay: what tcp:client captured plays against tcp:server --echo again, chunk by chunk", async () => {
  await using server = await startServer("tcp:server", ["--echo"]);
  await using capture = await CaptureOnDisk.write([]);
  const address = `127.0.0.1:${server.port}`;
  const sent = await run("tcp:client", ["--capture", capture.path, "--quiet", address], { input: "one\ntwo\n" });
  assertEquals([sent.code, sent.stdout], [0, "one\ntwo\n"]);
  const { code, stdout, stderr } = await run("wire:replay", [capture.path, address]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^\[\+\] Playing the client's side of 1 connection over \d[\d.]* m?s\n\[\+\] Connected to /);
  assertMatch(
    stdout,
    /\n\[\+\] Connection 1: the same: 1 answer, 8 bytes\n\[\+\] Done: 1 conversation as captured\n$/,
  );
});

const EXCHANGE: Call[] = [
  [0, "connect", null, { local: null }],
  [5, "writing", "hello\n"],
  [5, "write", "hello\n"],
  [10, "read", "HELLO\n"],
  [20, "closeWrite"],
  [21, "read"],
  [22, "close"],
];

/** Answers in capitals, or whatever a test makes of it. */
function shouting(change: (text: string) => string = (text) => text): ReturnType<typeof rawServer> {
  return rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) {
      await client.send(change(new TextDecoder().decode(bytes).toUpperCase()));
    }
    await client.end();
  });
}

Deno.test("wire:replay: a changed server is reported at its offset, with exit 1; --ignore leaves it out", async () => {
  await using capture = await CaptureOnDisk.write(flow(EXCHANGE));
  await using server = shouting((text) => text.replace("LL", "XX"));
  const at = [capture.path, "127.0.0.1", String(server.port)];
  const { code, stdout, stderr } = await run("wire:replay", at);
  assertEquals([code, stderr], [1, "[!] Cannot reproduce the capture: 1 of 1 conversation differs\n"]);
  assertStringIncludes(
    stdout,
    `[!] Connection 1 differs: answer 1 of 1 at offset 2
      sent     "hello\\n"
      captured "HELLO\\n"
      now      "HEXXO\\n"
                  ^
      captured 00000000  48 45 4c 4c 4f 0a
      now      00000000  48 45 58 58 4f 0a
                               ^^
`,
  );
  const ignoring = await run("wire:replay", ["--ignore", "E..O", ...at]);
  assertEquals(ignoring.code, 0);
  assertStringIncludes(ignoring.stdout, "the same: 1 answer, 6 bytes, 1 part of them ignored");
});

Deno.test("wire:replay --json has a result for each conversation, without prose", async () => {
  await using capture = await CaptureOnDisk.write(flow(EXCHANGE));
  await using server = shouting((text) => text.slice(1));
  const { code, stdout } = await run("wire:replay", ["--json", "--no-wait", capture.path, `:${server.port}`]);
  assertEquals(code, 1);
  const events = eventsIn(stdout);
  const { time, peer, ...result } = events.find(({ event }) => event === "result") ?? {};
  assert(typeof time === "string" && typeof peer === "string");
  assertEquals(result, {
    event: "result",
    id: 1,
    flow: 1,
    transport: "tcp",
    same: false,
    code: 1,
    answers: 1,
    bytes: 6,
    received: 5,
    ignored: 0,
    end: "fin",
    expectedEnd: "fin",
    early: false,
    unsent: 0,
    timedOut: false,
    differences: [{
      answer: 1,
      offset: 0,
      streamOffset: 0,
      receivedOffset: 0,
      expectedBytes: 6,
      receivedBytes: 5,
      expected: "48454c4c4f0a",
      received: "454c4c4f0a",
    }],
  });
  const summary = events.find(({ event }) => event === "summary");
  assertEquals([summary?.played, summary?.same, events.at(-1)?.code], [1, 0, 1]);
});

Deno.test("wire:replay hints how to leave out a header line that differs", async () => {
  const head = (date: string): string => `HTTP/1.1 204 No Content\r\nDate: ${date}\r\n\r\n`;
  await using capture = await CaptureOnDisk.write(
    flow([[0, "connect"], [1, "write", "GET / HTTP/1.1\r\n\r\n"], [2, "read", head("Mon")], [3, "closeWrite"]]),
  );
  await using server = shouting(() => head("Tue"));
  const { stdout } = await run("wire:replay", ["-q", capture.path, `:${server.port}`]);
  assertMatch(stdout, /\n\[\+\] To leave out what differs in that line, add --ignore '\^Date: \.\*\$'\n$/);
});

Deno.test("wire:replay without an address lists what can be played", async () => {
  await using capture = await CaptureOnDisk.write([
    ...flow(EXCHANGE),
    ...flow([[100, "sending", "ping"], [100, "send", "ping"], [101, "receive", "pong!"]], {
      transport: "udp",
      number: 2,
    }),
  ]);
  const { code, stdout } = await run("wire:replay", [capture.path]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^\[\*\] Connection 1: \S+ → 127\.0\.0\.1:12345 at 0\.00 ms: client sends 6 bytes in 1 chunk, gets 6 bytes, in \d+ ms\n/,
  );
  assertMatch(stdout, /\n\[\*\] Flow 2: \S+ → \S+ at 100 ms: client sends 4 bytes in 1 datagram, gets 5 bytes, in 1/);
  assertMatch(stdout, /\n\[\+\] Done: nothing was played; deno task wire:replay \S+ HOST PORT plays them\n$/);
});

Deno.test("wire:replay: what went to several servers needs --flow", async () => {
  const datagrams: Call[] = [[0, "sending", "ping"], [0, "send", "ping"], [1, "receive", "ping"]];
  const other = { peer: { hostname: "127.0.0.1", port: 99 } };
  const toOther = datagrams.map(([at, call, text]): Call => [at, call, text ?? null, other]);
  await using capture = await CaptureOnDisk.write([
    ...flow(datagrams, { transport: "udp" }),
    ...flow(toOther, { transport: "udp", number: 2 }),
  ]);
  using server = new RawPeer();
  const args = [capture.path, "--timeout", "1", `:${server.port}`];
  const { code, stderr } = await run("wire:replay", args);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /^\[!\] Cannot replay to one address what went to 2 \(127\.0\.0\.1:12345 \(UDP\), 127\.0\.0\.1:99/,
  );
  const echo = server.receive().then(({ bytes, port }) => server.send(bytes, port));
  const one = await run("wire:replay", ["--flow", "2", ...args]);
  await echo;
  assertStringIncludes(one.stdout, "[+] Flow 2: the same: 1 datagram, 4 bytes\n");
});

Deno.test("wire:replay: nobody there is exit 4, a silent server 5, a reset 6", async () => {
  await using capture = await CaptureOnDisk.write(flow(EXCHANGE));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const nobody = await run("wire:replay", [capture.path, `:${listener.addr.port}`]);
  assertEquals([nobody.code, nobody.stderr.includes("connection refused")], [4, true]);
  await using silent = rawServer(async (client) => void await client.rest());
  const late = await run("wire:replay", ["--timeout", "0.6", "-q", capture.path, `:${silent.port}`]);
  assertEquals(late.code, 5);
  assertMatch(late.stdout, /^\[!\] Connection 1 differs: answer 1 of 1 did not come \(6 bytes\)\n/);
  using cutting = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  const cut = (async () => {
    const socket = await cutting.accept();
    await socket.read(new Uint8Array(99));
    socket.reset?.();
  })();
  const reset = await run("wire:replay", ["-q", capture.path, `:${cutting.addr.port}`]);
  await cut;
  assertEquals(reset.code, 6);
  assertMatch(reset.stdout, /also: the server reset the connection/);
});

Deno.test("wire:replay --as server --once plays the captured server, and judges the client", async () => {
  await using capture = await CaptureOnDisk.write(flow([
    [0, "accept"],
    [1, "writing", "220 ready\r\n"],
    [1, "write", "220 ready\r\n"],
    [9, "read", "QUIT\r\n"],
    [10, "writing", "221 bye\r\n"],
    [10, "write", "221 bye\r\n"],
    [11, "closeWrite"],
    [12, "read"],
  ], { as: "server" }));
  for (const [command, code] of [["QUIT", 0], ["quit", 1]] as const) {
    const script = start("wire:replay", ["--as", "server", "--once", capture.path, "0"]);
    const [, port] = await script.until(/Listening on 127\.0\.0\.1:(\d+)/);
    using client = await RawClient.connect(Number(port));
    await client.until(/ready/);
    await client.send(`${command}\r\n`);
    assertEquals(await client.rest(), "221 bye\r\n");
    client.close();
    assertEquals((await script.ended()).code, code);
  }
});

Deno.test("wire:replay --as server is stopped by Ctrl-C with 0, whatever the clients sent", async () => {
  await using capture = await CaptureOnDisk.write(flow([
    [0, "accept"],
    [1, "read", "hello"],
    [2, "read"],
    [3, "close"],
  ], { as: "server" }));
  await using script = start("wire:replay", ["--as", "server", capture.path, "--port", "0"]);
  const [, port] = await script.until(/Listening on 127\.0\.0\.1:(\d+)/);
  using client = await RawClient.connect(Number(port));
  await client.send("HELLO");
  await client.end();
  await script.until(/differs/);
  const { code, stdout } = await script.stop();
  assertEquals(code, 0);
  assertMatch(stdout, /\[\+\] Done: 1 conversation played, 1 different\n$/);
});

Deno.test("wire:replay --tls plays over TLS what was captured inside it", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--tls", "--ephemeral"]);
  await using capture = await CaptureOnDisk.write([]);
  const address = `127.0.0.1:${server.port}`;
  const tls = ["--tls", "--tls-insecure"];
  await run("tcp:client", ["--capture", capture.path, ...tls, "--message", "secret", address]);
  const { code, stdout } = await run("wire:replay", [...tls, capture.path, address]);
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "Connection 1: the same: 1 answer, 7 bytes");
  const plain = await run("wire:replay", ["--timeout", "1", capture.path, address]);
  assertStringIncludes(plain.stdout, "It was captured inside TLS; --tls plays it over TLS again\n");
});

Deno.test("wire:replay says in one line what it cannot do", async () => {
  await using capture = await CaptureOnDisk.write(flow(EXCHANGE));
  const { path } = capture;
  await Deno.writeFile(`${capture.folder}/text`, encodeText("no capture at all"));
  const cases: [args: string[], code: number, said: string][] = [
    [[], 2, "Cannot use no file: name a capture (see --help)"],
    [[`${path}.not`], 1, "Cannot read "],
    [[`${capture.folder}/text`], 8, "it is neither pcapng nor pcap"],
    [[path, "localhost"], 2, 'Cannot use the argument "localhost"'],
    [[path, ":0"], 2, 'Cannot use port "0"'],
    [[path, ":80", "--port", "80"], 2, 'Cannot use --port with the argument ":80": leave one out'],
    [[path, "--speed", "0", ":80"], 2, 'Cannot use --speed "0": it must be a number from 0.001'],
    [[path, "--speed", "2", "--no-wait", ":80"], 2, "Cannot use --no-wait and --speed together"],
    [[path, "--flow", "3-1", ":80"], 2, 'Cannot use --flow "3-1": it must be numbers or ranges'],
    [[path, "--flow", "7", ":80"], 1, "it has no TCP connection and no UDP flow with these numbers"],
    [[path, "--ignore", "(", ":80"], 2, 'Cannot use --ignore "(": it is no regular expression'],
    [[path, "--once", ":80"], 2, "Cannot use --once: it is for --as server"],
    [[path, "--as", "server", "--pin", "x", "80"], 2, "Cannot use --pin: it is for --as client"],
    [
      [path, "--capture", `${capture.folder}/../${capture.folder.replace(/.*\//, "")}/capture.pcapng`, ":80"],
      2,
      "play",
    ],
    [[path, "--pin", "x", ":80"], 2, "Cannot use --pin without --tls"],
  ];
  for (const [args, code, said] of cases) {
    const ended = await run("wire:replay", args);
    assertEquals([ended.code, ended.stdout], [code, ""], args.join(" "));
    assertMatch(ended.stderr, /^\[!\] Cannot \P{Cc}+\n$/u);
    assertStringIncludes(ended.stderr, said);
  }
  assert((await Deno.stat(path)).size > 0, "the capture is still there");
});
