/** A short soak from end to end: of our servers, and of servers in which something is wrong. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isWellFormed } from "../support/markup.ts";
import { CONFIG_HOME, ENVIRONMENT, needs, run, start } from "../support/script.ts";

const SHORT = ["--minutes", "0.1", "--seed", "7"];
const onLinux = needs(Deno.build.os === "linux", "Linux");

/** The test's own soak, whose servers have faults. */
async function badSoak(): Promise<{ readonly code: number; readonly said: string }> {
  const program = new URL("bad_soak.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", program, ...SHORT, "--idle", "0", "--no-scarce", "--only", "relay"],
    env: ENVIRONMENT,
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test({
  name: "soak: servers of each kind hold, the picture shows it, and bad ones are found out, each for what it does",
  ...onLinux,
  async fn() {
    const only = ["tcp echo", "http", "chat room", "udp echo", "sum"].flatMap((name) => ["--only", name]);
    // At the same time: both wait for most of theirs.
    const [bad, { code, stdout, stderr }] = await Promise.all([
      badSoak(),
      run("soak", [...SHORT, "--idle", "200", ...only, "--plot", "soak.svg"]),
    ]);
    assertEquals(code, 0, `${stderr}\n${stdout}`);
    assertMatch(stdout, /\ntcp echo +[\d,]+ +0 +\d+ +\d+ /);
    assertMatch(stdout, /\nhttp +64 +200 +\d +yes\n/);
    assertStringIncludes(stderr, "\n[+] Done: everything held: ");
    assert(isWellFormed(await Deno.readTextFile(`${CONFIG_HOME}/soak.svg`)));
    for (
      const said of [
        /\[!\] tcp echo: holds \d+ descriptors with nobody connected, \d+ more than at the beginning\./,
        /\[!\] tcp echo: \d+ good exchanges? failed, the first after .*: Cannot accept what came back/,
        /\[!\] relay: ended by itself after .*: with code 3/,
      ]
    ) assertMatch(bad.said, said);
    const flags = "--minutes 0.1 --idle 0 --seed 7 --only 'tcp echo' --only 'relay'";
    assertStringIncludes(bad.said, `Repeat it with: deno task soak ${flags}`);
    assertEquals(bad.code, 1);
  },
});

/** What a program prints. */
async function lines(program: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test({
  name: "soak: Ctrl-C ends it with 130, and its servers with it",
  ...onLinux,
  async fn() {
    const only = ["--only", "tcp echo", "--only", "chat turns", "--idle", "0", "--no-scarce"];
    await using script = start("soak", [...SHORT, ...only]);
    await script.until(/good clients alone/, "stderr");
    const found = await lines("pgrep", "-P", String(script.pid));
    assert(found.length >= 2, "the servers and the sampler");
    script.signal("SIGINT");
    const { code } = await script.ended();
    assertEquals(code, 130);
    assertEquals(await lines("ps", "-o", "pid=", "-p", found.join(",")), []);
  },
});
