import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, startServer } from "../support/script.ts";
import { launch, needsPrograms, peer, textbook } from "./support.ts";

const REPLY = "Hello from server!\n";

Deno.test("textbook client -> tcp:server", await needsPrograms("python3"), async () => {
  await using server = await startServer("tcp:server");
  const { code, stdout } = await peer("python3", ["textbook/tcp_client.py", "127.0.0.1", `${server.port}`, "Grüße"]);
  assertEquals({ code, stdout }, { code: 0, stdout: `Server says: ${REPLY}\n` });
  await server.script.until(/Received from \S+: Grüße\n/);
});

Deno.test("tcp:client -> textbook server", await needsPrograms("python3"), async () => {
  await using server = await textbook("tcp_server", "0");
  const { code, stdout } = await run("tcp:client", ["--port", `${server.port}`]);
  assertEquals({ code, stdout }, { code: 0, stdout: "Hey there, from TCP server." });
  await server.script.until(/Client says: Hello from client!\n/);
});

for (
  const [name, program, args] of [
    ["nc -N", "nc", ["-N"]],
    ["ncat", "ncat", []],
    ["socat", "socat", ["-t5", "-"]],
  ] as const
) {
  const target = (port: number): string[] => program === "socat" ? [`TCP:127.0.0.1:${port}`] : ["127.0.0.1", `${port}`];

  Deno.test(`${name} -> tcp:server: with and without a newline, and --echo`, await needsPrograms(program), async () => {
    await using server = await startServer("tcp:server");
    assertEquals((await peer(program, [...args, ...target(server.port)], "hello\n")).stdout, REPLY);
    assertEquals((await peer(program, [...args, ...target(server.port)], "bare")).stdout, REPLY);
    await using echo = await startServer("tcp:server", ["--echo", "-q"]);
    const text = "é漢😀\r\n".repeat(20_000);
    assertEquals((await peer(program, [...args, ...target(echo.port)], text)).stdout, text);
  });
}

Deno.test("an interactive nc gets its answer without Ctrl-D", await needsPrograms("nc"), async () => {
  await using server = await startServer("tcp:server");
  await using nc = launch("nc", ["127.0.0.1", `${server.port}`]);
  await nc.type("hello\n");
  await nc.until(/Hello from server!\n/);
});

Deno.test("tcp:client -> nc, ncat and socat as servers", await needsPrograms("nc", "ncat", "socat"), async () => {
  for (
    const [program, args] of [
      ["nc", ["-l", "127.0.0.1"]],
      ["ncat", ["-l", "-v", "127.0.0.1"]],
      ["socat", ["-d", "-d", "-"]],
    ] as const
  ) {
    // None of these programs can listen on port 0 and report the port it got, so a free one is picked first.
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    const listen = program === "socat" ? [`TCP-LISTEN:${port},bind=127.0.0.1`] : [`${port}`];
    await using server = launch(program, [...args, ...listen]);
    await server.type("from the other side\n");
    // It is ready when it accepts a connection: a refused attempt is repeated.
    let ended = await run("tcp:client", ["--port", `${port}`]);
    for (let tries = 0; ended.code === 4 && tries < 50; tries++) ended = await run("tcp:client", ["--port", `${port}`]);
    assertEquals({ program, code: ended.code, stdout: ended.stdout }, {
      program,
      code: 0,
      stdout: "from the other side\n",
    });
    await server.until(/Hello from client!\n/);
  }
});

Deno.test("tcp:client as a pipe -> socat as an echo server", await needsPrograms("socat"), async () => {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  await using server = launch("socat", ["-d", "-d", "-t5", `TCP-LISTEN:${port},bind=127.0.0.1`, "EXEC:cat"]);
  await server.until(/listening on/, "stderr");
  const text = "line é\n".repeat(50_000);
  const { code, stdout } = await run("tcp:client", ["--port", `${port}`, "-q"], { input: text });
  assertEquals({ code, same: stdout === text }, { code: 0, same: true });
});

Deno.test("tcp:client in a pipe sends an HTTP request typed by hand", async () => {
  await using web = await startServer("http:server");
  const { code, stdout } = await run("tcp:client", ["--port", `${web.port}`, "-q"], {
    input: "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  });
  assertEquals(code, 0);
  assertMatch(stdout, /^HTTP\/1\.1 200 OK\r\n/);
  assertStringIncludes(stdout, "<h1>Hello!</h1>");
});

Deno.test("tcp:server --echo survives a reset: socat with linger=0", await needsPrograms("socat"), async () => {
  await using server = await startServer("tcp:server", ["--echo"]);
  // With unread data and linger 0, socat closes by a reset: not at once, since a connection reset before accept(2) is never seen.
  await peer("socat", ["-u", "-t0", "SYSTEM:echo hello; sleep 0.5", `TCP:127.0.0.1:${server.port},linger=0`]);
  await server.script.until(/Closed/);
  assertEquals((await peer("ncat", ["127.0.0.1", `${server.port}`], "next\n")).stdout, "next\n");
});
