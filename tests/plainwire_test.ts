/** The command `plainwire`, as `deno task install` puts it on the PATH. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { argumentsOf, commandOf, entriesOf } from "../lab/tasks.ts";
import { type Ended, ENVIRONMENT, needs, POSIX, RunningScript } from "./support/script.ts";

const ROOT = new URL("../", import.meta.url);
/** A home without anything in it, and a folder that is not the project's. */
const home = Deno.makeTempDirSync({ prefix: "plainwire-home-" });
const empty = Deno.makeTempDirSync({ prefix: "plainwire empty " });
addEventListener("unload", () => {
  for (const folder of [home, empty]) Deno.removeSync(folder, { recursive: true });
});

/** A PATH without Deno, and one with it. */
const WITHOUT = home;
const WITH = `${home}/deno:/usr/bin:/bin`;
if (Deno.build.os !== "windows") {
  Deno.mkdirSync(`${home}/deno`);
  Deno.symlinkSync(Deno.execPath(), `${home}/deno/deno`);
}

/** Runs `deno task install` in the empty home, or for another folder. */
async function install(path: string, root = `${home}/.deno`): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "install"],
    cwd: ROOT,
    env: { ...ENVIRONMENT, HOME: home, USERPROFILE: home, DENO_INSTALL_ROOT: root, PATH: path },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out ?? "", stderr: err ?? "" };
}

