/** `lab:check` as its users run it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sourceOf } from "../support/modules.ts";
import { CONFIG_HOME, eventsIn, POSIX, run, start, startServer } from "../support/script.ts";
import { blackHole, rawServer } from "../support/sockets.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The names of the checks that a TAP report says have failed. */
function failed(tap: string): string[] {
  return [...tap.matchAll(/^not ok \d+ - ([\w-]+):/gm)].map(([, name]) => name ?? "");
}

/** What tcp:basic-server fails, and the words of its comments that admit it. */
const ADMITTED: Readonly<Record<string, string>> = {
  "split-at-each-byte": "One read is not one message: TCP may deliver half of it",
  "byte-by-byte": "One read is not one message: TCP may deliver half of it",
  "cut-character": "a character cut by the end of the read prints as U+FFFD",
  "reset-at-once": "a client that resets the connection ends the whole server",
  "reset-in-mid-message": "a client that resets the connection ends the whole server",
  "reset-instead-of-reading": "a client that resets the connection ends the whole server",
  "escape-sequences": "escape sequences reach the terminal",
  "silent-client": "a silent one keeps all others waiting",
  "thousand-connections": "a silent one keeps all others waiting",
};

Deno.test(
  "lab:check tcp: tcp:basic-server fails just what it admits, and the report tells a beginner why",
  POSIX,
  async () => {
    const program = await sourceOf("tcp/basic_server.ts");
    for (const words of Object.values(ADMITTED)) assertStringIncludes(program, words);
    const command = `cd '${ROOT}' && exec '${Deno.execPath()}' run --no-prompt --allow-net tcp/basic_server.ts $PORT`;
    const junit = `${CONFIG_HOME}/basic.xml`;
    const args = ["tcp", "--start", command, "--timeout", "0.7", "--points", "--junit", junit];
    const { code, stdout, stderr } = await run("lab:check", args);
    assertEquals(failed(stdout).sort(), Object.keys(ADMITTED).sort(), stdout);
    assertEquals(code, 1);
    assertMatch(stderr, /^\[!\] Cannot pass the server: 9 checks failed, \d+ passed, \d+ skipped\n$/);
    assertMatch(stdout, /^TAP version 14\n1\.\.\d+\n# lab:check tcp at 127\.0\.0\.1:\d+, started by "cd /);
    assertMatch(stdout, /\n# passed \d+ of \d+ \(\d+ %\), skipped \d+\n# score \d+ of \d+ points\n$/);
    const [, block = ""] = /\nnot ok \d+ - split-at-each-byte: [^\n]+\n {2}---\n([^]*?)\n {2}\.\.\.\n/.exec(stdout) ??
      [];
    assertMatch(block, / {2}expected: the server answers once it has the whole message\n/);
    assertMatch(block, / {2}why: RFC 9293 3\.7 \(practice\)\n {2}mistake: '1, one write = one read'\n/);
    assertMatch(block, / {4}- '[\d.]+ ms: the client sends 1 byte: h'\n/);
    assertMatch(
      block,
      / {2}see: 'tcp\/server\.ts, line \d+: if \(await connection\.readMessage\(\) === null\) return;'\n/,
    );
    assertMatch(
      block,
      / {2}by_hand: \|2\n {4}export PORT=\d+ [^\n]+ & sleep 1\n {4}printf 'h' \| nc -w 3 127\.0\.0\.1 \d+/,
    );
    assertMatch(stdout, /instead: [^\n]*the server has exited with code 1\n/);
    assertMatch(stdout, / {2}server_output: \|2\n[^]*(NotConnected|ConnectionReset|BrokenPipe)/);
    assertMatch(await Deno.readTextFile(junit), /<testsuite [^>]*failures="9" errors="0"/);
  },
);

Deno.test("lab:check tcp: tcp:server passes, and --json tells each check", async () => {
  await using server = await startServer("tcp:server", ["--quiet"]);
  const { code, stdout, stderr } = await run("lab:check", ["tcp", "--json", `127.0.0.1:${server.port}`]);
  assertEquals([code, stderr], [0, ""], stdout);
  const events = eventsIn(stdout);
  assertEquals(events.length, stdout.trim().split("\n").length);
  const results = events.filter(({ event }) => event === "result");
  assert(results.every(({ outcome }) => outcome === "passed" || outcome === "skipped"));
  const { passed, failed, skipped, total } = events.find(({ event }) => event === "summary") ?? {};
  assertEquals([failed, Number(passed) + Number(skipped)], [0, total]);
  assert(Number(passed) >= 25);
});

Deno.test("lab:check tcp: tcp:server --echo passes, and so does tcp:server with its limit and reply named", async () => {
  await using echo = await startServer("tcp:server", ["--quiet", "--echo"]);
  const echoed = await run("lab:check", ["tcp", "--quiet", String(echo.port)]);
  assertEquals([echoed.code, echoed.stderr], [0, ""]);
  assertMatch(echoed.stdout, /^# passed (\d+) of \1 \(100 %\), skipped \d+\n$/);
  await using server = await startServer("tcp:server", ["--quiet", "--max-message", "5000"]);
  const flags = ["--expect-reply", "Hello from server!", "--max-message", "5000", "--terminator", "crlf"];
  const only = ["--only", "longest-message,too-long*,half*", "--only", "plain-exchange", "--seed", "7"];
  const named = await run("lab:check", ["tcp", ...flags, ...only, `:${server.port}`]);
  assertEquals([named.code, failed(named.stdout)], [0, []], named.stdout);
  assertMatch(named.stdout, /^ok \d+ - too-long-message: [^#\n]+$/m);
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
  assertMatch(stdout, /^plain-exchange +one message, in one write \(DESIGN\.md 2, contract\)\n/);
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
