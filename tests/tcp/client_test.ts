import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, POSIX, run, start, startServer } from "../support/script.ts";
import { rawServer } from "../support/sockets.ts";
import { TERMINAL } from "../support/terminal.ts";

const at = (port: number): string[] => ["--port", String(port)];

Deno.test("tcp:client sends its message, prints the reply byte for byte and exits", async () => {
  let asked = "";
  await using server = rawServer(async (client) => {
    asked = await client.until(/\n/);
    await client.send("Grüße\r\n");
    // The client closes first: the server keeps the connection open.
    assertEquals(await client.rest(), "");
  });
  const { code, stdout, stderr } = await run("tcp:client", at(server.port));
  assertEquals({ code, stdout, asked }, { code: 0, stdout: "Grüße\r\n", asked: "Hello from client!\n" });
  assertMatch(stderr, /^\[\+\] Connected to 127\.0\.0\.1:\d+.*\n\[\*\] Sent: Hello from client!\n/);
  assertMatch(stderr, /\[\+\] Done: a reply of 9 bytes in .*\n$/);
});

Deno.test("tcp:client accepts bare text as a reply, as textbook servers send it (S4)", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send("Hey there, from TCP server.");
    await client.rest();
  });
  const { code, stdout } = await run("tcp:client", [...at(server.port), "--message", "x"]);
  assertEquals({ code, stdout }, { code: 0, stdout: "Hey there, from TCP server." });
});

Deno.test("tcp:client --no-newline sends the bare message, --quiet prints nothing else", async () => {
  await using server = await startServer("tcp:server", ["--reply", "ok"]);
  const { code, stdout, stderr } = await run("tcp:client", [
    ...at(server.port),
    "--message",
    "bare",
    "--no-newline",
    "-q",
  ]);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "ok\n", stderr: "" });
});

Deno.test("tcp:client is a binary-safe pipe when stdin is one, and half-closes at its end", async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const text = Array.from({ length: 50_000 }, (_, index) => `${index} é😀\0\x1b\r\n`).join("");
  const { code, stdout, stderr } = await run("tcp:client", [...at(server.port), "-q"], { input: text });
  assertEquals({ code, stderr, length: stdout.length }, { code: 0, stderr: "", length: text.length });
  assert(stdout === text);
});

Deno.test("tcp:client as a pipe tells of no chunk, only of the totals with time and rate", async () => {
  await using server = await startServer("tcp:server", ["--discard", "-q"]);
  const { code, stderr } = await run("tcp:client", at(server.port), { input: "x".repeat(1_000_000) });
  assertEquals(code, 0);
  assertMatch(
    stderr,
    /^\[\+\] Connected to .*\n\[\+\] Closed .*\n\[\+\] Done: 1 MB out, 0 B in, [\d.]+ m?s, [\d.]+ [kMG]B\/s; \S+ closed\n$/,
  );
});

Deno.test("tcp:client --json as a pipe has the data in its events, both ways, every byte of it", async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const { code, stdout } = await run("tcp:client", [...at(server.port), "--json"], { input: "Grüße\n" });
  const events = eventsIn(stdout);
  assertEquals({ code, names: events.map(({ event }) => event) }, {
    code: 0,
    names: ["connected", "sent", "received", "eof", "closed", "ended"],
  });
  assertEquals(events.filter((event) => "text" in event).map(({ text }) => text), ["Grüße\n", "Grüße\n"]);
});

Deno.test("tcp:client --interactive off a terminal is a pipe, after the message if there is one", async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const args = [...at(server.port), "-i", "-q", "--crlf", "--message", "GET / HTTP/1.1\nHost: a"];
  const { code, stdout } = await run("tcp:client", args, { input: "X: y\n\nbare" });
  assertEquals({ code, stdout }, { code: 0, stdout: "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nbare" });
});

