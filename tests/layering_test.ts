/** Who may import whom (see CONTRIBUTING.md), read from `deno info --json`. */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);
const FOLDERS = ["tcp", "udp", "http", "chat", "sum", "lab"];
const SCRIPTS = new Set(
  Object.values(config.tasks).flatMap(({ command }) => /deno run .* (\w+\/\w+\.ts)$/.exec(command)?.slice(1) ?? []),
);
/** Bytes or text in, values out: these may not even name `Deno`. */
const PURE = [
  "lib/addr.ts",
  "lib/errors.ts",
  "lib/text.ts",
  "lib/reader.ts",
  "lib/stats.ts",
  "lib/events.ts",
  "lib/roster.ts",
  "lib/memory.ts",
  "lib/answer_budget.ts",
  "lib/event_rate.ts",
  "lib/host_name.ts",
  "lib/pem.ts",
  "lib/certificate.ts",
  "lib/tls_failure.ts",
  "lib/common_name.ts",
  "lib/der.ts",
  "lib/fingerprint.ts",
  "sum/protocol.ts",
  "sum/json.ts",
  "sum/recent.ts",
  "udp/tally.ts",
  "chat/protocol.ts",
  "chat/room.ts",
  "http/message.ts",
  "chat/names.ts",
  "chat/name_keys.ts",
  "chat/name_book.ts",
  "chat/member.ts",
  "chat/bans.ts",
  "chat/moderator.ts",
  "chat/feed.ts",
  "chat/outbox.ts",
  "chat/laggards.ts",
  "chat/framer.ts",
  "chat/commands.ts",
  "chat/complete.ts",
  "chat/rate.ts",
  "chat/telnet.ts",
  "chat/transcript.ts",
  "chat/turns.ts",
  "chat/udp_reflex.ts",
  "http/framing.ts",
  "http/request_line.ts",
  "http/target.ts",
  "http/chunked.ts",
  "http/syntax.ts",
  "http/outbox.ts",
  "http/refusal.ts",
  "http/holding.ts",
  "http/hosts.ts",
  "http/form.ts",
  "http/json_text.ts",
];

interface Module {
  readonly file: string;
  readonly imports: readonly string[];
}

/** Every module of the project that the given files reach, with what each imports: paths from the root, or specifiers. */
async function modulesOf(files: readonly string[]): Promise<Module[]> {
  const found = new Map<string, Module>();
  const entries = await Promise.all(files.map(async (file) => {
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", file],
      cwd: ROOT,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  }));
  for (const { modules } of entries) {
    for (const { specifier, dependencies = [] } of modules) {
      if (!String(specifier).startsWith(ROOT.href) || specifier.endsWith(".d.ts")) continue;
      const file = specifier.slice(ROOT.href.length);
      const imports = dependencies.map((each: { specifier: string }) =>
        /^\.\.?\//.test(each.specifier)
          ? new URL(each.specifier, specifier).href.slice(ROOT.href.length)
          : each.specifier
      );
      found.set(file, { file, imports });
    }
  }
  return [...found.values()];
}

async function sourceFiles(folder: string): Promise<string[]> {
  const files = [];
  try {
    for await (const entry of Deno.readDir(new URL(`${folder}/`, ROOT))) {
      if (entry.isFile && /\.ts$/.test(entry.name) && !entry.name.endsWith(".d.ts")) {
        files.push(`${folder}/${entry.name}`);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort();
}

const folderOf = (file: string): string => file.includes("/") ? file.slice(0, file.indexOf("/")) : "";

Deno.test("imports go one way: @std <- lib <- folders <- lab, tests, bench", async () => {
  const files = (await Promise.all(["lib", ...FOLDERS].map(sourceFiles))).flat();
  const modules = await modulesOf(files);
  assert(files.every((file) => modules.some((module) => module.file === file)), "deno info saw every file");
  const broken: string[] = [];
  for (const { file, imports } of modules) {
    for (const imported of imports) {
      const from = folderOf(file);
      const to = folderOf(imported);
      const inFolder = FOLDERS.includes(to);
      if (from === "lib" && inFolder) broken.push(`${file} imports ${imported}: lib imports no folder`);
      if (inFolder && FOLDERS.includes(from) && from !== to) broken.push(`${file} imports ${imported}: another folder`);
      if (SCRIPTS.has(imported)) broken.push(`${file} imports ${imported}: only tests import a script`);
      if (imported.startsWith("@std/assert")) broken.push(`${file} imports ${imported}: for tests only`);
      if (imported.startsWith("@std/cli") && file !== "lib/flags.ts") {
        broken.push(`${file} imports ${imported}: lib/flags.ts does`);
      }
      if (/^(@peculiar|reflect-metadata)/.test(imported) && file !== "lib/certificate.ts") {
        broken.push(`${file} imports ${imported}: lib/certificate.ts does, when it is needed`);
      }
      if (/^(npm|jsr|https?):/.test(imported)) broken.push(`${file} imports ${imported}: map it in deno.json`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("pure files never name Deno, nor import a file that does", async () => {
  const present = (await Promise.all(["lib", ...FOLDERS].map(sourceFiles))).flat();
  const pure = PURE.filter((file) => present.includes(file));
  assert(pure.length >= 5, "the list names files that exist");
  for (const { file } of await modulesOf(pure)) {
    if (!file.endsWith(".ts")) continue;
    const source = await Deno.readTextFile(new URL(file, ROOT));
    const code = source.replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
    assert(!/\bDeno\./.test(code), `${file} names Deno`);
  }
});

Deno.test("only scripts read Deno.args or call Deno.exit, and only as the main module", async () => {
  const files = (await Promise.all(["lib", ...FOLDERS].map(sourceFiles))).flat();
  for (const file of files) {
    const source = await Deno.readTextFile(new URL(file, ROOT));
    const uses = source.split("\n").filter((line) => /Deno\.(args|exit\b)/.test(line) && !/^\s*(\*|\/\/)/.test(line));
    if (SCRIPTS.has(file)) {
      assertEquals(uses, ["if (import.meta.main) Deno.exit(await main(Deno.args));"], file);
    } else if (file !== "lib/stop.ts") {
      // lib/stop.ts is the second Ctrl-C: it ends the process on the spot.
      assertEquals(uses, [], file);
    }
  }
});

Deno.test("files keep to a length that one reads in a sitting", async () => {
  const files = (await Promise.all(["lib", ...FOLDERS].map(sourceFiles))).flat();
  const long: string[] = [];
  for (const file of files) {
    const lines = (await Deno.readTextFile(new URL(file, ROOT))).trimEnd().split("\n").length;
    if (lines > (SCRIPTS.has(file) ? 155 : 300)) long.push(`${file}: ${lines} lines`);
  }
  assertEquals(long, []);
});
