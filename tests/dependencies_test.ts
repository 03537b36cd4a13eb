/** `DEPENDENCIES.md` says what `deno.json`, `deno.lock` and the imports say; `deno task audit` never passes without an answer. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { sourceOf } from "./support/modules.ts";
import { rowsOf } from "./support/tables.ts";

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}
const lock = JSON.parse(await sourceOf("deno.lock")) as Lock;
const page = await sourceOf("DEPENDENCIES.md");
const ROOT = new URL("../", import.meta.url);

/** The name in `name@version`, and the version without what it was resolved with. */
function split(key: string): { name: string; version: string } {
  const [, name = "", version = ""] = /^(?:npm:\/?)?(@?[^@]+)@([^_/]+)/.exec(key) ?? [];
  return { name, version };
}

const direct = new Set(Object.keys(lock.specifiers).map((key) => split(key).name));
const keyOf = (name: string): string => Object.keys(lock.npm).find((key) => split(key).name === name) ?? name;

/** Compares a table with what it should say, row by row. */
function compare(told: readonly (readonly string[])[], expected: readonly (readonly string[])[]): void {
  const [rows, wanted] = [told, expected].map((each) => each.map((cells) => `| ${cells.join(" | ")} |`)) as [
    string[],
    string[],
  ];
  for (const row of wanted) assert(rows.includes(row), `DEPENDENCIES.md lacks the row: ${row}`);
  for (const row of rows) assert(wanted.includes(row), `DEPENDENCIES.md has a row too many: ${row}`);
  assertEquals(rows, [...rows].sort(), "in the order of their names");
}

/** Where each package is imported: the folder, or the file at the top. */
async function importers(): Promise<Map<string, Set<string>>> {
  const places = new Map<string, Set<string>>();
  const mapped = Object.entries(config.imports);
  for (const file of await everySource()) {
    for (const [, specifier = ""] of (await sourceOf(file)).matchAll(IMPORT)) {
      const target = mapped.find(([name]) => specifier === name || specifier.startsWith(name.replace(/\/?$/, "/")))
        ?.[1];
      const { name } = split(target ?? specifier);
      if (!direct.has(name)) continue;
      places.set(name, (places.get(name) ?? new Set()).add(`\`${file.split("/")[0]}\``));
    }
  }
  return places;
}

/** An import, not in a comment's example; or the package of a comment that names its types. */
const IMPORT = /(?:^(?:import|export|\}).*?|\bimport\(\s*|^\/\/ @ts-types=)"([^".][^"]*)"/gm;

async function everySource(folder = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (name.startsWith(".") || config.exclude.includes(name)) continue;
    if (isDirectory) files.push(...await everySource(`${folder}${name}/`));
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) files.push(`${folder}${name}`);
  }
  return files;
}

Deno.test("DEPENDENCIES.md has each package that is imported, its version, and the folders that import it", async () => {
  const places = await importers();
  const expected = [...direct].map((name) => [
    `\`${name}\``,
    split(keyOf(name)).version,
    [...places.get(name) ?? []].sort().join(", "),
  ]);
  compare(rowsOf(page, "used in").map(([name = "", version = "", , where = ""]) => [name, version, where]), expected);
});

Deno.test("every version in deno.json is an exact one", () => {
  for (const target of Object.values(config.imports)) assert(/@\d+\.\d+\.\d+(\/|$)/.test(target), target);
});

Deno.test("DEPENDENCIES.md has each package that comes along, its version, and what needs it", () => {
  const expected = Object.keys(lock.npm).filter((key) => !direct.has(split(key).name)).map((key) => {
    const needs = (dependency: string): boolean => dependency === key || dependency === split(key).name;
    const users = Object.entries(lock.npm).filter(([, { dependencies = [] }]) => dependencies.some(needs));
    const names = users.map(([user]) => `\`${split(user).name}\``).sort();
    return [`\`${split(key).name}\``, split(key).version, names.join(", ")];
  });
  compare(rowsOf(page, "needed by").map(([name = "", version = "", , by = ""]) => [name, version, by]), expected);
});