Deno.test("tcp:client --interactive with an empty stdin receives until the server closes, and sends nothing", async () => {
  await using server = rawServer(async (client) => {
    await client.send("first ");
    await client.send("last\n");
    await client.end();
    // A half-close would have ended this read before the server's own.
    assertEquals(await client.rest(), "");
  });
  const { code, stdout } = await run("tcp:client", [...at(server.port), "-i"], { input: "" });
  assertEquals({ code, stdout }, { code: 0, stdout: "first last\n" });
});

Deno.test("tcp:client --crlf ends a message and the lines of a pipe with CR LF", async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const one = await run("tcp:client", [...at(server.port), "-q", "--crlf", "--message", "PING"]);
  assertEquals(one.stdout, "PING\r\n");
  const piped = await run("tcp:client", [...at(server.port), "-q", "--crlf"], { input: "a\r\nb\n" });
  assertEquals(piped.stdout, "a\r\nb\r\n");
});

Deno.test("tcp:client reads on after its half-close: an answer to the whole input is not lost", async () => {
  await using server = rawServer(async (client) => {
    const lines = (await client.rest()).split("\n");
    await client.send(`${lines.length - 1} lines\n`);
  });
  const { code, stdout } = await run("tcp:client", at(server.port), { input: "a\nb\nc\n" });
  assertEquals({ code, stdout }, { code: 0, stdout: "3 lines\n" });
});

Deno.test("tcp:client sends its whole input to a server that half-closes first", async () => {
  const received = Promise.withResolvers<number>();
  await using server = rawServer(async (client) => {
    await client.end();
    received.resolve((await client.restBytes()).length);
  });
  const { code } = await run("tcp:client", [...at(server.port), "-q"], { input: "x".repeat(3_000_000) });
  assertEquals({ code, received: await received.promise }, { code: 0, received: 3_000_000 });
});

Deno.test("tcp:client reports that it cannot read its input, and exits", POSIX, async () => {
  await using server = await startServer("tcp:server", ["--echo"]);
  const command = new Deno.Command("sh", {
    args: ["-c", `exec "${Deno.execPath()}" run --no-prompt --allow-net tcp/client.ts -q --port ${server.port} </`],
    stderr: "piped",
  });
  const { code, stderr } = await command.output();
  assertEquals(code, 1);
  assertMatch(new TextDecoder().decode(stderr), /^\[!\] Cannot read standard input: .*directory.*\n$/);
});

Deno.test("tcp:client prints what a server sends first while stdin is still open, and exits when it closes (33)", async () => {
  const goOn = Promise.withResolvers<void>();
  await using server = rawServer(async (client) => {
    await client.send("220 ready\n");
    await goOn.promise;
    await client.send("221 bye\n");
  });
  await using client = start("tcp:client", at(server.port), { stdin: true });
  await client.until(/220 ready\n/);
  goOn.resolve();
  await client.until(/221 bye\n/);
  await client.until(/Done: 0 B out, 18 B in, \S+ ms, [^;]+; \S+ closed/, "stderr");
  assertEquals((await client.ended()).code, 0);
});

Deno.test("tcp:client with a stdin that ends without a byte sends the default message", async () => {
  await using server = await startServer("tcp:server");
  const { code, stdout } = await run("tcp:client", at(server.port), { input: "" });
  assertEquals({ code, stdout }, { code: 0, stdout: "Hello from server!\n" });
});

Deno.test("tcp:client exits 6 when the server resets, truncates the reply, or closes without one (S9, S10)", async () => {
  await using silent = rawServer(async (client) => {
    await client.until(/\n/);
  });
  const { code, stdout, stderr } = await run("tcp:client", at(silent.port));
  assertEquals({ code, stdout }, { code: 6, stdout: "" });
  assertMatch(stderr, /Cannot read from 127\.0\.0\.1:\d+: it closed without a reply\n$/);

  // Closing with unread data makes the kernel send a reset.
  await using rude = rawServer(async (client) => {
    await client.read();
    await client.send("half a rep");
  });
  const cut = await run("tcp:client", [...at(rude.port), "--gap", "0"], { input: "x".repeat(2_000_000) });
  assertEquals(cut.code, 6);
  assertMatch(cut.stderr, /Cannot (read from|write to) 127\.0\.0\.1:\d+: .*(reset|no longer reads)/);
});

