import { deadline } from "@std/async/deadline";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { createServer, type Socket } from "node:net";
import { eventsIn, POSIX, run, start, startServer } from "../support/script.ts";
import { type RawClient, RawPeer, rawServer } from "../support/sockets.ts";
import { LineClient, TestRoomServer } from "./support.ts";

const at = (port: number, ...more: string[]): string[] => ["--port", String(port), ...more];
const HERE = ["--bind", "127.0.0.1"];

Deno.test("chat:client off a terminal is a filter: input lines are sent, received bytes go to stdout, the rest to stderr", async () => {
  await using server = await startServer("chat:server", HERE);
  using bob = await LineClient.connect(server.port);
  await bob.say("/nick bob");
  await bob.until(/you are bob/);
  const { code, stdout, stderr } = await run("chat:client", at(server.port, "--name", "alice"), {
    input: "one\nGrüße\nno newline",
  });
  assertEquals(await bob.until(/left/), [
    "* alice joined",
    "alice: one",
    "alice: Grüße",
    "alice: no newline",
    "* alice left (quit)",
  ]);
  assertEquals({ code, stdout }, {
    code: 0,
    stdout: "* here with you: bob\n* you are alice; /help lists what you can type\n",
  });
  assertMatch(stderr, /^\[\+\] Connected to 127\.0\.0\.1:\d+ .*\n[^]*\[\+\] Done: \d+ bytes sent, \d+ received\n$/);
});

Deno.test("chat:client in a pipe ends with 1 at a line that it cannot send, and says so with -q; those before it are delivered", async () => {
  for (const length of [4096, 70_000]) {
    let heard = "";
    await using server = rawServer(async (client) => {
      heard = await client.rest();
    });
    const { code, stderr } = await run("chat:client", at(server.port, "-q"), {
      input: `one\n${"x".repeat(length)}\nthree\n`,
    });
    assertEquals({ code, stderr, heard }, {
      code: 1,
      stderr: "[!] Cannot send line 2: it is longer than this program's own limit, 4096 bytes\n",
      heard: "one\n",
    });
  }
});

Deno.test("chat:client --mode turns and chat:udp-client in a pipe end with 1 at a message that they cannot send", async () => {
  const input = `hello\n${"x".repeat(4096)}\n`;
  const stderr = "[!] Cannot send the message: it is longer than this program's own limit, 4096 bytes\n";
  await using server = textbookServer(["hi there"]);
  const overTcp = await run("chat:client", at(server.port, "--mode", "turns", "-q"), { input });
  assertEquals(overTcp, { code: 1, stdout: "hi there", stderr });
  using peer = new RawPeer();
  const running = run("chat:udp-client", at(peer.port, "-q"), { input });
  await peer.send("hi there\n", (await peer.receive()).port);
  assertEquals(await running, { code: 1, stdout: "hi there\n", stderr });
});

Deno.test("chat:client writes what it receives byte for byte", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  await using server = rawServer(async (client) => {
    await client.rest();
    await client.send(bytes);
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "chat/client.ts", ...at(server.port)],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
    stderr: "null",
  });
  const { code, stdout } = await child.output();
  assertEquals({ code, stdout }, { code: 0, stdout: bytes });
});

Deno.test("chat:client in a pipe passes a line on as it arrives, and ends with 8 where it is longer than any room's", async () => {
  const kibibyte = "x".repeat(1023);
  const lines = `${`${kibibyte}\n`.repeat(1100)}${kibibyte.repeat(1000)}\n`;
  await using server = rawServer(async (client) => {
    await client.send(lines);
    // More than the sockets hold: the client does not read it to its end.
    await client.send("y".repeat(16 * 1024 * 1024)).catch(() => {});
  });
  const { code, stdout, stderr } = await run("chat:client", at(server.port, "-q"));
  assertEquals({ code, stderr }, { code: 8, stderr: "[!] Cannot take the message: it is longer than 1048576 bytes\n" });
  assertEquals(stdout.slice(0, lines.length), lines);
  assertMatch(stdout.slice(lines.length), /^y+$/);
  const passed = stdout.length - lines.length;
  assert(passed > 1024 * 1024 && passed <= (1024 + 64) * 1024, `${passed}`);
});

Deno.test("chat:client half-closes at the end of its input and waits for the server to close", async () => {
  const order: string[] = [];
  await using server = rawServer(async (client) => {
    order.push(await client.rest());
    await client.send("still talking\n");
    order.push("closed");
  });
  const { code, stdout } = await run("chat:client", at(server.port), { input: "a\nb" });
  assertEquals({ code, stdout, order }, { code: 0, stdout: "still talking\n", order: ["a\nb\n", "closed"] });
});

