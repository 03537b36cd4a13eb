/** `tcp:server --pipe`, off a terminal. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, needs, POSIX, run, RunningScript, start, startServer, taskArgs } from "../support/script.ts";
import { RawClient, sendAndReset } from "../support/sockets.ts";

const ROOT = new URL("../../", import.meta.url);
/** Bytes that no text contains, in 3 MB that no buffer holds. */
const BYTES = Uint8Array.from({ length: 3_000_000 }, (_, index) => index * 7 + (index >> 8));

/** Starts `tcp:server --pipe` and waits for its banner, which is on standard error. */
async function startPipe(args: readonly string[] = [], options: { stdin?: boolean } = {}) {
  const script = start("tcp:server", ["--port", "0", "--pipe", ...args], options);
  const [, port] = await script.until(/Listening on 127\.0\.0\.1:(\d+)/, "stderr");
  return { script, port: Number(port), [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
}

/** Runs `tcp:server --pipe --once` by a shell, with its redirections, beside a client. */
async function shellPipe(redirections: string, client: (port: number) => Promise<void>): Promise<Deno.CommandOutput> {
  const args = taskArgs("tcp:server").map((arg) => `'${arg}'`).join(" ");
  const process = new Deno.Command("sh", {
    args: ["-c", `exec '${Deno.execPath()}' ${args} --pipe --once --port 0 ${redirections}`],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [banner, rest] = process.stderr.tee();
  let told = "";
  for await (const text of banner.pipeThrough(new TextDecoderStream())) if (/\n/.test(told += text)) break;
  const stdout = new Response(process.stdout).arrayBuffer();
  const stderr = new Response(rest).arrayBuffer();
  await client(Number(/:(\d+)\n/.exec(told)?.[1]));
  const status = await process.status;
  return { ...status, stdout: new Uint8Array(await stdout), stderr: new Uint8Array(await stderr) };
}

Deno.test(
  "tcp:server --pipe --once > file receives every byte, with /dev/null or nothing at all for its stdin",
  POSIX,
  async () => {
    for (const stdin of ["</dev/null", "<&-"]) {
      const { code, stdout, stderr } = await shellPipe(stdin, async (port) => {
        using client = await RawClient.connect(port);
        await client.send(BYTES);
        await client.end();
        // The server's side stays open until ours has ended, and then ends as well.
        assertEquals(await client.rest(), "");
      });
      assertEquals(code, 0);
      assert(stdout.length === BYTES.length && stdout.every((byte, index) => byte === BYTES[index]), stdin);
      assertMatch(new TextDecoder().decode(stderr), /Done: 0 B out, 3 MB in, .*\/s; 127\.0\.0\.1:\d+ closed\n$/);
    }
  },
);

Deno.test("tcp:server --pipe does not half-close while a client is still sending, if its stdin is empty", async () => {
  await using server = await startPipe(["--once"]);
  const { code, stdout } = await run("tcp:client", ["--port", `${server.port}`], { input: "from a pipe\n" });
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assertEquals((await server.script.ended()).stdout, "from a pipe\n");
});

Deno.test("tcp:server --pipe --once < file sends every byte, half-closes, and ends when the client closes", async () => {
  await using server = await startPipe(["--once"], { stdin: true });
  const text = "é😀\0\x1b\r\n".repeat(100_000);
  using client = await RawClient.connect(server.port);
  const receiving = client.rest();
  await server.script.type(text);
  await server.script.endInput();
  assert(await receiving === text);
  await server.script.until(/\[\+\] Everything is sent; waiting for 127\.0\.0\.1:\d+ to close\n/, "stderr");
  await client.send("thanks");
  await server.script.until(/thanks/);
  client.close();
  const { code, stderr } = await server.script.ended();
  assertEquals(code, 0);
  assertMatch(
    stderr,
    /^\[\+\] Listening on .*\n.*\n.* --port \d+\n\[\+\] Accepted connection from 127\.0\.0\.1:\d+\n\[\+\] Everything is sent; .*\n\[\+\] Closed .*\n\[\+\] Done: /,
  );
});

Deno.test("tcp:server --pipe serves the next client once the first has left; what stdin has left is for that one", async () => {
  await using server = await startPipe([], { stdin: true });
  using first = await RawClient.connect(server.port);
  await server.script.type("to the first\n");
  await first.until(/to the first\n/);
  await first.send("from the first\n");
  await server.script.until(/from the first\n/);
  first.close();
  // Connects at once: it waits until the server has noticed that the first one left.
  using second = await RawClient.connect(server.port);
  await second.send("from the second\n");
  await server.script.until(/from the second\n/);
  await server.script.type("to the second\n");
  await second.until(/to the second\n/);
  const { code, stdout, stderr } = await server.script.stop();
  assertEquals({ code, stdout }, { code: 0, stdout: "from the first\nfrom the second\n" });
  assertMatch(stderr, /Done: 2 connections served/);
});

Deno.test("tcp:server --pipe tells a second client that another one is connected", async () => {
  await using server = await startPipe([], { stdin: true });
  using first = await RawClient.connect(server.port);
  await first.send("here\n");
  await server.script.until(/here\n/);
  using second = await RawClient.connect(server.port);
  assertEquals(await second.rest(), "Cannot serve you: another client is connected; try again later\n");
  await server.script.until(/\[!\] Refused 127\.0\.0\.1:\d+: another client is connected/, "stderr");
  await first.send("still here\n");
  await server.script.until(/still here\n/);
});

Deno.test("tcp:server --pipe keeps running when a client resets mid-message; with --once that ends it with 6", async () => {
  await using server = await startPipe();
  await sendAndReset(server.port, "half a mess", { before: () => server.script.until(/half a mess/) });
  await server.script.until(/\[!\] Cannot read from .*reset by the peer/, "stderr");
  using next = await RawClient.connect(server.port);
  await next.send("next");
  await server.script.until(/next/);
  assertEquals((await server.script.stop()).code, 0);

  await using once = await startPipe(["--once"]);
  await sendAndReset(once.port, "half a mess", { before: () => once.script.until(/half a mess/) });
  const { code, stdout, stderr } = await once.script.ended();
  assertEquals({ code, stdout }, { code: 6, stdout: "half a mess" });
  assertEquals(stderr.match(/reset by the peer/g)?.length, 1);
});

Deno.test("tcp:server --pipe --once ends with 0 when it is stopped while it sends", async () => {
  await using server = await startPipe(["--once"], { stdin: true });
  using client = await RawClient.connect(server.port);
  const typing = server.script.type("x".repeat(20_000_000)).catch(() => {});
  assertEquals(await client.read().then((bytes) => bytes?.[0]), 120);
  const { code, stderr } = await server.script.stop();
  await typing;
  assertEquals(code, 0);
  assertMatch(stderr, /Exiting\.\.\.\n[^!]*Done: 1 connection served/);
});

Deno.test("tcp:server --pipe ends quietly with 0 when its stdout is closed (P3)", async () => {
  await using server = await startPipe([], { stdin: true });
  using client = await RawClient.connect(server.port);
  await client.send("flood\n");
  await server.script.until(/flood/);
  await server.script.closeOutput();
  for (let sending = true; sending;) sending = await client.send("flood\n".repeat(1000)).then(() => true, () => false);
  const { code, stderr } = await server.script.ended();
  assertEquals(code, 0);
  assert(!stderr.includes("Broken"), stderr);
});

Deno.test("tcp:server --pipe --json has the data in its events, and nothing else on stdout", async () => {
  const script = start("tcp:server", ["--port", "0", "--pipe", "--once", "--json"], { stdin: true });
  await using _ = script;
  const [, port] = await script.until(/"event":"listening".*"port":(\d+)/);
  await script.type("out");
  using client = await RawClient.connect(Number(port));
  await client.until(/out/);
  await client.send("in");
  await client.end();
  const { code, stdout } = await script.ended();
  const events = eventsIn(stdout);
  assertEquals([code, events.length], [0, stdout.trim().split("\n").length]);
  assertEquals(events.filter(({ event }) => event === "received").map(({ text, bytes }) => [text, bytes]), [["in", 2]]);
  assertEquals(events.filter(({ event }) => event === "sent").map(({ text, bytes }) => [text, bytes]), [["out", 3]]);
  const closed = events.find(({ event }) => event === "closed");
  assertEquals([closed?.bytesIn, closed?.bytesOut], [2, 3]);
});

Deno.test("tcp:server --pipe and --discard take any bytes, those of a TLS client too", async () => {
  const hello = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 10, 13, 10);
  await using server = await startPipe(["--once"]);
  using client = await RawClient.connect(server.port);
  await client.send(hello);
  await client.end();
  assertEquals((await server.script.ended()).stdout, "\x16\x03\x01\x02\0\x01\n\r\n");

  await using discard = await startServer("tcp:server", ["--discard"]);
  using other = await RawClient.connect(discard.port);
  await other.send(hello);
  await other.end();
  assertEquals(await other.rest(), "");
});

Deno.test(
  "tcp:server --pipe stops with 1 when its stdout fails",
  needs(Deno.build.os === "linux", "/dev/full"),
  async () => {
    const args = taskArgs("tcp:server").map((arg) => `'${arg}'`).join(" ");
    const process = new Deno.Command("sh", {
      args: ["-c", `exec '${Deno.execPath()}' ${args} --pipe --port 0 >/dev/full`],
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await using script = new RunningScript(process, false);
    const [, port] = await script.until(/Listening on 127\.0\.0\.1:(\d+)/, "stderr");
    using client = await RawClient.connect(Number(port));
    await client.send("lost\n");
    const { code, stderr } = await script.ended();
    assertEquals(code, 1);
    assertMatch(stderr, /\[!\] Cannot write to standard output: No space left on device\n$/);
  },
);

Deno.test("tcp:server --pipe works over TLS, both ways", async () => {
  await using server = await startPipe(["--tls", "--ephemeral", "--once"], { stdin: true });
  const [, key = ""] = await server.script.until(/The server's key is (sha256:\w+)/, "stderr");
  const args = ["--port", `${server.port}`, "--tls", "--pin", key];
  await using client = start("tcp:client", args, { stdin: true });
  await server.script.type("to the client\n");
  await client.until(/to the client\n/);
  await client.type("to the server\n");
  await server.script.until(/to the server\n/);
  await server.script.endInput();
  assertEquals((await client.ended()).code, 0);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("over TLS, a file whose sender is stopped is not taken for whole: the server ends with 6", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    await using server = await startPipe(["--tls", "--ephemeral", "--once"]);
    const [, key = ""] = await server.script.until(/The server's key is (sha256:\w+)/, "stderr");
    const args = ["--port", `${server.port}`, "--tls", "--pin", key];
    await using client = start("tcp:client", args, { stdin: true });
    await client.type("half of it");
    await server.script.until(/half of it/);
    client.signal(signal);
    const { code, stderr } = await server.script.ended();
    assertEquals(code, 6, stderr);
    // A socket that is closed with something unread, such as a session ticket, sends RST.
    assertMatch(stderr, /\[!\] Cannot read from .*: (cut off without a TLS close_notify|connection reset by the peer)/);
  }
});

Deno.test("tcp:server reports flags that would do nothing beside --pipe, --echo or --discard", async () => {
  for (
    const args of [
      ["--pipe", "--echo"],
      ["--pipe", "--discard"],
      ["--pipe", "--reply", "x"],
      ["--pipe", "--gap", "5"],
      ["--echo", "--reply", "x"],
      [
        "--discard",
        "--no-newline",
      ],
      ["--pipe", "--max-connections", "2"],
      ["--echo", "--max-message", "9"],
    ]
  ) {
    const { code, stdout, stderr } = await run("tcp:server", args);
    assertEquals({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
    assertMatch(stderr, /^\[!\] Cannot use --\S+ and --\S+ together: choose one\n$/);
  }
});

Deno.test("tcp:server --discard logs counts and no text", async () => {
  await using server = await startServer("tcp:server", ["--discard"]);
  using client = await RawClient.connect(server.port);
  await client.send("what nobody reads\n");
  await client.end();
  assertEquals(await client.rest(), "");
  await server.script.until(/Closed \S+: 18 B in, 0 B out/);
  const { stdout } = await server.script.stop();
  assertStringIncludes(stdout, "Done: 1 connection served, 18 B in, 0 B out");
  assertEquals(/Received|nobody/.test(stdout), false);
});