Deno.test("tcp:client exits 4 when refused, 3 for an unknown name, naming host and port (S14)", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const refused = await run("tcp:client", at(port));
  assertEquals({ code: refused.code, stdout: refused.stdout }, { code: 4, stdout: "" });
  assertMatch(refused.stderr, /^\[!\] Cannot connect to 127\.0\.0\.1:\d+: connection refused \(is a server.*\)\n$/);
  const unknown = await run("tcp:client", ["--host", "nosuch.invalid"]);
  assertEquals(unknown.code, 3);
  assertMatch(unknown.stderr, /^\[!\] Cannot resolve nosuch\.invalid: .*\n$/);
});

Deno.test("tcp:client --timeout exits 5 and prints no partial reply (S18, S19)", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send("half a rep");
    await client.rest();
  });
  const { code, stdout, stderr } = await run("tcp:client", [...at(server.port), "--gap", "0", "--timeout", "0.2"]);
  assertEquals({ code, stdout }, { code: 5, stdout: "" });
  assertMatch(stderr, /Cannot read from 127\.0\.0\.1:\d+: no data for 0\.2 s\n$/);
});

Deno.test("tcp:client refuses a reply over the limit with code 8", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send("x".repeat(100));
  });
  const { code, stdout, stderr } = await run("tcp:client", [...at(server.port), "--max-message", "99"]);
  assertEquals({ code, stdout }, { code: 8, stdout: "" });
  assertMatch(stderr, /longer than 99 bytes/);
});

Deno.test("tcp:client prints a reply of many lines, and one in two segments, completely", async () => {
  const long = `first\n${"x".repeat(8000)}\nlast\n`;
  const replies = [[long], ["first\n", "second\n"], ["one\r\n", "\n", "bare"]];
  for (const pieces of replies) {
    await using server = rawServer(async (client) => {
      await client.until(/\n/);
      for (const piece of pieces) {
        await client.send(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await client.rest();
    });
    for (const gap of pieces.length === 1 ? ["300", "0"] : ["300"]) {
      const { code, stdout, stderr } = await run("tcp:client", [...at(server.port), "--gap", gap]);
      const all = pieces.join("");
      assertEquals({ code, stdout }, { code: 0, stdout: all });
      assertStringIncludes(stderr, `Done: a reply of ${all.length} bytes in `);
    }
  }
});

Deno.test("tcp:client reports a reply that exceeds the limit, and prints what arrived", async () => {
  await using endless = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send(`first\n${"x\n".repeat(1000)}`);
    await client.rest();
  });
  const { code, stdout, stderr } = await run("tcp:client", [...at(endless.port), "--max-message", "1000"]);
  assertEquals([code, stdout.startsWith("first\nx\n")], [8, true]);
  assertMatch(stderr, /\[!\] Cannot take the message: it is longer than 1000 bytes\n$/);
});

Deno.test("tcp:client and sum:client apply --timeout to the whole reply: a byte now and then does not extend it", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    for (;;) {
      await client.send("x");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  for (const task of ["tcp:client", "sum:client"] as const) {
    const { code, stdout, stderr } = await run(task, [...at(server.port), "--timeout", "0.4"]);
    assertEquals({ code, stdout }, { code: 5, stdout: "" });
    assertMatch(stderr, /Cannot read from 127\.0\.0\.1:\d+: its message is not complete after 0\.4 s\n$/);
  }
});