Deno.test("chat:client ends with 0 when the server closes while its input is open (33)", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send("Goodbye!\n");
  });
  await using client = start("chat:client", at(server.port), { stdin: true });
  await client.type("hello\n");
  await client.until(/Goodbye!\n/);
  assertEquals((await client.ended()).code, 0);
});

/** A server that resets a client at its first bytes. */
function resettingServer(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket: Socket) => socket.once("data", () => socket.resetAndDestroy()));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve({ port, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) });
    });
  });
}

Deno.test("chat:client ends with 6 when the server resets, in both modes (S9, S10)", async () => {
  for (const mode of ["room", "turns"]) {
    await using server = await resettingServer();
    await using client = start("chat:client", at(server.port, "--mode", mode), { stdin: true });
    await client.type("hello\n");
    const { code, stderr } = await client.ended();
    assertEquals(code, 6);
    assertMatch(stderr, /\[!\] Cannot (read from|write to) 127\.0\.0\.1:\d+: /);
  }
});

Deno.test("chat:client ends with 4 when refused, with 3 for an unknown name (S14)", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const mode of ["room", "turns"]) {
    const { code, stdout, stderr } = await run("chat:client", at(port, "--mode", mode, "--timeout", "5"));
    assertEquals({ code, stdout }, { code: 4, stdout: "" });
    assertMatch(stderr, /^\[!\] Cannot connect to 127\.0\.0\.1:\d+: connection refused/);
  }
  assertEquals((await run("chat:client", at(port, "--host", "no-such-name.invalid"))).code, 3);
});

Deno.test("chat:client ends with 4 when the room drops it for a line above --max-message, or for silence", async () => {
  await using server = await startServer("chat:server", [...HERE, "--max-message", "100", "--timeout", "0.5"]);
  const cases = [
    [`${"x".repeat(200)}\n`, "your message is longer than 100 bytes"],
    ["", "no message from you for 0.5 s"],
  ] as const;
  for (const [line, reason] of cases) {
    await using client = start("chat:client", at(server.port), { stdin: true });
    await client.type(line);
    await client.until(new RegExp(`\\[!\\] Cannot serve you: ${reason}\n`), "stderr");
    const { code, stdout } = await client.ended();
    assertEquals({ code, told: stdout.includes("Cannot") }, { code: 4, told: false });
  }
});