function start(args: readonly string[], { stdin = false, cwd = empty } = {}): RunningScript {
  const process = new Deno.Command(`${home}/.deno/bin/plainwire`, {
    args: [...args],
    cwd,
    env: { ...ENVIRONMENT, HOME: home, PATH: WITH },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new RunningScript(process, stdin, "SIGTERM");
}

async function plainwire(...args: string[]): Promise<Ended> {
  return await start(args).ended();
}

if (Deno.build.os !== "windows") await install(WITH);

Deno.test("deno task install says where the command is, and how to put it on the PATH", POSIX, async () => {
  const { code, stdout } = await install(WITH);
  assertEquals(code, 0);
  assertStringIncludes(stdout, `[+] Installed ${home}/.deno/bin/plainwire\n`);
  assertStringIncludes(stdout, `  export PATH="${home}/.deno/bin:$PATH"\n`);
  // The shim starts the Deno on the PATH, and needs no copy of the project's packages.
  assertMatch(await Deno.readTextFile(`${home}/.deno/bin/plainwire`), /^exec deno run /m);
  const beside = [...Deno.readDirSync(`${home}/.deno/bin/.plainwire`)].map(({ name }) => name);
  assertEquals(beside, ["deno.json"]);
});

Deno.test("on the PATH already, nothing is to be added", POSIX, async () => {
  const { stdout } = await install(`${home}/.deno/bin:${WITH}`);
  assert(!stdout.includes("export PATH"), stdout);
});

Deno.test("without Deno on the machine, the command starts the one that installed it, or npx's", POSIX, async () => {
  try {
    assertEquals((await install(WITHOUT)).code, 0);
    const shim = await Deno.readTextFile(`${home}/.deno/bin/plainwire`);
    assertStringIncludes(shim, `exec '${Deno.execPath()}' run `);
    assertMatch(shim, new RegExp(`^exec npx --yes deno@${Deno.version.deno} run `, "m"));
    assertStringIncludes((await plainwire("--version")).stdout, `plainwire ${config.version}\n`);
  } finally {
    await install(WITH);
  }
});

Deno.test("plainwire offers every script, and no tool of the project's own", () => {
  const offered = entriesOf(config.tasks).map(({ task }) => task);
  for (const task of offered) assertMatch(commandOf(config.tasks, task), /^deno run --no-prompt .*\.ts$/);
  const others = Object.keys(config.tasks).filter((task) => !offered.includes(task));
  assertEquals(
    others.filter((task) =>
      !/^(install|test|coverage|bench|soak|fuzz|audit|make|check|ok|run|compile)(:|$)/.test(task)
    ),
    [],
  );
});

Deno.test("where the command cannot be written, install says so in one line", POSIX, async () => {
  await Deno.writeTextFile(`${home}/file`, "");
  assertEquals(await install(WITH, `${home}/file`), {
    code: 1,
    stdout: "",
    stderr: `[!] Cannot install plainwire: failed creating '${home}/file/bin/.plainwire': Not a directory; ` +
      "DENO_INSTALL_ROOT may name another folder\n",
  });
});

Deno.test("a folder's name needs no care, for the command and for the PATH", POSIX, async () => {
  const odd = `${home}/o'n $e, "two"`;
  const { stdout } = await install(WITH, odd);
  const [line = ""] = /^ +export .*$/m.exec(stdout) ?? [];
  const typed = new Deno.Command("sh", {
    args: ["-c", `${line}\nplainwire --version`],
    env: { ...ENVIRONMENT, HOME: home, PATH: WITH },
  });
  assertEquals(new TextDecoder().decode((await typed.output()).stdout), `plainwire ${config.version}\n`);
});

Deno.test("plainwire alone is a menu: a line for each script, on 80 columns", POSIX, async () => {
  const { code, stdout, stderr } = await plainwire();
  assertEquals([code, stderr], [0, ""]);
  for (const { task, description } of entriesOf(config.tasks)) {
    assertMatch(stdout, new RegExp(`^  ${task.replace(":", " ")}  +${RegExp.escape(description)}$`, "m"));
  }
  assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
  assertEquals((await plainwire("--help")).stdout, stdout);
});

Deno.test("deno task alone is one too: no entry's command is longer than a line", () => {
  for (const [name, { command, description }] of Object.entries(config.tasks)) {
    if (!/^(run|compile|test|coverage|bench|fuzz|make|ok|check)/.test(name)) {
      assert(command.length <= 120, `${name}: ${command}`);
    }
    assert(description.length > 0 && description.length <= 110, name);
  }
});

Deno.test("plainwire starts a script by two words or by its task's name, with an address", POSIX, async () => {
  await using server = start(["tcp", "server", "0"]);
  const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  for (
    const words of [["tcp", "client", `:${port}`], ["tcp:client", "127.0.0.1", port], [
      "tcp",
      "client",
      `localhost:${port}`,
    ]]
  ) {
    const { code, stdout } = await plainwire(...words, "--message", "Grüße aus der Ferne");
    assertEquals([code, stdout], [0, "Hello from server!\n"]);
  }
  await server.until(/Received from \S+: Grüße aus der Ferne\n/);
});

Deno.test(
  "a script has the permissions of its task, and no others",
  needs(Deno.build.os === "linux", "/proc, to see a child's command"),
  async () => {
    for (const task of ["tcp:basic-server", "udp:server", "chat:server"] as const) {
      await using server = start([task, "0"]);
      await server.until(/Listening on/);
      // `sh` reads it: reading in /proc takes --allow-all.
      const show = `cat "/proc/$(cat /proc/${server.pid}/task/${server.pid}/children | tr -d ' ')/cmdline"`;
      const { stdout } = await new Deno.Command("sh", { args: ["-c", show] }).output();
      const [, ...args] = new TextDecoder().decode(stdout).split("\0");
      const variables: Record<string, string> = { ...ENVIRONMENT, HOME: home, INIT_CWD: empty };
      const flags = argumentsOf(commandOf(config.tasks, task), (name) => variables[name]);
      const script = new URL(flags.pop() ?? "", ROOT).pathname;
      assertEquals(args, [...flags, script, "0", ""]);
    }
  },
);

Deno.test("a script runs in the caller's folder", POSIX, async () => {
  await Deno.writeTextFile(`${empty}/hello.txt`, "hello\n");
  await using server = start(["http", "server", "0", "--dir", "."]);
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  assertEquals(await (await fetch(`http://127.0.0.1:${port}/hello.txt`)).text(), "hello\n");
});

Deno.test("in the project's folder too, whatever INIT_CWD npm has left", POSIX, async () => {
  await using server = start(["http", "server", "0", "--dir", "lab"], { cwd: ROOT.pathname });
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  assertStringIncludes(await (await fetch(`http://127.0.0.1:${port}/tasks.ts`)).text(), "export function commandOf");
});

Deno.test("started by plainwire, a script names commands that its user has", POSIX, async () => {
  for (const [script, client] of [["tcp server", "tcp client"], ["udp server", "udp client"]] as const) {
    await using server = start([...script.split(" "), "0"]);
    const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    await server.until(new RegExp(`\\[\\+\\]   plainwire ${client} --host 127\\.0\\.0\\.1 --port ${port}\n`));
  }
  assertStringIncludes(
    (await plainwire("sum", "client", "--help")).stdout,
    "\nUsage: plainwire sum client [HOST PORT ",
  );
});

Deno.test("plainwire passes standard input on, and the script's exit code back", POSIX, async () => {
  await using echo = start(["tcp", "server", "0", "--echo"]);
  const [, port = ""] = await echo.until(/Listening on 127\.0\.0\.1:(\d+)/);
  await using client = start(["tcp", "client", `:${port}`, "--quiet"], { stdin: true });
  await client.type("through the pipe\n");
  assertEquals(await client.ended(), { code: 0, stdout: "through the pipe\n", stderr: "" });
  assertEquals((await plainwire("tcp", "client", "--port", "x")).code, 2);
  assertEquals((await plainwire("tcp", "client", "no-such-name.invalid", "9")).code, 3);
});

Deno.test("a signal to plainwire reaches the script, which ends as it always does", POSIX, async () => {
  for (
    const [signal, script, code] of [["SIGTERM", "server", 0], ["SIGINT", "server", 0], [
      "SIGHUP",
      "server",
      0,
    ]] as const
  ) {
    await using server = start(["tcp", script, "0"]);
    await server.until(/Listening on/);
    const ended = await server.stop(signal);
    assertEquals([ended.code, ended.stderr], [code, ""], signal);
    assertStringIncludes(ended.stdout, "[!] Exiting...\n");
  }
  await using silent = start(["tcp", "server", "0", "--discard"]);
  const [, port = ""] = await silent.until(/Listening on 127\.0\.0\.1:(\d+)/);
  await using client = start(["tcp", "client", `:${port}`, "--message", "x"]);
  await client.until(/Sent: x/, "stderr");
  assertEquals((await client.stop("SIGINT")).code, 130);
});

Deno.test("SIGALRM too, and no server stays behind", POSIX, async () => {
  await using server = start(["tcp", "server", "0"]);
  const [, port] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  assertEquals((await server.stop("SIGALRM")).code, 128 + 14);
  await assertRejects(() => Deno.connect({ port: Number(port) }), Deno.errors.ConnectionRefused);
});

Deno.test(
  "SIGTSTP suspends plainwire with its script, and SIGCONT resumes both",
  needs(Deno.build.os === "linux", "/proc, to see the state of a process"),
  async () => {
    await using server = start(["tcp", "server", "0"]);
    const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
    const states = `cd /proc/${server.pid}; cat stat "/proc/$(tr -d ' ' < task/${server.pid}/children)/stat"`;
    const suspended = async (): Promise<boolean> => {
      const { stdout } = await new Deno.Command("sh", { args: ["-c", states] }).output();
      return /^\d+ \(.*\) T .*\n\d+ \(.*\) T /.test(new TextDecoder().decode(stdout));
    };
    server.signal("SIGTSTP");
    try {
      const limit = AbortSignal.timeout(10_000);
      while (!await suspended()) limit.throwIfAborted();
    } finally {
      server.signal("SIGCONT");
    }
    assertEquals((await plainwire("tcp", "client", `:${port}`, "--message", "back?")).stdout, "Hello from server!\n");
    assertEquals((await server.stop("SIGTERM")).code, 0);
  },
);

Deno.test("plainwire says what it cannot run, and what there is", POSIX, async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await plainwire(...args);
    assertEquals([code, stdout], [2, ""]);
    return stderr;
  };
  assertEquals(
    await refused("ftp", "server"),
    '[!] Cannot run "ftp server": no such script; the nearest is tcp server\n',
  );
  assertEquals(await refused("gopher"), '[!] Cannot run "gopher": no such script; `plainwire` alone lists them\n');
  for (const words of [["tcp"], ["tcp", "9000"]]) {
    assertMatch(
      await refused(...words),
      /^\[!\] Cannot run "tcp[^"]*": no such script; there are .*\btcp server, tcp client\b.*\n$/,
    );
  }
  for (
    const [meant, ...words] of [
      ["tcp client", "TCP", "CLIENT"],
      ["tcp server", "tcp:serve", "9000"],
      ["tcp server", "tcpserver", "9000"],
      ["chat", "caht"],
      ["completion", "completoin", "bash"],
      ["demo", "help", "dmeo"],
    ] as const
  ) {
    assertMatch(await refused(...words), new RegExp(`: no such script; the nearest is ${meant}\n$`));
  }
  assertMatch(await refused("\x9b31m\u202e"), /^\[!\] Cannot run "\\x9b31m\\u202e": no such script/);
  assertEquals(await refused("completion"), '[!] Cannot complete for "": name your shell, bash, zsh or fish\n');
  assertEquals(
    await refused("completion", "ksh"),
    '[!] Cannot complete for "ksh": name your shell, bash, zsh or fish\n',
  );
});

