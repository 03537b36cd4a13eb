/** Each script's header, task and README row agree; each script prints its help and rejects unknown flags and arguments. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { isBasic, sourceFiles, sourceOf } from "./support/modules.ts";
import { commandOf } from "../lab/tasks.ts";
import { run, type TaskName } from "./support/script.ts";

const ROOT = new URL("../", import.meta.url);
const tasks = Object.keys(config.tasks).flatMap((name) => {
  const command = commandOf(config.tasks, name);
  const [, flags, file] = /^deno run (.*) ((?:tcp|udp|http|chat|sum|lab)\/(?!install)\w+\.ts)$/.exec(command) ?? [];
  return flags === undefined || file === undefined || name.startsWith("make:")
    ? []
    : [{ name: name as TaskName, command, flags, file }];
});

const basics = tasks.filter(({ file }) => isBasic(file));
const scripts = tasks.filter(({ file }) => !isBasic(file));

/** The scripts that take positional arguments, and those in their run lines. */
const OPERANDS: ReadonlyMap<string, string> = new Map([
  ["tls:cert", " localhost"],
  ["wire:show", " FILE"],
  ["wire:replay", " hello.pcapng localhost 8080"],
  ["lab:check", " tcp localhost 12345"],
]);

/** The scripts that show others at work: no textbook has them, and they have no binary, which could not find what they start either. */
const SHOWS: ReadonlySet<string> = new Set(["chat:nats", "soak"]);

/** The scripts whose addresses are flags of their own, and those in their run lines. */
const REQUIRED: ReadonlyMap<string, string> = new Map([["lab:relay", " --listen tcp:9000 --to localhost:8080"]]);

Deno.test("every script has a task", async () => {
  const programs: string[] = [];
  for (const file of await sourceFiles("tcp", "udp", "http", "chat", "sum", "lab")) {
    if (["lab/install.ts", "lab/picture.ts", "lab/pictures.ts"].includes(file)) continue;
    if (isBasic(file) || /^if \(import\.meta\.main\) Deno\.exit\(/m.test(await sourceOf(file))) programs.push(file);
  }
  assertEquals(tasks.map(({ file }) => file).sort(), programs.sort());
});

Deno.test("the README's links point to files", async () => {
  const text = await Deno.readTextFile(new URL("README.md", ROOT));
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path ?? "");
  assert(links.length > 20);
  for (const path of links) assert((await Deno.stat(new URL(path, ROOT))).isFile, path);
});

Deno.test("the README's table of patterns names what stands in each file", async () => {
  const text = await Deno.readTextFile(new URL("README.md", ROOT));
  const places = [...text.matchAll(/`(\w+)` in \[[^\]]+\]\(([^)]+)\)/g)];
  assert(places.length > 20);
  for (const [, name = "", file = ""] of places) {
    assertMatch(await sourceOf(file), new RegExp(`^export (async )?(class|function|interface) ${name}\\b`, "m"), file);
  }
});

/** A script's header: what it is, in one sentence with its name; how it is run; something to try. */
async function checkHeader({ name, command, file }: typeof tasks[number]): Promise<void> {
  const source = await sourceOf(file);
  const header = source.slice(0, source.indexOf("*/"));
  assertMatch(header, new RegExp(`^/\\*\\*\n \\* ${name} [^]+?\\.\n \\*\n`));
  const operands = OPERANDS.get(name) ?? REQUIRED.get(name) ?? "";
  assertStringIncludes(header, `\n * deno task ${name}${operands}\n`);
  assertStringIncludes(header, `\n * ${command}${operands}\n`);
  assertStringIncludes(header, "Try it");
}

Deno.test("beside every script of a student's folders stands a basic program", () => {
  const beside = scripts.filter(({ name, file }) => !SHOWS.has(name) && !file.startsWith("lab/")).map(({ file }) =>
    file.replace("/", "/basic_")
  );
  // There is no http/client.ts: a browser is one.
  assertEquals(basics.map(({ file }) => file).sort(), [...beside, "http/basic_client.ts"].sort());
});

for (const task of basics) {
  const { name, flags, file } = task;
  Deno.test(`${name}: header, task and README agree, and loopback is all it may touch`, async () => {
    await checkHeader(task);
    // A worker's program is read when the worker starts.
    const worker = (await sourceOf(file)).includes("new Worker(import.meta.url") ? ` --allow-read=${file}` : "";
    assertEquals(flags, `--no-prompt --allow-net=127.0.0.1${worker}`);
    const readme = await Deno.readTextFile(new URL("README.md", ROOT));
    assertStringIncludes(readme, `[\`${name}\`](${file})`);
    assertEquals(Object.keys(config.tasks).filter((other) => other.includes(`compile:${name}`)), []);
  });
}