Deno.test("DEPENDENCIES.md names the licences that the packages state", async () => {
  const rows = [...rowsOf(page, "used in"), ...rowsOf(page, "needed by")];
  const packages = await cachedPackages();
  for (const [name = "", version = "", licence] of rows) {
    const path = `${packages}/${name.replaceAll("`", "")}/${version}/package.json`;
    const text = await Deno.readTextFile(path).catch(() => null);
    // Only what the tests have loaded is there: on a fresh machine the types may be missing.
    if (text !== null) assertEquals(licence, JSON.parse(text).license, `the licence of ${name} ${version}`);
  }
});

/** Where Deno keeps the packages of npm, below a folder that is named after the registry. */
async function cachedPackages(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const [registry] = await Array.fromAsync(Deno.readDir(npmCache));
  assert(registry !== undefined, `${npmCache} is empty`);
  return `${npmCache}/${registry.name}`;
}

Deno.test("DEPENDENCIES.md names the version of Deno that the README pins, and the programs that the check installs", async () => {
  const [, version = "none"] = /npx --yes deno@([\d.]+) task test/.exec(await sourceOf("README.md")) ?? [];
  assertStringIncludes(page, `[Deno](https://deno.com) ${version} (`);
  const [, packages = ""] = /^packages=\((.*)\)$/m.exec(await sourceOf(".ci/run")) ?? [];
  const [, list = ""] = /deno task test:interop` alone: ([^.]*)\./.exec(page.replaceAll("\n", " ")) ?? [];
  assertEquals(list.replaceAll(/[`,]/g, "").split(" ").sort(), packages.split(" ").sort());
});

/** A registry that answers the question for advisories. */
function registry(advisories: unknown): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.body?.cancel();
    return request.method === "POST" ? Response.json(advisories) : new Response("", { status: 404 });
  });
}

/**
 * Runs the audit against a registry; returns its exit code and everything that it prints. By a shell: `deno task` itself would ask that
 * registry for all packages first.
 */
async function audit(at: string): Promise<{ code: number; text: string }> {
  const path = `${Deno.execPath().replace(/[^/]+$/, "")}:${Deno.env.get("PATH")}`;
  const env = { PATH: path, NPM_CONFIG_REGISTRY: at, NO_COLOR: "1", NO_PROXY: "127.0.0.1" };
  const command = new Deno.Command("sh", { args: ["-c", config.tasks.audit.command], cwd: ROOT, env });
  const { code, stdout, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const SENTENCE = "[!] Not passed: a package is vulnerable, or the registry gave no answer";

Deno.test("the audit passes when the registry knows of nothing, and says what it could not look up", async () => {
  await using server = registry({});
  const { code, text } = await audit(`http://127.0.0.1:${server.addr.port}`);
  assertEquals(code, 0, text);
  assertStringIncludes(text, "No known vulnerabilities found");
  assertStringIncludes(text, "Unable to check updates for ");
});

Deno.test("the audit fails for a vulnerable package, also for one that another brought along", async () => {
  const info = { id: 1, url: "https://example.org/1", title: "Bad", severity: "high", vulnerable_versions: "<9.0.0" };
  await using server = registry({ tweetnacl: [{ ...info, cwe: [], cvss: { score: 7, vectorString: null } }] });
  const { code, text } = await audit(`http://127.0.0.1:${server.addr.port}`);
  assertEquals(code, 1, text);
  assertStringIncludes(text, "tweetnacl");
  assertStringIncludes(text, SENTENCE);
});

Deno.test("the audit fails, and says why, when the registry cannot be asked", async () => {
  // A port that was free a moment ago.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, text } = await audit(`http://127.0.0.1:${port}`);
  assertEquals(code, 1, text);
  assertStringIncludes(text, `http://127.0.0.1:${port}/`);
  assertStringIncludes(text, SENTENCE);
});