Deno.test("plainwire itself takes no stray arguments", POSIX, async () => {
  for (
    const [before, arg, ...others] of [
      ["--version", "foo"],
      ["-V", ""],
      ["completion bash", "extra", "more"],
      ["completion zsh", "--help"],
    ] as const
  ) {
    const stderr = `[!] Cannot use the argument ${JSON.stringify(arg)}: nothing comes after ${before}\n`;
    assertEquals(await plainwire(...before.split(" "), arg, ...others), { code: 2, stdout: "", stderr });
  }
  const bogus = await plainwire("help", "bogus");
  assertEquals([bogus.code, bogus.stderr], [
    2,
    '[!] Cannot run "bogus": no such script; `plainwire` alone lists them\n',
  ]);
  assertEquals((await plainwire("help", "completion")).stdout, "Usage: plainwire completion bash|zsh|fish\n");
});

Deno.test("help takes a script's name, and a folder's, which lists its scripts", POSIX, async () => {
  const script = await plainwire("tcp", "server", "--help");
  assertStringIncludes(script.stdout, "\nUsage: plainwire tcp server [");
  assertEquals(await plainwire("help", "tcp", "server"), script);
  assertEquals(await plainwire("--help", "tcp:server"), script);
  const folder = await plainwire("tcp", "--help");
  assertEquals([folder.code, folder.stderr], [0, ""]);
  assertMatch(folder.stdout, /^Usage: plainwire tcp SCRIPT .*\n\n( {2}tcp \S+ .*\n)+$/);
  assertEquals(await plainwire("help", "tcp"), folder);
});

