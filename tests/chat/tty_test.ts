// deno-lint-ignore-file no-control-regex
/** The chat scripts at a real terminal, by means of `script(1)`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../support/script.ts";
import { RawClient, RawPeer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";
import { LineClient } from "./support.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";

Deno.test(
  "at a terminal chat:server asks for a missing port, and again if the answer is invalid",
  TERMINAL,
  async () => {
    await using server = atTerminal("chat:server", ["--bind", "127.0.0.1"]);
    await server.until(/Port to listen on \[23456\]:/);
    await server.type("80x\r");
    await server.until(/Cannot use port "80x": it must be a whole number[^]*Port to listen on \[23456\]:/);
    await server.type("0\r");
    await server.until(/Listening on 127\.0\.0\.1:\d+/);
    await server.type(CTRL_C);
    const { code, stdout } = await server.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /\[!\] Exiting\.\.\.\r\n[^]*\[\+\] Done: 0 connections served/);
  },
);

Deno.test(
  "at a terminal chat:client asks for host and port; an incoming line does not disturb the input line",
  TERMINAL,
  async () => {
    await using server = await startServer("chat:server", ["--bind", "127.0.0.1"]);
    await using client = atTerminal("chat:client", ["--name", "alice"]);
    await client.until(/Chat server's name or address \[127\.0\.0\.1\]:/);
    await client.type("\r");
    await client.until(/Chat server's port \[23456\]:/);
    await client.type(`${server.port}\r`);
    await client.until(/alice: /);
    using bob = await LineClient.connect(server.port);
    await bob.say("/nick bob");
    await client.until(/\* bob joined/);
    await client.type("half a li");
    await client.until(/half a li/);
    await bob.say("I am here, \x1b[2J漢字");
    // The input line is cleared, the message printed, and the input line redrawn below it.
    await client.until(/\r\x1b\[Jbob: I am here, ␛\[2J漢字\r\n[^\n]*alice: half a li/);
    await bob.say("\tif x:\ty");
    await client.until(/bob: {4}if x: {3}y\r\n/);
    await client.type("ne\r");
    assertEquals(await bob.until(/half/), [
      "* here with you: alice",
      "* you are bob; /help lists what you can type",
      "alice: half a line",
    ]);
    // A Tab within pasted text is text; one that arrives alone completes.
    await client.type("/msg b");
    await client.until(/\/msg b/);
    await client.type("\t");
    await client.until(/\/msg bob /);
    await client.type("hi\r");
    assertEquals(await bob.line(), "alice (to you): hi");
    await client.type(CTRL_D);
    assertEquals((await client.ended()).code, 0);
    assertEquals(await bob.line(), "* alice left (quit)");
  },
);

Deno.test(
  "at a terminal chat:client ends with 130 at Ctrl-C, with 0 after /quit and when the server stops",
  TERMINAL,
  async () => {
    await using server = await startServer("chat:server", ["--bind", "127.0.0.1"]);
    const args = ["--host", "127.0.0.1", "--port", String(server.port)];
    await using interrupted = atTerminal("chat:client", args);
    await interrupted.until(/guest-\d+: /);
    await interrupted.type(CTRL_C);
    assertEquals((await interrupted.ended()).code, 130);
    await using leaving = atTerminal("chat:client", args);
    await leaving.until(/guest-\d+: /);
    await leaving.type("/quit\r");
    await leaving.until(/Goodbye! Closing connection\./);
    assertEquals((await leaving.ended()).code, 0);
    await using staying = atTerminal("chat:client", args);
    await staying.until(/guest-\d+: /);
    server.script.signal("SIGTERM");
    await staying.until(/\* the server is shutting down/);
    assertEquals((await staying.ended()).code, 0);
  },
);

Deno.test(
  "at a terminal log lines do not disturb the operator's input line; Ctrl-D stops the server",
  TERMINAL,
  async () => {
    await using server = atTerminal("chat:server", ["--bind", "127.0.0.1", "--port", "0"]);
    const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    await server.type("welc");
    await server.until(/welc/);
    using bob = await LineClient.connect(Number(port));
    await bob.say("hello");
    await server.until(/guest-1: hello\r\n[^\n]*server: welc/);
    await server.type("ome\r");
    assertEquals((await bob.until(/welcome/)).at(-1), "server: welcome");
    await server.type("/kick g");
    await server.until(/\/kick g/);
    await server.type("\t");
    await server.until(/\/kick guest-1 /);
    await server.type("\r");
    assertEquals(await bob.rest(), ["Cannot serve you: the operator has kicked you out for 1 minute"]);
    await server.type(CTRL_D);
    assertEquals((await server.ended()).code, 0);
  },
);

Deno.test("at a terminal chat:server prints its join command in one piece, however long", TERMINAL, async () => {
  await using server = atTerminal("chat:server", ["--bind", "0.0.0.0", "--port", "0", "--tls", "--ephemeral"]);
  await server.until(/server: /);
  await server.type("/help\r");
  await server.until(/anything else/);
  await server.type(CTRL_D);
  const { stdout } = await server.ended();
  const commands = stdout.match(/deno task chat:client .*/g) ?? [];
  assert(commands.length > 0, stdout);
  for (const command of commands) {
    assertMatch(command, /^deno task chat:client --host \S+ --port \d+ --tls --pin sha256:\w{64}$/);
  }
});

