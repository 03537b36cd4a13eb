/** The mistakes on TCP connections, committed against a script with `--explain` by a basic program or a raw socket. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { encodeText } from "../../../../lib/text.ts";
import { dial } from "../../../../lib/stream/dial.ts";
import { connectTap } from "../../../../lib/wire/connect_tap.ts";
import { type Remark, type WireEvent, wireTime } from "../../../../lib/wire/event.ts";
import { Explainer } from "../../../../lib/wire/explain/explainer.ts";
import { WireHub } from "../../../../lib/wire/hub.ts";
import { atPort, needs, run, start, startServer } from "../../../support/script.ts";
import { RawClient, rawServer } from "../../../support/sockets.ts";
import { mistakesIn, textOf } from "./support.ts";

/** The numbers of the mistakes that a log names. */
function named(log: string): number[] {
  return [...log.matchAll(/^\[!\].*\[mistake (\d+)\]/gm)].map(([, number]) => Number(number));
}

Deno.test("an exchange of our own scripts names no mistake", async () => {
  await using server = await startServer("tcp:server", ["--explain"]);
  const { stdout, stderr } = await run("tcp:client", [...atPort("tcp:client", server.port), "--explain"]);
  assertEquals(stdout, "Hello from server!\n");
  const { stdout: log } = await server.script.stop();
  assertEquals([named(log), named(stderr)], [[], []]);
  for (const call of ["listen(2)", "accept(2)", "read(2)", "write(2)", "shutdown(2)", "close(2)"]) {
    assertStringIncludes(log, call);
  }
  assertStringIncludes(stderr, "connect(2)");
});

Deno.test("1: by raw sockets, a message in two writes and two in one", async () => {
  await using server = await startServer("tcp:server", ["--gap", "5000", "--explain"]);
  using double = await RawClient.connect(server.port);
  await double.send("one\ntwo\n");
  await server.script.until(/\[mistake 1\] 2 messages in one read/);
  using client = await RawClient.connect(server.port);
  await client.send("Hel");
  await server.script.until(/“Hel”/);
  await client.send("lo\n");
  await server.script.until(/\[mistake 1\] This one message of 6 bytes came in 2 reads/);
});

Deno.test("2: by a raw socket that sends its whole buffer", async () => {
  await using server = await startServer("tcp:server", ["--explain"]);
  using client = await RawClient.connect(server.port);
  const buffer = new Uint8Array(1024);
  encodeText("ping").forEach((byte, index) => buffer[index] = byte);
  await client.send(buffer);
  await server.script.until(/\[mistake 2\] 4 bytes of text, then 1,020 NUL bytes/);
});

Deno.test("3: by a raw server that does not read", async () => {
  const go = Promise.withResolvers<void>();
  await using server = rawServer(async (client) => {
    await go.promise;
    await client.rest();
  });
  const client = start("tcp:client", [...atPort("tcp:client", server.port), "--explain"], { stdin: true });
  const typing = client.type("x".repeat(20_000_000));
  await client.until(/\[mistake 3\] write\(2\) has been waiting for \d/, "stderr");
  go.resolve();
  await client.until(/\[mistake 3\] write\(2\) waited \d/, "stderr");
  await typing;
  await client.ended();
});

Deno.test("4: by a raw server that takes our half-close for a hang-up", async () => {
  await using server = rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) if (bytes.includes(10)) await client.send("ok\n");
  });
  const client = await run("tcp:client", [...atPort("tcp:client", server.port), "--explain"], { input: "no line end" });
  assertStringIncludes(client.stderr, "[mistake 4] The peer answers our FIN by closing");
});

