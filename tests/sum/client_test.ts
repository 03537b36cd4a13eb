import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, run, RunningScript, start, startServer, taskArgs } from "../support/script.ts";
import { rawServer } from "../support/sockets.ts";
import { TERMINAL } from "../support/terminal.ts";

const at = (port: number): string[] => ["--port", String(port)];
const FIVE = "Client name: Ada\nServer name: Server of X\nClient's number: 42\nServer's number: 58\nSum: 100\n";

/** A server that answers any question with `answer`, and keeps the connection open until the client closes. */
function answering(answer: string, asked: string[] = []): ReturnType<typeof rawServer> {
  return rawServer(async (client) => {
    asked.push(await client.until(/\n/));
    await client.send(answer);
    await client.rest();
  });
}

Deno.test("sum:client asks and prints the five lines, nothing else on stdout", async () => {
  const asked: string[] = [];
  await using server = answering("Server of X: 58\n", asked);
  const { code, stdout, stderr } = await run("sum:client", [...at(server.port), "--name", "Ada", "--number", "42"]);
  assertEquals({ code, stdout, asked }, { code: 0, stdout: FIVE, asked: ["Ada: 42\n"] });
  assertMatch(stderr, /^\[\+\] Connected to \S+ from .*\n\[\*\] Sent: Ada: 42\n/);
  assertMatch(stderr, /\[\+\] Done: an answer from 127\.0\.0\.1:\d+\n$/);
});

Deno.test("sum:client accepts bare text without a newline, as the textbook server sends it (S4)", async () => {
  await using server = answering("Server of X: 58");
  const { code, stdout, stderr } = await run("sum:client", [...at(server.port), "--name", "Ada", "--quiet"]);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: FIVE, stderr: "" });
});

Deno.test("sum:client accepts an answer that arrives byte by byte (S1)", async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    for (const character of "Server of X: 58\r\n") await client.send(character);
    await client.rest();
  });
  const { code, stdout } = await run("sum:client", [...at(server.port), "--name", "Ada"]);
  assertEquals({ code, stdout }, { code: 0, stdout: FIVE });
});

Deno.test("sum:client off a terminal sends 42 without asking", async () => {
  const asked: string[] = [];
  await using server = answering("Server of X: 58\n", asked);
  assertEquals((await run("sum:client", at(server.port), { input: "7\n" })).code, 0);
  assertEquals(asked, ["Plainwire client: 42\n"]);
});

Deno.test("sum:client --format json asks in JSON, --json prints fields", async () => {
  const asked: string[] = [];
  await using server = answering('{"name":"Server of X","number":58}\n', asked);
  const args = [...at(server.port), "--format", "json", "--json", "--name", 'A"da', "--number", "+7"];
  const { code, stdout, stderr } = await run("sum:client", args);
  assertEquals({ code, stderr, asked }, { code: 0, stderr: "", asked: ['{"name":"A\\"da","number":7}\n'] });
  const events = eventsIn(stdout);
  assertEquals(events.length, stdout.trim().split("\n").length);
  assertEquals(events.map(({ event }) => event), ["connected", "sent", "received", "result", "closed", "ended"]);
  const { time: _, peer: __, ...fields } = events[3] ?? {};
  assertEquals(fields, {
    event: "result",
    id: 1,
    clientName: 'A"da',
    serverName: "Server of X",
    clientNumber: 7,
    serverNumber: 58,
    sum: 65,
  });
});

