/** `deno task demo`: all acts, an audience that leaves early, and its flags. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { POSIX, run, start } from "./support/script.ts";

Deno.test("demo shows every act, and ends with 0", async () => {
  const { code, stdout, stderr } = await run("demo");
  assertEquals([code, stderr], [0, ""]);
  for (const title of ["TCP", "TLS", "UDP", "HTTP", "Chat", "Sum"]) assertMatch(stdout, new RegExp(`^${title}: `, "m"));
  assertMatch(stdout, /\nclient \| \$ printf 'HEAD \/ HTTP\/1\.1\\r\\n.*\\r\\n' \| deno task tcp:client --port \d+\n/);
  assertMatch(stdout, /\nEverything works \(\d+\.\d s\)\. Next: /);
});

Deno.test("demo prints a client's answer before the log lines that follow it", POSIX, async () => {
  const { stdout } = await run("demo");
  const client = stdout.split("\n").filter((line) => line.startsWith("client |")).join("\n");
  assertMatch(client, /\| Hello from server!\nclient \| \[\+\] Closed .*\nclient \| \[\+\] Done: a reply/);
  assertMatch(client, /\[\*\] Sent: .*\nclient \| Hello from server!\nclient \| \[\+\] Done: an answer/);
});

Deno.test("demo's header has the command of its task", async () => {
  const source = await Deno.readTextFile(new URL("../demo.ts", import.meta.url));
  assertStringIncludes(source, `\n * deno task demo\n * ${config.tasks.demo.command}\n`);
});

Deno.test("demo | head ends quietly with 0, and leaves no server behind", async () => {
  for (const line of [/Listening on 127\.0\.0\.1:(\d+)/, /Done: a reply[^]*Listening on 127\.0\.0\.1:(\d+) \(TLS\)/]) {
    await using demo = start("demo");
    const [, port] = await demo.until(line);
    await demo.closeOutput();
    const { code, stderr } = await demo.ended();
    assertEquals([code, stderr], [0, ""]);
    await assertRejects(() => Deno.connect({ port: Number(port) }), Deno.errors.ConnectionRefused);
  }
});

Deno.test("demo --help says what it does; an unknown flag or an argument is misuse", async () => {
  const help = await run("demo", ["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertStringIncludes(help.stdout, "demo: Runs each server with its client, once, on free loopback ports");
  assertStringIncludes(help.stdout, "\nUsage: deno task demo [flags]\n");
  const byPlainwire = await run("demo", ["--help"], { env: { PLAINWIRE: "1" } });
  assertStringIncludes(byPlainwire.stdout, "\nUsage: plainwire demo [flags]\n");
  for (const [arg, said] of [["--helo", "the nearest is --help"], ["\x1b[2J", "␛[2J"]] as const) {
    const wrong = await run("demo", [arg]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertMatch(wrong.stderr, /^\[!\] Cannot use .*\(see --help\)\n$/);
    assertStringIncludes(wrong.stderr.replace("\\u001b", "␛"), said);
  }
});
