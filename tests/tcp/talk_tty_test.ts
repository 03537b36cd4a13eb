// deno-lint-ignore-file no-control-regex
/** `tcp:client --interactive` and `tcp:server --pipe` at a real terminal. */
import { assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:net";
import { type RunningScript, startServer } from "../support/script.ts";
import { RawClient, rawServer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const UP = "\x1b[A";

/** A listener, and a client at a terminal that is connected to it and ready to be typed into. */
async function interactive(
  ...args: string[]
): Promise<{ client: RunningScript; server: RawClient; listener: Deno.TcpListener }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = atTerminal("tcp:client", ["-i", "--port", `${listener.addr.port}`, ...args]);
  const server = new RawClient(await listener.accept());
  await client.until(/Connected to [^]*> /);
  return { client, server, listener };
}

Deno.test("at a terminal tcp:client -i sends each line typed and shows what arrives above it", TERMINAL, async () => {
  const { client, server, listener } = await interactive();
  using _ = listener;
  using __ = server;
  await using ___ = client;
  await client.type("first\r");
  assertEquals(await server.until(/\n/), "first\n");
  await client.type("half a li");
  await client.until(/half a li/);
  await server.send("\x1b[2Jred\x07 漢字\n");
  // The input line is cleared, the line printed, and the input line redrawn below it.
  await client.until(/\r\x1b\[J␛\[2Jred\\x07 漢字\r\n[^\n]*> half a li/);
  await client.type("ne\r");
  assertEquals(await server.until(/\n/), "half a line\n");
  await client.type(`${UP}${UP}\r`);
  assertEquals(await server.until(/\n/), "first\n");
  server.close();
  const { code, stdout } = await client.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\[\+\] Done: 24 B out, 16 B in; 127\.0\.0\.1:\d+ closed\r\n$/);
  assertEquals(stdout.includes("Sent:"), false);
});

Deno.test(
  "at a terminal tcp:client -i shows a prompt without newline after the pause, and no broken character",
  TERMINAL,
  async () => {
    const { client, server, listener } = await interactive();
    using _ = listener;
    using __ = server;
    await using ___ = client;
    await server.send("login: ");
    await client.until(/\r\x1b\[Jlogin: \r\n[^\n]*> /);
    const [first = 0, ...others] = new TextEncoder().encode("é");
    await server.send(Uint8Array.of(first));
    await client.type("alice\r");
    assertEquals(await server.until(/\n/), "alice\n");
    await server.send(Uint8Array.of(...others, 10));
    await client.until(/\r\x1b\[Jé\r\n/);
    server.close();
    assertEquals((await client.ended()).code, 0);
  },
);

Deno.test(
  "at a terminal tcp:client -i half-closes at Ctrl-D, and reads on until the server closes",
  TERMINAL,
  async () => {
    const { client, server, listener } = await interactive("--crlf");
    using _ = listener;
    using __ = server;
    await using ___ = client;
    await client.type("PING\r");
    await client.type(CTRL_D);
    assertEquals(await server.rest(), "PING\r\n");
    await client.until(/\r\x1b\[J\[\+\] Your input has ended: nothing more is sent, what arrives is still shown\r\n$/);
    await server.send("late answer\n");
    await client.until(/late answer/);
    server.close();
    const { code, stdout } = await client.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /Done: 6 B out, 12 B in/);
  },
);

Deno.test(
  "at a terminal tcp:client -i can be stopped by Ctrl-C after Ctrl-D, when the server stays",
  TERMINAL,
  async () => {
    const { client, server, listener } = await interactive();
    using _ = listener;
    using __ = server;
    await using ___ = client;
    await client.type(CTRL_D);
    assertEquals(await server.rest(), "");
    await client.type(CTRL_C);
    assertEquals((await client.ended()).code, 130);
  },
);

Deno.test("at a terminal tcp:client -i sends --message first and stays; Ctrl-C ends with 130", TERMINAL, async () => {
  const { client, server, listener } = await interactive("--message", "hello");
  using _ = listener;
  using __ = server;
  await using ___ = client;
  assertEquals(await server.until(/\n/), "hello\n");
  await client.type("more\r");
  assertEquals(await server.until(/\n/), "more\n");
  await client.type(CTRL_C);
  const { code, stdout } = await client.ended();
  assertEquals(code, 130);
  assertMatch(stdout, /\[!\] Exiting\.\.\./);
});

Deno.test("at a terminal tcp:client -i ends with 6 when the server resets", TERMINAL, async () => {
  const server = createServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using client = atTerminal("tcp:client", ["-i", "--port", `${(server.address() as { port: number }).port}`]);
  await client.until(/Connected to [^]*> /);
  await client.type("go away\r");
  const { code, stdout } = await client.ended();
  server.close();
  assertEquals(code, 6);
  assertMatch(stdout, /\[!\] Cannot read from 127\.0\.0\.1:\d+: connection reset by the peer/);
});

Deno.test("at a terminal tcp:client -i works over TLS", TERMINAL, async () => {
  await using server = await startServer("tcp:server", ["--tls", "--ephemeral", "--echo", "-q"]);
  await using client = atTerminal("tcp:client", ["-i", "--port", `${server.port}`, "--tls", "--tls-insecure"]);
  await client.until(/NOT VERIFIED[^]*> /);
  await client.type("over TLS\r");
  await client.until(/\r\x1b\[Jover TLS\r\n/);
  await client.type(CTRL_D);
  assertEquals((await client.ended()).code, 0);
});

Deno.test("at a terminal tcp:client without a flag sends the default message", TERMINAL, async () => {
  await using server = rawServer(async (client) => {
    await client.until(/^Hello from client!\n$/);
    await client.send("Hello\n");
  });
  await using client = atTerminal("tcp:client", ["--port", `${server.port}`]);
  const { code, stdout } = await client.ended();
  assertEquals([code, /Sent: Hello from client!\r\nHello\r\n/.test(stdout)], [0, true]);
});

Deno.test("at terminals tcp:server --pipe and tcp:client -i let two people talk", TERMINAL, async () => {
  await using server = atTerminal("tcp:server", ["--pipe", "--port", "0"]);
  const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)[^]*\(nobody here\) /);
  await using client = atTerminal("tcp:client", ["-i", "--port", port]);
  await client.until(/Connected to [^]*> /);
  await client.type("anybody there?\r");
  await server.until(/\r\x1b\[Janybody there\?\r\n[^\n]*> /);
  await server.type("I am\r");
  await client.until(/\r\x1b\[JI am\r\n[^\n]*> /);
  await client.type(CTRL_C);
  assertEquals((await client.ended()).code, 130);
  await server.until(/Closed 127\.0\.0\.1:\d+: 15 B in, 5 B out[^]*\(nobody here\) /);
  await server.type(CTRL_C);
  const { code, stdout } = await server.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /Done: 1 connection served, 15 B in, 5 B out\r\n$/);
});

Deno.test(
  "at a terminal tcp:server --pipe --once half-closes at Ctrl-D and ends when the client closes",
  TERMINAL,
  async () => {
    await using server = atTerminal("tcp:server", ["--pipe", "--once", "--port", "0"]);
    const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    using client = await RawClient.connect(Number(port));
    await server.until(/Accepted [^]*> /);
    await server.type("bye\r");
    await server.type(CTRL_D);
    assertEquals(await client.rest(), "bye\n");
    client.close();
    const { code, stdout } = await server.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /Done: 4 B out, 0 B in; 127\.0\.0\.1:\d+ closed\r\n$/);
  },
);

Deno.test("at a terminal tcp:server --pipe still receives after Ctrl-D, and Ctrl-C ends it", TERMINAL, async () => {
  await using server = atTerminal("tcp:server", ["--pipe", "--port", "0"]);
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)[^]*\(nobody here\) /);
  await server.type(CTRL_D);
  // The input line is gone: a client that comes now meets an input that has ended.
  await server.until(
    /\(nobody here\) [^\n]*\r\x1b\[J\[\+\] Your input has ended: nothing more is sent, what arrives is still shown\r\n$/,
  );
  for (const text of ["one", "two"]) {
    using client = await RawClient.connect(Number(port));
    let over = false;
    const rest = client.rest().finally(() => over = true);
    await client.send(`${text}\n`);
    await server.until(new RegExp(`${text}\r\n`));
    // No half-close: our own client would take it for the end.
    assertEquals(over, false);
    await client.end();
    assertEquals(await rest, "");
  }
  await server.type(CTRL_C);
  const { code, stdout } = await server.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /Done: 2 connections served, 8 B in, 0 B out\r\n$/);
});
