/**
 * The project's source files and what they import.
 *
 * @module
 */
const ROOT = new URL("../../", import.meta.url);

/** A source file and its imports: paths from the root, or specifiers. */
export interface Module {
  readonly file: string;
  readonly imports: readonly string[];
  /** Those of them that are loaded only when the code gets there. */
  readonly deferred: readonly string[];
  /** Those that are loaded with it: neither types nor deferred. */
  readonly loaded: readonly string[];
}

/** The text of a file, by its path from the root. */
export function sourceOf(file: string): Promise<string> {
  return Deno.readTextFile(new URL(file, ROOT));
}

/** Tells a basic program: a script of one page that stands on the platform alone. */
export function isBasic(file: string): boolean {
  return /\/basic_\w+\.ts$/.test(file);
}

/** Every source file in these folders and their subfolders, sorted; a missing folder has none. */
export async function sourceFiles(...folders: string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    try {
      for await (const { name, isFile, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
        if (isDirectory) files.push(...await sourceFiles(`${folder}/${name}`));
        else if (isFile && name.endsWith(".ts") && !name.endsWith(".d.ts")) files.push(`${folder}/${name}`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files.sort();
}

/** These files and every module of the project that they import, directly or not, as `deno info` reports them. */
export async function modulesOf(files: readonly string[]): Promise<Module[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(new URL(file, ROOT).href)};`);
    await Deno.writeTextFile(entry, lines.join("\n"));
    const config = new URL("deno.json", ROOT).pathname;
    const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", "--config", config, entry] });
    const { stdout, stderr, success } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Info[] };
    return modules.filter(({ specifier }) => inProject(specifier)).map(({ specifier, dependencies = [] }) => ({
      file: specifier.slice(ROOT.href.length),
      imports: dependencies.map((each) => pathOf(each.specifier, specifier)),
      deferred: dependencies.filter((each) => each.isDynamic).map((each) => pathOf(each.specifier, specifier)),
      loaded: dependencies.filter((each) => each.code !== undefined && !each.isDynamic)
        .map((each) => pathOf(each.specifier, specifier)),
    }));
  } finally {
    await Deno.remove(entry);
  }
}

interface Info {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly isDynamic?: boolean;
    readonly code?: unknown;
  }[];
}

/** What a module imports, as a path from the root if it is the project's. */
function pathOf(specifier: string, from: string): string {
  const { href } = /^\.\.?\//.test(specifier) ? new URL(specifier, from) : { href: specifier };
  return href.startsWith(ROOT.href) ? href.slice(ROOT.href.length) : href;
}

function inProject(specifier: string): boolean {
  return specifier.startsWith(ROOT.href) && !specifier.endsWith(".d.ts");
}

/** What a file's syntax tree shows. */
export interface Facts {
  /** Whether it names `Deno`, in whatever way. */
  readonly namesDeno: boolean;
  /** Whether it imports a module whose name is computed, so that no check can see it. */
  readonly computesImports: boolean;
  /** The source files that it names by `new URL("./file.ts", …)`, from the root. */
  readonly urls: readonly string[];
}

/** Reads the facts of a file; comments and strings are no code. */
export async function factsOf(file: string): Promise<Facts> {
  let [namesDeno, computesImports] = [false, false];
  const urls: string[] = [];
  const visitor: Deno.lint.LintVisitor = {
    Identifier: ({ name }) => {
      namesDeno ||= name === "Deno";
    },
    MemberExpression: ({ property }) => {
      namesDeno ||= property.type === "Literal" && property.value === "Deno";
    },
    ImportExpression: ({ source }) => {
      computesImports ||= source.type !== "Literal";
    },
    NewExpression: ({ callee, arguments: [first] }) => {
      if (callee.type !== "Identifier" || callee.name !== "URL" || first?.type !== "Literal") return;
      if (!String(first.value).endsWith(".ts")) return;
      urls.push(new URL(String(first.value), `file:///${file}`).pathname.slice(1));
    },
  };
  const plugin: Deno.lint.Plugin = { name: "facts", rules: { facts: { create: () => visitor } } };
  if (file.endsWith(".ts")) Deno.lint.runPlugin(plugin, file, await sourceOf(file));
  return { namesDeno, computesImports, urls };
}