Deno.test("http:basic-threaded differs from http:basic-server by a few lines", async () => {
  const linesOf = async (file: string): Promise<string[]> => {
    const code = (await sourceOf(file)).replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
    return code.split("\n").filter((line) => line.trim() !== "");
  };
  const [one, four] = [await linesOf("http/basic_server.ts"), await linesOf("http/basic_threaded.ts")];
  const differing = [...one.filter((line) => !four.includes(line)), ...four.filter((line) => !one.includes(line))];
  assert(differing.length <= 10, differing.join("\n"));
});

/** The scripts with which each kind of misuse is tried. */
const THOROUGH: ReadonlySet<string> = new Set(["tcp:server", "udp:client", "lab:relay"]);

/** Arguments that are misuse of a script, and what its one line says of each. */
function misuses(
  { name, flags }: { name: TaskName; flags: string },
): [Misuse, ...Misuse[]] {
  const address: readonly Misuse[] = REQUIRED.has(name)
    ? [
      [["--liste", "9"], "--liste: no such flag; the nearest is --listen"],
      [["--listen"], "--listen: it needs a value"],
      [["--listen", "65536"], '--listen "65536": its port: it must be a whole number from'],
    ]
    : /--allow-net( |$)/.test(flags)
    ? [
      [["--prot", "9"], "--prot: no such flag; the nearest is --port"],
      [["--port"], "--port: it needs a value"],
      [["--port", "65536"], '--port "65536": it must be a whole number from'],
    ]
    : [];
  return [
    [["--timeuot", "9"], "--timeuot: no such flag; the nearest is --timeout"],
    [["--timeout"], "--timeout: it needs a value"],
    [["--timeout", "-1"], '--timeout "-1"'],
    ...address,
    ...(OPERANDS.has(name) ? [] : [[["stray"], 'the argument "stray"'] as const]),
  ];
}

type Misuse = readonly [args: readonly string[], said: string];

for (const task of scripts) {
  const { name, flags, file } = task;
  Deno.test(`${name}: header, task, help and README row agree`, async () => {
    await checkHeader(task);

    assert(flags.startsWith("--no-prompt "), "a permission prompt would only confuse");
    assert(!/--allow-all|-A\b|--allow-(env|run|sys)( |$)/.test(flags), "no permission without limits");
    // Files named on the command line may be anywhere: a certificate, a key, a folder to serve.
    assertEquals(/--allow-read( |$|=)/.test(flags), !/udp|lab:compare|lab:relay|chat:nats|soak/.test(name), flags);
    // Only tls:cert writes to a folder named on the command line.
    assertEquals(/--allow-write( |$)/.test(flags), name === "tls:cert", flags);

    const readme = await Deno.readTextFile(new URL("README.md", ROOT));
    const rows = readme.split("\n").filter((line) => line.split("|")[1]?.trim() === `\`${name}\``);
    assertEquals(rows.length, 1, "one row of the README's table");
    assertStringIncludes(rows[0] ?? "", `](${file})`);

    const compile = SHOWS.has(name) ? "" : commandOf(config.tasks, `compile:${name}`)
      // The compiler follows imports only, so the worker's file has to be named.
      .replace(" --include http/threads/worker.ts", "")
      // A binary has no task that tells it the caller's folder.
      .replace('--allow-write=".,', '--allow-write="$INIT_CWD,');
    if (!SHOWS.has(name)) {
      assertEquals(compile, `deno compile ${flags} --output bin/${name.replaceAll(":", "-")} ${file}`);
    }

    const help = await run(name, ["--help"]);
    assertEquals({ code: help.code, stderr: help.stderr }, { code: 0, stderr: "" });
    assertMatch(
      help.stdout,
      new RegExp(
        `^${name}: .+\n\nUsage: deno task ${name} (\\[flags\\]( NAME\\.\\.\\.| FILE.*| tcp\\|.*)?|(\\[.*PORT\\]|--.*PORT) \\[flags\\])\n`,
      ),
    );
    for (const part of ["--help", "--timeout", "--json", "--quiet", "Example:", "Exit codes:", "(default "]) {
      assertStringIncludes(help.stdout, part);
    }
    const example = /Example:\n {2}deno task (\S+)/.exec(help.stdout);
    assertEquals(example?.[1], name);
  });

  Deno.test(`${name}: --version, and misuse in one line with exit 2 (P4)`, async () => {
    assertEquals(await run(name, ["-V"]), { code: 0, stdout: `plainwire ${config.version}\n`, stderr: "" });
    const cases = misuses({ name, flags });
    // One parser reads all tables: what it finds is tried with a few scripts, that it is asked with each.
    for (const [args, said] of THOROUGH.has(name) ? cases : [cases[0], ...cases.slice(-2)]) {
      const { code, stdout, stderr } = await run(name, args);
      assertEquals({ code, stdout }, { code: 2, stdout: "" });
      assertMatch(stderr, /^\[!\] Cannot use [^\n]+\n$/);
      assertStringIncludes(stderr, said);
    }
  });
}
