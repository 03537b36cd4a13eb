/** The import rules of CONTRIBUTING.md, checked with `deno info --json`. */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { commandOf } from "../lab/tasks.ts";
import { factsOf, isBasic, modulesOf, sourceFiles, sourceOf } from "./support/modules.ts";

const FOLDERS = ["tcp", "udp", "http", "chat", "sum", "lab"];
const SCRIPTS = new Set(
  Object.keys(config.tasks).flatMap((task) =>
    /^deno run .* (\w+\/\w+\.ts)$/.exec(commandOf(config.tasks, task))?.slice(1) ?? []
  ),
);
/** Matches a file whose header says that it is pure: bytes or text in, values out. */
const PURE = /^\/\*\*(?:(?!\*\/)[^])*\bPure\b/;

const files = await sourceFiles("lib", ...FOLDERS);
/** The code of a file without its comments. */
const codeOf = async (file: string): Promise<string> =>
  (await sourceOf(file)).replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");

/**
 * The wings of each folder, from the lowest rank to the highest; wings of one rank share an array. A file imports its own wing and lower
 * ranks. `scripts` are the scripts in the folder itself, "" its other files. A wing may have wings of its own.
 */
const WINGS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  lib: [[""], ["net", "console"], ["tls", "datagram", "wire", "faults"], ["stream"], ["script"]],
  http: [["request"], ["websocket"], ["answer"], ["site"], ["serve"], ["threads"], [""], ["scripts"]],
  chat: [[""], ["room"], ["transport", "shared"], ["turns"], ["scripts"]],
  "chat/shared": [["broker"], ["lines", "others"], [""]],
  lab: [["checks", "relay"], [""], ["replay", "compare", "soak"], ["scripts"]],
};
/** A folder without wings. */
const FLAT = [[""], ["scripts"]];
/** What a pure file may take from the runtime: it computes, and touches nothing. */
const PURE_MODULES = ["node:crypto", "node:net", "node:url"];

/** The one exception between folders: a chat in a browser is an HTTP application. */
const isForWebChat = (file: string, imported: string): boolean =>
  file.startsWith("chat/transport/") && /^http\/(request\/|answer\/|websocket\.ts$)/.test(imported);

/** A file's wing of a folder: its subfolder there (with all that is in it), "scripts", or "". */
function wingOf(file: string, folder = folderOf(file)): string {
  if (file === "http/websocket.ts") return "websocket";
  return SCRIPTS.has(file) ? "scripts" : file.slice(folder.length + 1).split("/").slice(0, -1)[0] ?? "";
}

const folderOf = (file: string): string => file.includes("/") ? file.slice(0, file.indexOf("/")) : "";