Deno.test("tcp:client stopped by SIGINT exits 130", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    asked.resolve();
    await client.rest();
  });
  await using client = start("tcp:client", at(server.port));
  await asked.promise;
  const { code, stderr } = await client.stop();
  assertEquals(code, 130);
  assertMatch(stderr, /\[!\] Exiting\.\.\.\n/);
});

Deno.test("tcp:client ends quietly with 0 when its stdout is closed (P3)", async () => {
  await using server = rawServer(async (client) => {
    for (;;) await client.send("flood\n".repeat(1000));
  });
  await using client = start("tcp:client", at(server.port), { stdin: true });
  await client.until(/flood/);
  await client.closeOutput();
  const { code, stderr } = await client.ended();
  assertEquals(code, 0);
  assert(!stderr.includes("Broken"), stderr);
});

Deno.test("tcp:client --count repeats on one connection or, if the server closes it, on a new one each time", async () => {
  await using echo = await startServer("tcp:server", ["--echo"]);
  const kept = await run("tcp:client", [...at(echo.port), "--message", "hi", "--count", "5"]);
  assertEquals({ code: kept.code, stdout: kept.stdout }, { code: 0, stdout: "hi\n".repeat(5) });
  assertMatch(
    kept.stderr,
    /^\[\+\] Connected to .*\n\[\*\] 1: 3 bytes in [\d.]+ ms, connecting included\n(\[\*\] [2-5]: 3 bytes in [\d.]+ ms\n){4}\[\*\] min/,
  );
  assertMatch(
    kept.stderr,
    /\[\*\] min\/avg\/max\/p99 .* ms \/ .* ms \/ .* ms \/ .* ms\n[^]*\[\+\] Done: 5 exchanges\n$/,
  );
  assertMatch((await echo.script.stop()).stdout, /Done: 1 connection served/);

  await using server = await startServer("tcp:server");
  const renewed = await run("tcp:client", [...at(server.port), "--count", "5", "--interval", "0.01"]);
  assertEquals({ code: renewed.code, stdout: renewed.stdout }, { code: 0, stdout: "Hello from server!\n".repeat(5) });
  assertMatch(
    renewed.stderr,
    /^\[\+\] Connected to .*\n(\[\*\] [1-5]: 19 bytes in [\d.]+ ms, connecting included\n){5}\[\*\] min/,
  );
  const quiet = await run("tcp:client", [...at(server.port), "--count", "2", "--quiet"]);
  assertMatch(quiet.stderr, /^\[\*\] min\/avg\/max\/p99 .*\n$/);
  const json = await run("tcp:client", [...at(server.port), "--count", "2", "--json"]);
  assertEquals(
    eventsIn(json.stdout).filter(({ event }) => event === "exchange").map(({ number, bytes }) => [number, bytes]),
    [[1, 19], [2, 19]],
  );
});

Deno.test("tcp:client --connections drives load and prints exchanges/s", async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const args = [...at(server.port), "--connections", "4", "--duration", "1.5"];
  const { code, stdout, stderr } = await run("tcp:client", args);
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assertMatch(stderr, /\[\*\] \d+ exchanges\/s over 4 connections; min\/avg\/max\/p99/);
  const json = await run("tcp:client", [...args, "--json"]);
  const measured = eventsIn(json.stdout).find(({ event }) => event === "measured");
  assert(Number(measured?.rate) > 0 && Number(measured?.p99) > 0 && measured?.failed === 0);

  await using mute = await startServer("tcp:server", ["--discard", "-q"]);
  const none = await run("tcp:client", [...at(mute.port), "--connections", "2", "--duration", "0.1"]);
  assertEquals(none.code, 5);
  assertMatch(none.stderr, /Cannot measure: no exchange was answered within 0\.1 s/);
});