Deno.test("5: by tcp:basic-client, which sends no line end, against a server that waits for one", async () => {
  await using server = await startServer("tcp:server", ["--gap", "0", "--explain"]);
  await using basic = start("tcp:basic-client", [String(server.port)]);
  await server.script.until(/\[mistake 5\] Nothing for 2\.\d s: the peer's last 18 bytes have no line end/);
  assertEquals(basic.stdout, "");
});

Deno.test("5: by a raw server that reads to the end before it answers", async () => {
  await using server = rawServer(async (client) => {
    const all = await client.rest();
    await client.send(all.toUpperCase());
  });
  const client = start("tcp:client", [...atPort("tcp:client", server.port), "--explain"], { stdin: true });
  await client.type("sort me\n");
  await client.until(/\[mistake 5\] Or it reads to the end of the stream, and we have sent no FIN/, "stderr");
  const { stderr, stdout } = await client.ended();
  assertEquals(stdout, "SORT ME\n");
  assertStringIncludes(stderr, "[mistake 5] The answer came ");
});

Deno.test("6: by a raw socket that splits a character", async () => {
  await using server = await startServer("tcp:server", ["--explain"]);
  using client = await RawClient.connect(server.port);
  const bytes = encodeText("é\n");
  await client.send(bytes.subarray(0, 1));
  await server.script.until(/read\(2\): 1 byte, .*: “⟨c3…⟩”/);
  await client.send(bytes.subarray(1));
  await server.script.until(/\[mistake 6\] “é” came in two reads: ⟨c3…⟩, then ⟨…a9⟩/);
});

Deno.test("11 and 12: by a name that is ::1 too, against tcp:basic-server, which listens on IPv4 only", async () => {
  await using server = await startServer("tcp:basic-server");
  const explainer = new Explainer({ role: "client" });
  const remarks: Remark[] = [];
  const sink = { emit: (event: WireEvent) => void remarks.push(...explainer.explain(event)) };
  const addresses = ["::1", "127.0.0.1"];
  const nothing = { flow: 0, local: null, peer: null, bytes: null, duration: 0 };
  sink.emit({ at: wireTime(), transport: "tcp", call: "resolve", name: "localhost", addresses, ...nothing });
  const onAttempt = connectTap(sink, { flow: 1, port: server.port });
  const { signal } = new AbortController();
  const socket = await dial((to) => Deno.connect(to), addresses, server.port, { signal, onAttempt });
  socket.close();
  assertEquals(mistakesIn(remarks), [12, 11], textOf(remarks));
});

Deno.test("13: by a second server on the port", async () => {
  await using basic = await startServer("tcp:basic-server");
  const { code, stdout } = await run("tcp:server", [...atPort("tcp:server", basic.port), "--explain"]);
  assertEquals(code, 9);
  assertStringIncludes(stdout, `[mistake 13] bind(2), listen(2): 127.0.0.1:${basic.port} is in use (EADDRINUSE)`);
});

Deno.test("14: by tcp:basic-server, which serves one client at a time", async () => {
  await using server = await startServer("tcp:basic-server");
  using silent = await RawClient.connect(server.port);
  await server.script.until(/Accepted/);
  await using client = start("tcp:client", [...atPort("tcp:client", server.port), "--explain"]);
  await client.until(
    /\[mistake 14\] Nothing for 2\.\d s from the server: it may be busy with another client/,
    "stderr",
  );
  silent.close();
  await client.until(/read\(2\): 18 bytes, .*: “Hello from server!”/, "stderr");
});

Deno.test(
  "15: by a raw socket with Nagle's algorithm",
  needs(Deno.build.os === "linux", "Linux's delayed ACK"),
  async () => {
    await using server = await startServer("http:server", ["--explain"]);
    using client = await Deno.connect({ port: server.port });
    client.setNoDelay(false);
    const buffer = new Uint8Array(1000);
    let noticed = false;
    const told = server.script.until(/\[mistake 15\] Again [345]\d ms between two small parts of one message/)
      .then(() => noticed = true);
    // The first exchanges are acknowledged at once: Linux delays an ACK only once both sides have spoken in turn. On a busy machine
    // some pauses are longer.
    for (let exchange = 0; exchange < 50 && !noticed; exchange++) {
      await client.write(encodeText("GET /status/204 HTTP/1.1\r\n"));
      await client.write(encodeText("Host: localhost\r\n\r\n"));
      await client.read(buffer);
    }
    await told;
  },
);

Deno.test("16: by a program that computes while a connection is open", async () => {
  const remarks: Remark[] = [];
  const reader = {
    wantsRemarks: true,
    event: () => {},
    silence: (said: readonly Remark[]) => void remarks.push(...said),
  };
  const hub = new WireHub([reader], new Explainer({ role: "server" }));
  try {
    const peer = { hostname: "127.0.0.1", port: 1 };
    const nothing = { local: null, peer, bytes: null, duration: 0 };
    hub.emit({ at: wireTime(), transport: "tcp", call: "accept", flow: 1, ...nothing });
    await delay(600);
    for (const end = performance.now() + 1600; performance.now() < end;);
    await delay(600);
    assert(mistakesIn(remarks).includes(16), textOf(remarks));
  } finally {
    await hub.end();
  }
});

Deno.test("17: by a raw request whose lines end with LF", async () => {
  await using server = await startServer("http:server", ["--explain"]);
  using client = await RawClient.connect(server.port);
  await client.send("GET / HTTP/1.1\nHost: example.com\n\n");
  assertStringIncludes(await client.rest(), "HTTP/1.1 400");
  await server.script.until(/\[mistake 17\] All 3 lines of this HTTP head end with LF alone \(⏎\)/);
  client.close();
  const good = await run("http:basic-client", [String(server.port)]);
  assertStringIncludes(good.stdout, "HTTP/1.1 200");
  assertEquals(named((await server.script.stop()).stdout), [17]);
});

Deno.test("18: by a raw socket that sends an escape sequence, which reaches no terminal", async () => {
  await using server = await startServer("tcp:server", ["--explain"]);
  using client = await RawClient.connect(server.port);
  await client.send("\x1b[2J\n");
  await server.script.until(/\[mistake 18\] There is an escape sequence/);
  assert(!server.script.stdout.includes("\x1b"));
  assertStringIncludes(server.script.stdout, "“␛[2J⏎”");
});

Deno.test("19: by tcp:client --tls-insecure", async () => {
  await using server = await startServer("tcp:server", ["--tls", "--explain"]);
  const flags = ["--tls", "--tls-insecure", "--explain"];
  const { stderr } = await run("tcp:client", [...atPort("tcp:client", server.port), ...flags]);
  assertStringIncludes(stderr, "[mistake 19] Encrypted, but not verified");
  assertEquals([named(stderr), named((await server.script.stop()).stdout)], [[19], []]);
});

Deno.test("20: by sum:basic-client with a number that no int holds, and a raw socket in little-endian", async () => {
  await using server = await startServer("sum:server", ["--keep-running", "--explain"]);
  await run("sum:basic-client", [String(server.port)], { input: "99999999999\n" });
  await server.script.until(/\[mistake 20\] 99,999,999,999 is more than 2\^31 - 1/);
  using client = await RawClient.connect(server.port);
  await client.send(Uint8Array.of(0x2c, 1, 0, 0));
  await server.script.until(/\[mistake 20\] 2c 01 00 00 is 738,263,040 in network order \(big-endian\), 300 in little/);
});

Deno.test("curl's kind of request, a chat and a sum name no mistake", async () => {
  await using http = await startServer("http:server", ["--explain"]);
  using curl = await RawClient.connect(http.port);
  for (let request = 0; request < 2; request++) {
    await curl.send("GET /status/204 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await curl.until(/\r\n\r\n/);
  }
  curl.close();
  await using sum = await startServer("sum:server", ["--explain"]);
  const asked = await run("sum:client", [...atPort("sum:client", sum.port), "--number", "42", "--explain"]);
  await using chat = await startServer("chat:server", ["--bind", "127.0.0.1", "--explain"]);
  const talked = await run("chat:client", [...atPort("chat:client", chat.port), "--explain"], {
    input: "hello\nexit\n",
  });
  const logs = [
    (await http.script.stop()).stdout,
    (await sum.script.stop()).stdout,
    (await chat.script.stop()).stdout,
    asked.stderr,
    talked.stderr,
  ];
  // Two lines that are typed at once may arrive in one read: that is no mistake of ours, but it is mistake 1.
  assertEquals(logs.map((log) => named(log).filter((number) => number !== 1)), logs.map(() => []));
});