Deno.test("a basic program takes its port, and has a line of help", POSIX, async () => {
  for (const flag of ["--help", "-h", "--port"]) {
    const said = "tcp basic-server [PORT]: The textbook's TCP server, its mistakes admitted\n";
    assertEquals((await plainwire("tcp", "basic-server", flag)).stdout, said);
  }
  await using server = start(["tcp", "basic-server", "0"]);
  const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  assertEquals((await plainwire("tcp", "basic-client", port)).stdout, "Server says: Hello from server!\n");
  // Its worker's program is read from the project's folder.
  await using threaded = start(["http", "basic-threaded", "0"]);
  const [, page] = await threaded.until(/Listening on 127\.0\.0\.1:(\d+)/);
  assertStringIncludes(await (await fetch(`http://127.0.0.1:${page}/`)).text(), "<h1>");
});

Deno.test("a reader that leaves early ends plainwire quietly", POSIX, async () => {
  const process = new Deno.Command("sh", {
    args: ["-c", `"${home}/.deno/bin/plainwire" | head -n 1`],
    env: { ...ENVIRONMENT, PATH: WITH },
  });
  const { stdout, stderr } = await process.output();
  assertEquals(new TextDecoder().decode(stdout), `plainwire ${config.version}: network scripts that show their work\n`);
  assertEquals(new TextDecoder().decode(stderr), "");
});
