/** The project's TCP servers under `lab:check`: tcp:server passes, and the textbook's fails what it admits. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sourceOf } from "../../support/modules.ts";
import { CONFIG_HOME, eventsIn, POSIX, run, startServer } from "../../support/script.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

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

/** On a busy machine the server has answered before this reset arrives; then nothing happens to it. */
const BY_CHANCE = "reset-instead-of-reading";
const always = (names: readonly string[]): string[] => names.filter((name) => name !== BY_CHANCE).sort();

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
    assertEquals(always(failed(stdout)), always(Object.keys(ADMITTED)), stdout);
    assertEquals(code, 1);
    assertMatch(stderr, /^\[!\] Cannot pass the server: [89] checks failed, \d+ passed, \d+ skipped\n$/);
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
      / {2}by_hand: \|2\n {4}export PORT=\d+ [^\n]+ & server=\$!; sleep 1\n {4}printf 'h' \| nc -w 3 127\.0\.0\.1 \d+/,
    );
    assertMatch(stdout, /instead: [^\n]*the server has exited with code 1\n/);
    assertMatch(stdout, / {2}server_output: \|2\n[^]*(NotConnected|ConnectionReset|BrokenPipe)/);
    assertMatch(await Deno.readTextFile(junit), /<testsuite [^>]*failures="[89]" errors="0"/);
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