Deno.test("sum:client shows the server's name escaped (S7)", async () => {
  await using server = answering("\x1b[2JBob\u202e: 58\n");
  const { stdout } = await run("sum:client", at(server.port));
  assertMatch(stdout, /\nServer name: ␛\[2JBob\\u202e\n/);
});

Deno.test("sum:client exits 8 on a malformed answer", async () => {
  for (
    const [answer, reason] of [
      ["Invalid input\n", "it has no colon; a line is NAME: INTEGER"],
      ["Bob: 58.0\n", '"58.0" is not an integer'],
      ["Bob: 101\n", "101 is not between 1 and 100"],
      ['{"name":"Bob","number":58}\n', "it is JSON, but the question was a line"],
      ["\n", "it is empty"],
      ["\x1b[2J\n", "it has no colon"],
    ] as const
  ) {
    await using server = answering(answer);
    const { code, stdout, stderr } = await run("sum:client", [...at(server.port), "-q"]);
    assertEquals({ code, stdout }, { code: 8, stdout: "" }, answer);
    assertMatch(stderr, /^\[!\] Cannot accept the answer ".*" from 127\.0\.0\.1:\d+: .*\n$/);
    assertStringIncludes(stderr, reason);
    assert(!stderr.includes("\x1b"), "a control character of the peer reached the terminal");
  }
});

Deno.test("sum:client exits 1 with the server's reason on a refusal: the server has kept to the protocol", async () => {
  await using server = await startServer("sum:server", ["--keep-running", "--quiet"]);
  for (const form of ["line", "json"]) {
    const args = [...at(server.port), "-q", "--number", "101", "--format", form];
    const { code, stdout, stderr } = await run("sum:client", args);
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    const why = `127.0.0.1:${server.port} refused the number: 101 is not between 1 and 100`;
    assertEquals(stderr, `[!] Cannot get an answer: ${why}\n`);
  }
});

Deno.test("sum:client --number 0 stops the server, says so and exits 0", async () => {
  for (const form of ["line", "json"]) {
    await using server = await startServer("sum:server", ["--name", "Bob"]);
    const { code, stdout, stderr } = await run("sum:client", [...at(server.port), "--number", "0", "--format", form]);
    assertEquals({ code, stdout }, { code: 0, stdout: "Bob is stopping\n" });
    assertMatch(stderr, /\[\+\] Done: the server is stopping because 0 is not between 1 and 100\n$/);
    assertEquals((await server.script.ended()).code, 0);
  }
});

Deno.test("sum:client adds numbers exactly that a double cannot represent (41)", async () => {
  await using server = answering("Server of X: 58\n");
  const number = "9007199254740993";
  const { stdout } = await run("sum:client", [...at(server.port), "--number", number]);
  assertMatch(stdout, /\nClient's number: 9007199254740993\nServer's number: 58\nSum: 9007199254741051\n$/);
});

Deno.test("sum:client exits 6 when the server closes without an answer, 4 when refused, 5 when timed out (S9, S14, S18)", async () => {
  await using silent = rawServer(async (client) => {
    await client.until(/\n/);
  });
  const left = await run("sum:client", at(silent.port));
  assertEquals({ code: left.code, stdout: left.stdout }, { code: 6, stdout: "" });
  assertMatch(left.stderr, /\[!\] Cannot get an answer from 127\.0\.0\.1:\d+: it closed without one\n$/);

  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals((await run("sum:client", at(port))).code, 4);

  // Nothing of an incomplete answer is printed (S19).
  await using slow = answering("Server of X: 5");
  const late = await run("sum:client", [...at(slow.port), "--gap", "0", "--timeout", "0.2"]);
  assertEquals({ code: late.code, stdout: late.stdout }, { code: 5, stdout: "" });
});

Deno.test("sum:client exits 130 on Ctrl-C while it waits (P1)", async () => {
  await using server = rawServer(async (client) => {
    await client.rest();
  });
  await using client = start("sum:client", at(server.port));
  await client.until(/Sent: /, "stderr");
  assertEquals((await client.stop("SIGINT")).code, 130);
});

Deno.test("sum:client asks on a terminal, and again if the answer is invalid", TERMINAL, async () => {
  const asked: string[] = [];
  await using server = answering("Server of X: 58\n", asked);
  const command = [Deno.execPath(), ...taskArgs("sum:client"), ...at(server.port)].join(" ");
  const process = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    cwd: new URL("../../", import.meta.url),
  }).spawn();
  await using terminal = new RunningScript(process, true);
  await terminal.until(/Enter an integer between 1 and 100 \[42\]:/);
  await terminal.type("500\r");
  await terminal.until(
    /Cannot use "500": it must be an integer from 1 to 100\r?\nEnter[^]*Enter|"500"[^]*Enter an integer/,
  );
  await terminal.type("7\r");
  await terminal.until(/Client's number: 7\r\nServer's number: 58\r\nSum: 65\r\n/);
  assertEquals((await terminal.ended()).code, 0);
  assertEquals(asked, ["Plainwire client: 7\n"]);
});