Deno.test("chat:client applies --timeout to a whole line, in a pipe as well", async () => {
  await using server = rawServer(async (client) => {
    for (;;) {
      await client.send("x");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const args = ["--host", "127.0.0.1", "--port", `${server.port}`, "--timeout", "0.4"];
  const { code, stderr } = await run("chat:client", args);
  assertEquals(code, 5);
  assertMatch(stderr, /its message is not complete after 0\.4 s\n$/);
});

Deno.test("chat:client --timeout ends a silent room with 5", async () => {
  await using server = rawServer(async (client) => {
    await client.rest();
  });
  await using client = start("chat:client", at(server.port, "--timeout", "0.2"), { stdin: true });
  await client.until(/Cannot read from 127\.0\.0\.1:\d+: no data for 0\.2 s/, "stderr");
  assertEquals((await client.ended()).code, 5);
});

Deno.test("chat:client ends with 130 at Ctrl-C, and with 0 when its stdout is closed (P1, P3)", POSIX, async () => {
  await using server = await startServer("chat:server", HERE);
  await using client = start("chat:client", at(server.port), { stdin: true });
  await client.until(/you are/);
  assertEquals((await client.stop()).code, 130);
  const command = `"${Deno.execPath()}" run -A chat/client.ts --port ${server.port} --name reader; echo "code $?" >&2`;
  const child = new Deno.Command("sh", {
    args: ["-c", `{ ${command}; } | head -1`],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  using bob = await LineClient.connect(server.port);
  await bob.say("/nick bob");
  await bob.until(/reader joined|with you: .*reader/);
  const talking = (async (): Promise<void> => {
    for (;;) await bob.say("hello");
  })().catch(() => {});
  await bob.until(/reader left/);
  await child.stdin.close();
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stdout).split("\n").length, 2);
  assertMatch(new TextDecoder().decode(stderr), /code 0\n$/);
  bob[Symbol.dispose]();
  await talking;
});

Deno.test("chat:client goes on with the next of its servers, and ends with 0 once every line has a receipt", async () => {
  const first = new TestRoomServer();
  await using second = new TestRoomServer();
  const servers = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  using bob = await first.join("bob");
  using carol = await second.join("carol");
  await using client = start("chat:client", [servers, "--name", "alice"], { stdin: true });
  await client.type("one\n");
  await bob.until(/^alice: one$/);
  await first[Symbol.asyncDispose]();
  await client.type("two\n");
  await carol.until(/^alice: two$/);
  const { code, stdout, stderr } = await client.ended();
  assertEquals(await carol.until(/left/), ["* alice left (quit)"]);
  assertEquals(code, 0);
  assertEquals(stdout.match(/^alice|^#|Goodbye/m), null);
  assertMatch(
    stderr,
    /^\[\+\] Connected to \S+ .*\n[^]*\n\[!\] Lost \S+: it closed the connection; trying \S+\n\[\+\] Connected to [^]*\n\[\+\] Done: \d+ bytes sent, \d+ received\n$/,
  );
});

Deno.test("chat:client takes several servers in a room only", async () => {
  assertEquals(await run("chat:client", [":1,:2", "--mode", "turns"]), {
    code: 2,
    stdout: "",
    stderr: "[!] Cannot use several servers with --mode turns: no other server knows whose turn it is\n",
  });
});

/** The textbook server: it reads, and answers without a newline. */
function textbookServer(answers: string[]): AsyncDisposable & { port: number; heard: string[] } {
  const heard: string[] = [];
  const serve = async (client: RawClient): Promise<void> => {
    for (let bytes; (bytes = await client.read()) !== null;) {
      const text = new TextDecoder().decode(bytes).trim();
      heard.push(text);
      if (text.toLowerCase() === "exit") return await client.send("Goodbye! Closing connection.");
      const answer = answers.shift() ?? "";
      await client.send(answer);
      if (answer === "exit") return;
    }
  };
  const server = rawServer(serve);
  return { port: server.port, heard, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

Deno.test("chat:client --mode turns talks with the textbook server, strictly in turn (S4)", async () => {
  await using server = textbookServer(["hi there", "fine"]);
  const { code, stdout } = await run("chat:client", at(server.port, "--mode", "turns"), {
    input: "hello\nhow are you\nEXIT\nnever\n",
  });
  assertEquals({ code, stdout, heard: server.heard }, {
    code: 0,
    stdout: "hi therefineGoodbye! Closing connection.",
    heard: ["hello", "how are you", "exit"],
  });
});

Deno.test("chat:client --mode turns waits for the last answer, then half-closes (S8)", async () => {
  await using server = textbookServer(["hi there"]);
  const { code, stdout } = await run("chat:client", at(server.port, "--mode", "turns"), { input: "hello" });
  assertEquals({ code, stdout, heard: server.heard }, { code: 0, stdout: "hi there", heard: ["hello"] });
});

Deno.test("chat:client --mode turns ends at --timeout, despite partial answers, empty lines and notices (S18)", async () => {
  for (const piece of ["x", "\n", "* soon\n"]) {
    await using dripping = rawServer(async (raw) => {
      await raw.read();
      for (;;) {
        await raw.send(piece);
        await delay(25);
      }
    });
    const args = at(dripping.port, "--mode", "turns", "-t", "0.3");
    const { code, stderr } = await deadline(run("chat:client", args, { input: "hello\n" }), 10_000);
    assertEquals([piece, code], [piece, 5]);
    assertStringIncludes(stderr, "Cannot continue: no answer for 0.3 s");
  }
});

Deno.test("chat:client --mode turns ends with 0 when the server sends exit, with 5 when it sends nothing", async () => {
  await using server = textbookServer(["exit"]);
  await using client = start("chat:client", at(server.port, "--mode", "turns"), { stdin: true });
  await client.type("hello\n");
  await client.until(/exit/);
  assertEquals((await client.ended()).code, 0);

  await using silent = rawServer(async (raw) => {
    await raw.rest();
  });
  await using waiting = start("chat:client", at(silent.port, "--mode", "turns", "-t", "0.1"), { stdin: true });
  await waiting.type("hello\n");
  await waiting.until(/Cannot continue: no answer for 0\.1 s/, "stderr");
  assertEquals((await waiting.ended()).code, 5);
});

Deno.test("chat:client in turns and chat:server in turns", async () => {
  await using server = await startServer("chat:server", [...HERE, "--mode", "turns", "--once"], { stdin: true });
  await server.script.type("hi there\nfine\n");
  const { code, stdout } = await run("chat:client", at(server.port, "--mode", "turns"), {
    input: "hello\nhow are you\nexit\n",
  });
  assertEquals({ code, stdout }, { code: 0, stdout: "hi there\nfine\nGoodbye! Closing connection.\n" });
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("a chat:client killed by SIGKILL is announced once, and the room stays open (63)", async () => {
  await using server = await startServer("chat:server", HERE);
  using bob = await LineClient.connect(server.port);
  await bob.until(/you are/);
  await using client = start("chat:client", at(server.port, "--name", "alice"), { stdin: true });
  await bob.until(/alice joined/);
  await client.stop("SIGKILL");
  assertMatch((await bob.line()) ?? "", /^\* alice left \((quit|reset)\)$/);
  await bob.say("/who");
  assertEquals(await bob.line(), "* 1 here: guest-1");
});

Deno.test("chat:udp-client talks in turns, and sends its last message again when told to (D3)", async () => {
  using server = new RawPeer();
  await using client = start("chat:udp-client", at(server.port, "--retry", "0.05"), { stdin: true });
  await client.type("hello\n");
  const first = await server.receive();
  const again = await server.receive();
  assertEquals([first.text, again.text, first.port === again.port], ["hello", "hello", true]);
  await server.send("hi there", first.port);
  await client.until(/hi there/);
  await client.type("exit\n");
  for (let text = ""; text !== "exit";) ({ text } = await server.receive());
  await server.send("Goodbye! Closing session.", first.port);
  const { code, stdout } = await client.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "hi there\nGoodbye! Closing session.\n" });
});

Deno.test("chat:udp-client in a pipe prints each datagram as a line, and adds no newline to one that has it", async () => {
  using server = new RawPeer();
  await using client = start("chat:udp-client", at(server.port), { stdin: true });
  await client.type("hello\n");
  const { port } = await server.receive();
  for (const line of ["one", "two\n", "three\r\n", "", "exit"]) await server.send(line, port);
  // Its input stays open until then: otherwise it would leave before.
  await client.until(/exit/);
  const { code, stdout } = await client.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "one\ntwo\nthree\r\n\nexit\n" });
});

Deno.test("chat:udp-client --json tells what it sent and received", async () => {
  using server = new RawPeer();
  const running = run("chat:udp-client", at(server.port, "--json"), { input: "Grüße\n" });
  const { port } = await server.receive();
  await server.send("hi there\n", port);
  await server.receive();
  await server.send("exit", port);
  const { code, stdout } = await running;
  const of = { id: 1, peer: `127.0.0.1:${server.port}` };
  const passed = eventsIn(stdout).filter(({ event }) => event === "sent" || event === "received");
  assertEquals(code, 0);
  assertEquals(passed.map(({ time: _, ...event }) => event), [
    { event: "sent", ...of, bytes: 7, text: "Grüße" },
    { event: "received", ...of, bytes: 9, text: "hi there" },
    { event: "sent", ...of, bytes: 4, text: "exit" },
    { event: "received", ...of, bytes: 4, text: "exit" },
  ]);
});

Deno.test("chat:udp-client ignores answers from other peers (D5, 60)", async () => {
  using server = new RawPeer();
  using stranger = new RawPeer();
  await using client = start("chat:udp-client", at(server.port), { stdin: true });
  await client.type("hello\n");
  const { port } = await server.receive();
  await stranger.send("exit", port);
  await client.until(/Ignored 4 unsolicited bytes from 127\.0\.0\.1:\d+/, "stderr");
  await server.send("hi there", port);
  await client.until(/hi there/);
  assertEquals(client.stdout, "hi there\n");
});

Deno.test("chat:udp-client reports one stranger, and counts the others", async () => {
  using server = new RawPeer();
  using stranger = new RawPeer();
  await using client = start("chat:udp-client", at(server.port), { stdin: true });
  await client.type("hello\n");
  const { port } = await server.receive();
  for (let count = 0; count < 200; count++) await stranger.send("forged", port);
  await client.until(/Ignored 6 unsolicited bytes from 127\.0\.0\.1:\d+/, "stderr");
  await server.send("exit", port);
  const { stderr } = await client.ended();
  assertEquals(stderr.match(/Ignored/g)?.length, 2);
  assertMatch(stderr, /Ignored \d+ more unsolicited datagrams in the last/);
});

Deno.test("chat:udp-client ends with 5 when no answer comes in time, with 0 when its goodbye gets none (D9)", async () => {
  using server = new RawPeer();
  assertEquals((await run("chat:udp-client", at(server.port, "--timeout", "0.1"), { input: "hello\n" })).code, 5);
  assertEquals((await run("chat:udp-client", at(server.port), { input: "exit\n" })).code, 0);
});

Deno.test("chat:udp-client ends with 0 when the server sends exit", async () => {
  using server = new RawPeer();
  await using client = start("chat:udp-client", at(server.port), { stdin: true });
  await client.type("hello\n");
  await server.send("exit", (await server.receive()).port);
  assertEquals((await client.ended()).code, 0);
});

Deno.test("chat:udp-client ends with 130 at Ctrl-C (P1)", async () => {
  await using client = start("chat:udp-client", at(9), { stdin: true });
  await client.until(/Talking to/, "stderr");
  assertEquals((await client.stop()).code, 130);
});
