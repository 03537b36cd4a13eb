import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { flag } from "../../../lib/script/flag_kinds.ts";
import { admissionFlags, bindFlags, commonFlags } from "../../../lib/script/shared_flags.ts";
import { helpText } from "../../../lib/script/help.ts";
import { eventsIn, RunningScript } from "../../support/script.ts";

const FIXTURE = new URL("./run_fixture.ts", import.meta.url).pathname;
const ARGS = ["run", "--no-prompt", FIXTURE];

/** Starts the fixture; with `shell`, through a shell command that refers to it as `"$@"`. */
function start(args: string[], shell?: string): RunningScript {
  const options = { stdin: "null", stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } } as const;
  const command = shell === undefined
    ? new Deno.Command(Deno.execPath(), { args: [...ARGS, ...args], ...options })
    : new Deno.Command("sh", { args: ["-c", shell, Deno.execPath(), ...ARGS, ...args], ...options });
  return new RunningScript(command.spawn(), false);
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await start(args).ended();
}

const shell = { ignore: Deno.build.os === "windows" };

Deno.test("--help goes to standard output and ends with 0", async () => {
  for (const args of [["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(
      stdout,
      "run:fixture: script that ends as specified\n\nUsage: deno task run:fixture [flags]\n",
    );
  }
});

Deno.test("--help --json prints the flag table as one JSON object", async () => {
  const { code, stdout, stderr } = await run("--help", "--json");
  assertEquals([code, stderr, stdout.split("\n").length], [0, "", 2]);
  const { name, summary, flags } = JSON.parse(stdout);
  assertEquals([name, summary], ["run:fixture", "script that ends as specified"]);
  assertEquals(flags.find((flag: { name: string }) => flag.name === "timeout"), {
    name: "timeout",
    short: "t",
    value: "SECONDS",
    help: commonFlags.timeout.help,
    default: "0",
    repeatable: false,
  });
});

Deno.test("--version prints the version of the project", async () => {
  assertEquals(await run("-V"), { code: 0, stdout: `plainwire ${config.version}\n`, stderr: "" });
});

Deno.test("misuse is one line on standard error and code 2, with --json too (P4)", async () => {
  for (
    const args of [["--prot", "1"], ["--json", "--timeout", "NaN"], ["--ending"], ["stray\x1b[31m"], ["--ending=usage"]]
  ) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^\[!\] Cannot use \P{Cc}+\n$/u);
  }
});

Deno.test("a successful run says so", async () => {
  assertEquals(await run(), { code: 0, stdout: "", stderr: "[+] Done: nothing to do\n" });
  assertEquals(await run("--role=server"), { code: 0, stdout: "[+] Done: nothing to do\n", stderr: "" });
  assertEquals(await run("-q"), { code: 0, stdout: "", stderr: "" });
});

Deno.test("a failure is one plain line and its code, never a stack trace (S7)", async () => {
  assertEquals(await run("--ending=failure"), {
    code: 4,
    stdout: "",
    stderr: "[!] Cannot connect to ␛[31mnowhere:1: refused\n",
  });
  assertEquals(await run("--ending=bug"), {
    code: 1,
    stdout: "",
    stderr: "[!] Cannot continue: undefined is not ␛[31ma function\n",
  });
});

Deno.test("--json reports every ending as an event, and nothing on standard error", async () => {
  const endings = { done: [0], failure: [4, 4], bug: [1, 1], usage: [2, 2] };
  for (const [ending, codes] of Object.entries(endings)) {
    const { code, stdout, stderr } = await run("--json", `--ending=${ending}`);
    const events = eventsIn(stdout);
    assertEquals([code, stderr, events.length], [codes[0], "", codes.length], ending);
    assertEquals(events.map((event) => event["code"]), codes);
    assertEquals(events.at(-1)?.["event"], "ended");
    assertEquals(stdout.trimEnd().split("\n").length, events.length);
  }
});

Deno.test("received data goes to standard output unchanged; not with --json", async () => {
  assertEquals(await run("--ending=data"), { code: 0, stdout: "da\x1bta", stderr: "[+] Done: data written\n" });
  assertEquals(eventsIn((await run("--ending=data", "--json")).stdout).map(({ event }) => event), ["ended"]);
});

Deno.test("a script gets its options, and which of them were given explicitly", async () => {
  assertStringIncludes((await run("-t", "1.5", "--ending=given")).stderr, "Done: ending,timeout 1.5");
});

Deno.test("a reader that closes the pipe ends the run quietly: data (P3)", shell, async () => {
  const { code, stdout, stderr } = await start(["--ending=flood"], '{ "$0" "$@"; echo "code $?" >&2; } | head -c 10')
    .ended();
  assertEquals([code, stdout, stderr], [0, "xxxxxxxxxx", "code 0\n"]);
});

Deno.test("a reader that closes the pipe ends the run quietly: the log (P3)", shell, async () => {
  const log = '{ "$0" "$@"; echo "code $?" >&2; } | true';
  const { stdout, stderr } = await start(["--role=server", "--ending=log"], log).ended();
  assertEquals([stdout, stderr], ["", "code 0\n"]);
});

