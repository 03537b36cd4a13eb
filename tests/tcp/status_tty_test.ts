// deno-lint-ignore-file no-control-regex
/** The status line: on a terminal while something goes on, and nowhere else. */
import { assertEquals, assertMatch } from "@std/assert";
import { RunningScript, startServer, taskArgs, type TaskName } from "../support/script.ts";
import { RawClient, rawServer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";

/** Starts a script by a shell in a terminal, with a shell's redirections. */
function inShell(task: TaskName, args: readonly string[], before: string, after: string): RunningScript {
  const words = [Deno.execPath(), ...taskArgs(task), ...args].map((word) => `'${word}'`).join(" ");
  const process = new Deno.Command("script", {
    args: ["-qec", `stty cols 80 rows 24; ${before} ${words} ${after}`, "/dev/null"],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", TERM: "xterm" },
  }).spawn();
  return new RunningScript(process, true);
}

/** A server that says something at once, takes what comes, and ends when the test says so. */
function patientServer(greeting = "") {
  const over = Promise.withResolvers<void>();
  const server = rawServer(async (client) => {
    await client.send(greeting);
    await client.until(/x{1000}/);
    await over.promise;
  });
  return { port: server.port, end: over.resolve, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Out, in and rate. */
const STATUS = /1 kB out, 0 B in, \S+ k?B\/s/;

Deno.test(
  "a pipe shows its totals and rate on a terminal, and clears that line before the last one",
  TERMINAL,
  async () => {
    await using server = patientServer();
    const feed = "(printf '%01000d' 0 | tr 0 x; cat) |";
    await using client = inShell("tcp:client", ["--port", `${server.port}`], feed, "> /dev/null");
    await client.until(/\r\x1b\[K1 kB out, 0 B in, 0 B\/s/);
    server.end();
    const { code, stdout } = await client.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /0 B\/s\r\x1b\[K\[\+\] Closed [^]*\[\+\] Done: 1 kB out, 0 B in, [^;\x1b]*; \S+ closed\r\n$/);
  },
);

for (const flag of ["--quiet", "--json"]) {
  Deno.test(`a pipe with ${flag} shows no status line`, TERMINAL, async () => {
    await using server = patientServer();
    const feed = "(printf '%01000d' 0 | tr 0 x; sleep 1) |";
    await using client = inShell("tcp:client", ["--port", `${server.port}`, flag], feed, "> /dev/null; echo over");
    server.end();
    assertEquals(STATUS.test((await client.ended()).stdout), false);
  });
}

Deno.test("a pipe's last row on the terminal is whole before the log goes on", TERMINAL, async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  await using client = inShell("tcp:client", ["--port", `${server.port}`], "printf 'no newline here' |", "");
  assertMatch((await client.ended()).stdout, /no newline here\r\n\[\+\] Closed /);
});

Deno.test("a pipe that shows the data on the terminal has no status line", TERMINAL, async () => {
  await using server = patientServer("hello\n");
  const feed = "(printf '%01000d' 0 | tr 0 x; sleep 1) |";
  await using client = inShell("tcp:client", ["--port", `${server.port}`], feed, "");
  await client.until(/hello/);
  server.end();
  const { stdout } = await client.ended();
  assertMatch(stdout, /Done: 1 kB out, 6 B in/);
  assertEquals(stdout.includes("\x1b[K"), false);
});

Deno.test("a pipe has a status line on the terminal until there is data to show", TERMINAL, async () => {
  const [speak, close] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = rawServer(async (client) => {
    await speak.promise;
    await client.send("data\n");
    await close.promise;
  });
  const feed = "(printf '%01000d' 0 | tr 0 x; cat) |";
  await using client = inShell("tcp:client", ["--port", `${server.port}`], feed, "");
  await client.until(STATUS);
  speak.resolve();
  await client.until(/\r\x1b\[Kdata\r\n[^]*\r\x1b\[K/);
  close.resolve();
  const { code, stdout } = await client.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\r\x1b\[K\[\+\] Closed [^\x1b]*Done: 1 kB out, 5 B in, [^\x1b]*closed\r\n$/);
});

Deno.test("at a terminal tcp:server --pipe < file shows its totals and rate", TERMINAL, async () => {
  const feed = "(printf '%01000d' 0 | tr 0 x; cat) |";
  await using server = inShell("tcp:server", ["--pipe", "--once", "--port", "0"], feed, "");
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  using client = await RawClient.connect(Number(port));
  await client.until(/x{1000}/);
  await server.until(STATUS);
  client.close();
  assertEquals((await server.ended()).code, 0);
});

Deno.test("tcp:server --pipe > file shows its totals and rate on the terminal", TERMINAL, async () => {
  await using server = inShell("tcp:server", ["--pipe", "--once", "--port", "0"], "", "> /dev/null");
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  using client = await RawClient.connect(Number(port));
  await client.send("x".repeat(1000));
  await server.until(/0 B out, 1 kB in, \S+ k?B\/s/);
  client.close();
  // What is typed is the input; the pipe waits until that is silent.
  const { code, stdout } = await server.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\r\x1b\[K\[\+\] Closed [^]*Done: 0 B out, 1 kB in, /);
});

Deno.test(
  "at a terminal tcp:server --discard shows clients, total and rate while a client is there",
  TERMINAL,
  async () => {
    await using server = atTerminal("tcp:server", ["--discard", "--port", "0"]);
    const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    using client = await RawClient.connect(Number(port));
    await client.send("x".repeat(1000));
    await server.until(/1 client: 0 B out, 1 kB in, \S+ k?B\/s/);
    client.close();
    await server.until(/\r\x1b\[K\[\+\] Closed \S+ 1 kB in, 0 B out/);
    await server.type("\x03");
    assertEquals((await server.ended()).code, 0);
  },
);

Deno.test("at a terminal --connections shows how far it is", TERMINAL, async () => {
  await using server = await startServer("tcp:server", ["--echo", "-q"]);
  const args = ["--port", `${server.port}`, "--connections", "2", "--duration", "1.2"];
  await using client = atTerminal("tcp:client", args);
  const { code, stdout } = await client.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\d+ exchanges, \d+\/s, 1 s left[^]*\r\x1b\[K\[\*\] \d+ exchanges\/s over 2 connections/);
});

for (const task of ["tcp", "udp"] as const) {
  Deno.test(`at a terminal ${task}:client --count shows how far it is, below the replies`, TERMINAL, async () => {
    await using server = await startServer(`${task}:server`, ["--reply", "pong", "-q"]);
    const args = ["--port", `${server.port}`, "--message", "ping", "--count", "3", "--interval", "0.6"];
    await using client = atTerminal(`${task}:client`, args);
    const { code, stdout } = await client.ended();
    assertEquals(code, 0);
    assertMatch(stdout, task === "tcp" ? /1 of 3 exchanges, \S+\/s, \d s left/ : /2 of 3 sent, 2 answered, \d s left/);
    assertMatch(stdout, /\r\x1b\[K(pong\r\n|\[\*\] 3: )/);
    assertMatch(stdout, /\[\*\] 3: \d bytes in [\d.]+ ms/);
  });
}