Deno.test("at a terminal chat:udp-client says that there is no answer, and Enter asks again", TERMINAL, async () => {
  using server = new RawPeer();
  await using client = atTerminal("chat:udp-client", ["--host", "127.0.0.1", "--port", `${server.port}`]);
  await client.until(/your turn: /);
  await client.type("hello\r");
  assertEquals((await server.receive()).text, "hello");
  await client.until(/has not answered for 5 s; Enter sends your\s+message\s+again/);
  await client.type("\r");
  const again = await server.receive();
  assertEquals(again.text, "hello");
  await server.send("hi", again.port);
  await client.until(/hi\r\n[^]*your turn: /);
  await client.type(CTRL_C);
  assertEquals((await client.ended()).code, 130);
});

Deno.test("at a terminal the prompt says whose turn it is", TERMINAL, async () => {
  await using server = atTerminal("chat:udp-server", ["--port", "0"]);
  const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  await using client = atTerminal("chat:udp-client", ["--host", "127.0.0.1", "--port", port]);
  await client.until(/your turn: /);
  await client.type("hello\r");
  await client.until(/\(their turn\) /);
  await server.until(/client: hello\r\n[^]*your turn: /);
  await client.type("too soon\r");
  await client.until(/Not your turn: kept until it is/);
  await server.type("hi there\r");
  await client.until(/hi there/);
  await server.until(/client: too soon\r\n[^]*your turn: /);
  await client.type("exit\r");
  await client.until(/Goodbye! Closing session\./);
  assertEquals((await client.ended()).code, 0);
  await server.until(/left[^]*\(nobody here\) /);
  await server.type(CTRL_C);
  assertEquals((await server.ended()).code, 0);
});

Deno.test("at a terminal chat:client accepts no name with control sequences from the server", TERMINAL, async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using client = atTerminal("chat:client", ["--host", "127.0.0.1", "--port", `${listener.addr.port}`]);
  using server = new RawClient(await listener.accept());
  await server.send(
    "* you are \x1b]0;PWNED\x07x; hi\n* \x1b]52;c;eA==\x07 joined\n* you are alice; /help\n* \x1b[2Jbob joined\n* carol joined\n",
  );
  await client.until(/carol joined[^]*alice: /);
  await client.type("ca");
  await client.until(/ca$/);
  await client.type("\t");
  await client.until(/carol: /);
  await client.type("hi\r");
  assertEquals(new TextDecoder().decode((await server.read()) ?? new Uint8Array()), "carol: hi\n");
  await client.type("/quit\r");
  await server.end();
  const { stdout } = await client.ended();
  assertMatch(stdout, /you are ␛\]0;PWNED/);
  for (const raw of ["\x1b]0", "\x1b]52", "\x1b[2J"]) assertEquals(stdout.includes(raw), false, raw);
});