Deno.test(
  "a full disk is a failure, for the data and for the log (P3)",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    for (const args of [["--ending=data"], ["--role=server", "--ending=log"]]) {
      const { code, stderr } = await start(args, '"$0" "$@" > /dev/full').ended();
      assertEquals(
        [code, stderr],
        [1, "[!] Cannot write to standard output: No space left on device\n"],
        args.join(" "),
      );
    }
  },
);

Deno.test("a client that is stopped exits with 128 plus the signal number (P1)", shell, async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    await using script = start(["--ending=wait"]);
    await script.until(/waiting/, "stderr");
    assertEquals(await script.stop(signal), { code, stdout: "", stderr: "[+] waiting\n[!] Exiting...\n" });
  }
});

Deno.test("--json reports a stop too (P1)", shell, async () => {
  await using script = start(["--ending=wait", "--json"]);
  await script.until(/waiting/);
  const { code, stdout, stderr } = await script.stop();
  assertEquals([code, stderr], [130, ""]);
  assertEquals(eventsIn(stdout).map(({ event }) => event), ["notice", "stopping", "ended"]);
});

Deno.test("a run can be ended from within", async () => {
  assertEquals((await run("--ending=request")).stderr, "[+] Done: the operator has left\n");
});

Deno.test("off a terminal, a script cannot ask questions or redirect the terminal", async () => {
  assertStringIncludes((await run("--ending=ask")).stderr, "Done: cannot ask");
  assertEquals((await run("--ending=screen")).stdout, "taken\n");
});

Deno.test(
  "on a terminal, a script can ask questions and redirect the terminal",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    const typed = (ending: string): string =>
      [Deno.execPath(), ...ARGS, `--ending=${ending}`].map((arg) => `'${arg}'`).join(" ");
    for (const [ending, shown] of [["ask", /Done: can ask\r\n$/], ["screen", /^$/]] as const) {
      const terminal = new Deno.Command("script", { args: ["-qec", typed(ending), "/dev/null"], stdin: "null" });
      const { code, stdout } = await terminal.output();
      assertEquals(code, 0);
      assertMatch(new TextDecoder().decode(stdout).replaceAll("^D\b\b", ""), shown);
    }
  },
);

Deno.test("helpText() shows every flag with its short form, value and default", { permissions: "none" }, () => {
  const flags = {
    ...bindFlags({ bind: "127.0.0.1", port: 12345 }),
    message: flag.text("what to send", { default: undefined, shown: "Hello!" }),
    mode: flag.choice("who speaks when", ["room", "turns"], { default: "room" }),
    ...admissionFlags,
    ...commonFlags,
  };
  const help = helpText({ name: "a:b", role: "server", summary: "s", example: { flags: "", does: "Does it." }, flags });
  for (
    const line of [
      "  -b, --bind ADDRESS            address to listen on; :: is IPv6 and IPv4 (default 127.0.0.1)",
      "  -p, --port PORT               port to listen on; 0 = any free one (default 12345)",
      "      --message TEXT            what to send (default Hello!)",
      "      --mode room|turns         who speaks when (default room)",
      "      --once                    serve one client, then exit",
      "      --max-connections N       maximum open connections; 0 = no limit (default 10000)",
      "      --allow CIDR              address or range that may connect; repeatable",
      "  -t, --timeout SECONDS         seconds to wait for the peer, connecting or idle; 0 = for ever (default 0)",
      "  -h, --help                    show this text",
      "Usage: deno task a:b [PORT | ADDRESS:PORT] [flags]",
      "  deno task a:b",
      "  Does it.",
    ]
  ) {
    assert(help.split("\n").includes(line), `${line}\n\n${help}`);
  }
  for (let code = 0; code <= 9; code++) assertMatch(help, new RegExp(`[ ·] ${code} [A-Za-z]`), String(code));
});

Deno.test("helpText() lists flags in groups, the script's own first", { permissions: "none" }, () => {
  const example = { flags: "", does: "Does it." };
  const flags = { ...commonFlags, message: flag.text("what to send", { default: "hi" }) };
  const help = helpText({ name: "a:b", role: "server", summary: "s", example, flags });
  const headings = help.split("\n").filter((line) => /^[A-Z].*:$/.test(line) && line !== "Exit codes:");
  assertEquals(headings, ["Flags:", "Showing the wire:", "Faults on purpose:", "Output and help:", "Example:"]);
  assertMatch(help, /\nFlags:\n.*--timeout .*\n.*--message .*\n\nShowing the wire:\n {6}--explain /);
});

Deno.test("helpText() describes the positional arguments", { permissions: "none" }, () => {
  const operands = { placeholder: "NAME...", help: "what to name" };
  const example = { flags: "x", does: "Does it." };
  const help = helpText({ name: "a:b", role: "server", summary: "s", example, flags: { ...commonFlags }, operands });
  assertStringIncludes(help, "\nUsage: deno task a:b [flags] NAME...\n\n  NAME...: what to name\n\nFlags:\n");
});