Deno.test("tcp:client --connections numbers its connections apart for whoever watches", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--quiet"]);
  const args = [...at(server.port), "--connections", "3", "--duration", "0.3", "--explain"];
  const { stderr } = await run("tcp:client", args);
  const numbers = Array.from(stderr.matchAll(/#(\d+) connect\(2\)/g), ([, number]) => number);
  assertEquals(numbers.toSorted(), ["1", "2", "3"]);
});

Deno.test("tcp:client --connections stopped by Ctrl-C prints its figures, and ends with 130", async () => {
  let exchanges = 0;
  const [measured, silent] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    if (++exchanges > 20) {
      measured.resolve();
      await silent.promise;
    }
    await client.send("pong\n");
  });
  const args = [...at(server.port), "--connections", "2", "--duration", "60"];
  await using client = start("tcp:client", args);
  await measured.promise;
  const { code, stderr } = await client.stop();
  silent.resolve();
  assertEquals(code, 130);
  assertMatch(stderr, /^\[!\] Exiting\.\.\.\n\[\*\] \d+ exchanges\/s over 2 connections; min\/avg\/max\/p99 .*\n$/);
});

Deno.test("tcp:client --json prints events instead of the data", async () => {
  await using server = await startServer("tcp:server");
  const { code, stdout, stderr } = await run("tcp:client", [...at(server.port), "--json"]);
  const events = eventsIn(stdout);
  assertEquals({ code, stderr, lines: events.length }, {
    code: 0,
    stderr: "",
    lines: stdout.trim().split("\n").length,
  });
  assertEquals(events.map(({ event }) => event), ["connected", "sent", "received", "closed", "ended"]);
  assertEquals([events[2]?.text, events[2]?.bytes], ["Hello from server!", 19]);
  const failed = eventsIn((await run("tcp:client", ["--host", "nosuch.invalid", "--json"])).stdout);
  assertEquals(failed.map(({ event, code }) => [event, code]), [["error", 3], ["ended", 3]]);
});

Deno.test(
  "tcp:client adds the missing newline on a terminal and escapes control characters there",
  TERMINAL,
  async () => {
    await using server = rawServer(async (client) => {
      await client.until(/\n/);
      await client.send("\x1b[2Jred");
      await client.rest();
    });
    const shell = `"${Deno.execPath()}" run --no-prompt --allow-net tcp/client.ts -q --message x --port ${server.port}`;
    const { stdout } = await new Deno.Command("script", {
      args: ["-qec", `${shell}; echo after`, "/dev/null"],
      stdin: "null",
      stdout: "piped",
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "␛[2Jred\r\nafter\r\n");
  },
);

Deno.test("tcp:client reaches a server over IPv6 and by name", async () => {
  await using six = await startServer("tcp:server", ["--bind", "::1"]);
  assertEquals((await run("tcp:client", [...at(six.port), "--host", "::1"])).code, 0);
  assertEquals((await run("tcp:client", [...at(six.port), "--host", "[::1]"])).code, 0);
  await using named = await startServer("tcp:server", ["--bind", "localhost"]);
  assertEquals((await run("tcp:client", [...at(named.port), "--host", "localhost"])).code, 0);
});

Deno.test("tcp:client reports misuse before it connects (P4)", async () => {
  for (
    const [args, said] of [
      [["--port", "0"], /--port "0": it must be a whole number from 1 to 65535/],
      [["--host", "a b"], /--host "a b"/],
      [["--count", "0"], /--count "0"/],
      [["--count", "2", "--connections", "2"], /--count and --connections together/],
      [["--interval", "1"], /--interval without --count/],
      [["--duration", "1"], /--duration without --connections/],
      [["-i", "--count", "2"], /--count and --interactive together/],
      [["-i", "--connections", "2"], /--interactive and --connections together/],
      [["-i", "--max-message", "9"], /--interactive and --max-message together/],
      [["--crlf", "--no-newline"], /--crlf and --no-newline together/],
      [["hello"], /the argument "hello"/],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("tcp:client", args);
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, said);
    assertEquals(stderr.trim().split("\n").length, 1);
  }
});
