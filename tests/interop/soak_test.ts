/** A short soak from end to end: of our servers, and of servers in which something is wrong. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isWellFormed } from "../support/markup.ts";
import { CONFIG_HOME, ENVIRONMENT, needs, run, start } from "../support/script.ts";

const SHORT = ["--minutes", "0.1", "--seed", "7"];
const onLinux = needs(Deno.build.os === "linux", "Linux");

Deno.test({
  name: "soak: servers of each kind hold, and the picture shows it",
  ...onLinux,
  async fn() {
    const only = ["tcp echo", "http", "chat room", "udp echo", "sum"].flatMap((name) => ["--only", name]);
    const { code, stdout, stderr } = await run("soak", [...SHORT, "--idle", "200", ...only, "--plot", "soak.svg"]);
    assertEquals(code, 0, `${stderr}\n${stdout}`);
    assertMatch(stdout, /\ntcp echo +[\d,]+ +0 +\d+ +\d+ /);
    assertMatch(stdout, /\nhttp +64 +200 +\d +yes\n/);
    assertStringIncludes(stderr, "\n[+] Done: everything held: ");
    assert(isWellFormed(await Deno.readTextFile(`${CONFIG_HOME}/soak.svg`)));
  },
});

/** The test's own soak, whose echo server has a fault. */
async function badSoak(fault: string): Promise<{ readonly code: number; readonly said: string }> {
  const program = new URL("bad_soak.ts", import.meta.url).pathname;
  const args = [fault, ...SHORT, "--idle", "0", "--no-scarce", "--only", "tcp echo"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", program, ...args],
    env: ENVIRONMENT,
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

for (
  const [fault, said] of [
    ["leak", /\[!\] tcp echo: holds \d+ descriptors with nobody connected, \d+ more than at the beginning\./],
    ["corrupt", /\[!\] tcp echo: \d+ good exchanges? failed, the first after .*: Cannot accept what came back/],
    ["die", /\[!\] tcp echo: ended by itself after .*: with code 3/],
  ] as const
) {
  Deno.test({
    name: `soak: a server with the fault "${fault}" is found out, and the run ends with 1`,
    ...onLinux,
    async fn() {
      const { code, said: output } = await badSoak(fault);
      assertMatch(output, said);
      assertStringIncludes(output, "Repeat it with: deno task soak --minutes 0.1 --idle 0 --seed 7 --only 'tcp echo'");
      assertEquals(code, 1);
    },
  });
}

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
