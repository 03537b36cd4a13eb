/** What `--explain` says of other programs: their mistakes by number, and none where there is none. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, startServer } from "../support/script.ts";
import { needsPrograms, peer, textbook } from "./support.ts";

/** The mistakes that a log names. */
function named(log: string): string[] {
  return Array.from(log.matchAll(/^\[!\].*(\[mistake \d+\].*)/gm), ([, line = ""]) => line);
}

Deno.test(
  "a textbook client's bare message is answered after a pause, and that is told",
  await needsPrograms("python3"),
  async () => {
    await using server = await startServer("tcp:server", ["--explain"]);
    const { stdout } = await peer("python3", ["textbook/tcp_client.py", "127.0.0.1", String(server.port), "Hello"]);
    assertEquals(stdout, "Server says: Hello from server!\n\n");
    const log = (await server.script.stop()).stdout;
    assertStringIncludes(log, "ms later: “Hello”");
    assertStringIncludes(log, "we take what has come as the whole message");
    assertEquals(named(log), []);
  },
);

Deno.test("the textbook's servers name no mistake on the client's side", await needsPrograms("python3"), async () => {
  await using tcp = await textbook("tcp_server", "0");
  await using udp = await textbook("udp_server", "0");
  await using sum = await textbook("sum_server", "0");
  const asked = [
    await run("tcp:client", ["--port", String(tcp.port), "--explain"]),
    await run("udp:client", ["--port", String(udp.port), "--explain"]),
    await run("sum:client", ["--port", String(sum.port), "--number", "42", "--explain"]),
  ];
  assertEquals(asked.map(({ code, stderr }) => [code, ...named(stderr)]), [[0], [0], [0]]);
});

Deno.test("curl names no mistake; a long upload comes in several reads", await needsPrograms("curl"), async () => {
  await using server = await startServer("http:server", ["--explain"]);
  const url = `http://127.0.0.1:${server.port}`;
  await peer("curl", ["-s", `${url}/`, `${url}/bytes/100000`, `${url}/stream/5`, "-o", "/dev/null", "-I"]);
  await peer("curl", ["-s", `${url}/status/204`, `${url}/delay/2.5`]);
  await server.script.until(/delay/);
  assertEquals(named(server.script.stdout), []);
  await peer("curl", ["-s", "-d", "x".repeat(30_000), `${url}/`]);
  await server.script.until(/\[mistake 1\] This one HTTP message of 30,\d+ bytes came in \d reads/);
});

Deno.test("nc sends lines with LF, also to an HTTP server", await needsPrograms("nc"), async () => {
  await using server = await startServer("http:server", ["--explain"]);
  await peer("nc", ["-w", "3", "127.0.0.1", String(server.port)], "GET / HTTP/1.1\nHost: localhost\n\n");
  assertEquals(named((await server.script.stop()).stdout), [
    "[mistake 17] All 3 lines of this HTTP head end with LF alone (⏎) instead of CR LF (␍⏎)",
  ]);
});
