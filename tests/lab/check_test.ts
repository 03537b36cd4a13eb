/** `lab:check` as its users run it. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventsIn, run, start, startServer } from "../support/script.ts";
import { blackHole, rawServer } from "../support/sockets.ts";

Deno.test("lab:check tcp: a server passes, and --json tells each check", async () => {
  await using server = await startServer("tcp:server", ["--quiet", "--echo"]);
  const only = ["--only", "plain-exchange,half-close*", "--only", "message-and-a-half"];
  const { code, stdout, stderr } = await run("lab:check", ["tcp", "--json", ...only, `127.0.0.1:${server.port}`]);
  assertEquals([code, stderr], [0, ""], stdout);
  const events = eventsIn(stdout);
  assertEquals(events.length, stdout.trim().split("\n").length);
  const results = events.filter(({ event }) => event === "result");
  assertEquals(results.map(({ outcome }) => outcome), Array(5).fill("passed"));
  const { passed, failed, total } = events.find(({ event }) => event === "summary") ?? {};
  assertEquals([passed, failed, total], [5, 0, 5]);
});

Deno.test("lab:check: no server is 4 or 5; another machine, and what makes no sense, is misuse", async () => {
  const { port } = rawServerThatIsGone();
  const refused = await run("lab:check", ["tcp", "localhost", String(port)]);
  assertEquals([refused.code, refused.stdout], [4, ""]);
  assertMatch(refused.stderr, /^\[!\] Cannot check \S+: connection refused; is a server running there\?\n$/);
  using hole = await blackHole();
  const silent = await run("lab:check", ["tcp", `:${hole.port}`, "--timeout", "0.1"]);
  assertEquals([silent.code, silent.stdout], [5, ""]);
  for (
    const [args, said] of [
      [["tcp", "192.0.2.1", "80"], "192.0.2.1 is not this machine, and the checks are attacks"],
      [["tcp"], "name its HOST PORT, or --start one"],
      [["ftp", "21"], '"ftp": the protocol must be tcp, udp, http, chat or sum'],
      [["tcp", "9", "--only", "split"], "there is no such check; the nearest is "],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("lab:check", args);
    assertEquals([code, stdout], [2, ""], stderr);
    assertStringIncludes(stderr, said);
  }
});

/** A port at which nobody listens. */
function rawServerThatIsGone(): { port: number } {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { port: listener.addr.port };
}

Deno.test("lab:check --list prints a line for each check", async () => {
  const { code, stdout } = await run("lab:check", ["tcp", "--list"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^plain-exchange +one message, in one write \(lab\/checks\/PROTOCOLS\.md, tcp, contract\)\n/);
  assertMatch(stdout, /\nsilent-client +one client says nothing; [^\n]+ \[mistake 14, one client at a time\] \(/);
});

Deno.test("lab:check ends with a partial report and 130 at Ctrl-C", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  // It answers two messages, and no more.
  await using server = rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) {
      if (++answered > 3) resolve();
      else await client.send(bytes);
    }
  });
  await using script = start("lab:check", ["tcp", "--echo", "--timeout", "30", `:${server.port}`]);
  await script.until(/\nok 1 - plain-exchange/);
  await asked;
  const { code, stdout } = await script.stop();
  assertEquals(code, 130, stdout);
  assertMatch(stdout, /\nBail out! Stopped by SIGINT\n# passed 1 of 1 \(100 %\)\n$/);
});