Deno.test("imports go one way: @std <- lib <- folders <- lab, tests, bench", async () => {
  const modules = await modulesOf(files);
  assertEquals(
    files.filter((file) => !modules.some((module) => module.file === file)),
    [],
    "deno info reports every file",
  );
  const broken: string[] = [];
  for (const { file, imports } of modules) {
    for (const imported of imports) {
      const from = folderOf(file);
      const to = folderOf(imported);
      const inFolder = FOLDERS.includes(to);
      if (from === "lib" && /\.ts$/.test(imported) && !/^(lib\/|node:|@)/.test(imported)) {
        broken.push(`${file} imports ${imported}: lib imports no other folder`);
      }
      if (inFolder && FOLDERS.includes(from) && from !== to && !isForWebChat(file, imported)) {
        broken.push(`${file} imports ${imported}: folders never import each other`);
      }
      if (SCRIPTS.has(imported)) broken.push(`${file} imports ${imported}: only tests may import a script`);
      if (imported.startsWith("@std/assert")) broken.push(`${file} imports ${imported}: only tests may`);
      if (imported.startsWith("@nats-io/") && !file.startsWith("chat/shared/")) {
        broken.push(`${file} imports ${imported}: only chat/shared/ may, on demand`);
      }
      if (imported.startsWith("@std/cli") && file !== "lib/script/flags.ts") {
        broken.push(`${file} imports ${imported}: only lib/script/flags.ts may`);
      }
      if (/^(@peculiar|reflect-metadata)/.test(imported) && file !== "lib/tls/certificate.ts") {
        broken.push(`${file} imports ${imported}: only lib/tls/certificate.ts may, on demand`);
      }
      if (imported === "node:tls" && !file.startsWith("lib/tls/")) {
        broken.push(`${file} imports ${imported}: only lib/tls/ may`);
      }
      if (/^(npm|jsr|https?):/.test(imported)) broken.push(`${file} imports ${imported}: map it in deno.json`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("the map of chat/shared/ has every file", async () => {
  const map = await sourceOf("chat/shared/README.md");
  const missing = files.filter((file) => file.startsWith("chat/shared/"))
    .filter((file) => !map.includes(`(${file.slice("chat/shared/".length)})`));
  assertEquals(missing, []);
});

Deno.test("a basic program imports nothing at all", async () => {
  const modules = await modulesOf(files.filter(isBasic));
  assert(modules.length > 0);
  assertEquals(modules.filter(({ imports }) => imports.length > 0), []);
});

Deno.test("a wing imports lower ranks only", async () => {
  const broken: string[] = [];
  for (const { file, imports } of await modulesOf(files)) {
    const { computesImports, urls } = await factsOf(file);
    if (computesImports) broken.push(`${file} imports a module that it computes`);
    broken.push(
      ...urls.filter((url) => ![folderOf(file), "lib"].includes(folderOf(url))).map((url) => `${file} names ${url}`),
    );
    const nested = Object.keys(WINGS).filter((folder) => folder.includes("/") && file.startsWith(`${folder}/`));
    for (const folder of [folderOf(file), ...nested]) {
      const wings = WINGS[folder] ?? FLAT;
      const rankOf = (path: string): number => wings.findIndex((names) => names.includes(wingOf(path, folder)));
      if (rankOf(file) < 0) broken.push(`${file} is in no known wing`);
      for (const imported of [...imports, ...urls].filter((path) => path.startsWith(`${folder}/`))) {
        const isOwn = wingOf(imported, folder) === wingOf(file, folder);
        if (!isOwn && rankOf(imported) >= rankOf(file)) broken.push(`${file} imports ${imported}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("pure files never name Deno and never import a file that does", async () => {
  const pure: string[] = [];
  for (const file of files) if (PURE.test(await sourceOf(file))) pure.push(file);
  const broken: string[] = [];
  for (const { file, imports } of await modulesOf(pure)) {
    if (!file.endsWith(".ts")) continue;
    if ((await factsOf(file)).namesDeno) broken.push(file);
    const others = imports.filter((path) => path.startsWith("node:") && !PURE_MODULES.includes(path));
    broken.push(...others.map((path) => `${file} imports ${path}`));
  }
  assertEquals(broken, []);
  assert(pure.includes("lib/text.ts"), "finds the word in a header");
});

Deno.test("chat/room/ uses no sockets, and only the inspector uses Deno.serve", async () => {
  const broken: string[] = [];
  for (const { file, imports } of await modulesOf(files)) {
    const code = file.endsWith(".ts") ? await codeOf(file) : "";
    if (/\bDeno\.serve\b/.test(code) && file !== "lib/wire/inspect.ts") broken.push(`${file}: Deno.serve`);
    if (!file.startsWith("chat/room/")) continue;
    if ((await factsOf(file)).namesDeno) broken.push(`${file}: Deno`);
    broken.push(
      ...imports.filter((path) => /^(lib\/(net|stream|datagram|tls)\/|node:)/.test(path)).map((path) =>
        `${file}: ${path}`
      ),
    );
  }
  assertEquals(broken, []);
});

Deno.test("only scripts read Deno.args or call Deno.exit, and only as the main module", async () => {
  // A basic program is nothing but the main module.
  for (const file of files.filter((file) => !isBasic(file))) {
    const uses = (await codeOf(file)).split("\n").filter((line) => /Deno\.(args|exit\b)/.test(line));
    if (SCRIPTS.has(file)) {
      assertEquals(uses, ["if (import.meta.main) Deno.exit(await main(Deno.args));"], file);
    } else if (file !== "lib/console/stop.ts") {
      // lib/console/stop.ts ends the process at the second Ctrl-C.
      assertEquals(uses, [], file);
    }
  }
});

/** The most lines of a basic program, of another script, of another file, and of a function. */
const [BASIC_LINES, SCRIPT_LINES, FILE_LINES, FUNCTION_LINES] = [45, 150, 295, 46];

Deno.test("files are short enough to read in one sitting", async () => {
  const long: string[] = [];
  for (const file of files) {
    const lines = (await sourceOf(file)).trimEnd().split("\n").length;
    const most = isBasic(file) ? BASIC_LINES : SCRIPTS.has(file) ? SCRIPT_LINES : FILE_LINES;
    if (lines > most) long.push(`${file}: ${lines} lines`);
  }
  assertEquals(long, []);
});

Deno.test("functions are short enough to take in at once", async () => {
  const long: string[] = [];
  const measure = (context: Deno.lint.RuleContext) => (node: Deno.lint.Node) => {
    const lines = context.sourceCode.text.slice(...node.range).split("\n").length;
    if (lines > FUNCTION_LINES) long.push(`${context.filename}: a function of ${lines} lines`);
  };
  const create = (context: Deno.lint.RuleContext): Deno.lint.LintVisitor => ({
    FunctionDeclaration: measure(context),
    FunctionExpression: measure(context),
    ArrowFunctionExpression: measure(context),
  });
  for (const file of files) {
    Deno.lint.runPlugin({ name: "lengths", rules: { functions: { create } } }, file, await sourceOf(file));
  }
  assertEquals(long, []);
});
