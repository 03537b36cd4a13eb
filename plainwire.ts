/**
 * plainwire starts the scripts from any folder: the one command that `deno task install` puts on the PATH.
 *
 * ```sh
 * deno task install
 * plainwire
 * ```
 *
 * Try it:
 *
 * ```
 * $ plainwire tcp server 9000                  $ plainwire tcp client :9000 --message Grüße
 * [+] Listening on 127.0.0.1:9000              …
 * …                                            Hello from server!
 * ```
 *
 * Each script runs as a child with the permissions of its task in `deno.json`, in the caller's folder, with its streams.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- it prints a menu, and must start without an import map (see lab/install.ts)
import config from "./deno.json" with { type: "json" };
import { runScript, scriptCommand } from "./lab/child.ts";
import { completion, isShell, type ScriptHelp, SHELLS } from "./lab/completion.ts";
import { nearest } from "./lab/nearest.ts";
import { entriesOf, type Entry } from "./lab/tasks.ts";
import { escapeControls } from "./lib/text.ts";

const ENTRIES = entriesOf(config.tasks);

const HELP = ["help", "--help", "-h"];

/** Runs `plainwire`; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first = "", second = "", ...others] = args;
  if (first === "" || HELP.includes(first)) return await help(args.slice(1));
  if (["--version", "-V"].includes(first)) {
    return args.length > 1 ? stray(second, first) : show(`plainwire ${config.version}`);
  }
  if (first === "completion") {
    if (!isShell(second)) return noShell(second);
    const [other] = others;
    return other === undefined ? show(completion(second, await helps())) : stray(other, `completion ${second}`);
  }
  // `tcp:server …`, or `tcp server …`.
  for (const [task, rest] of [[first, args.slice(1)], [`${first}:${second}`, others]] as const) {
    const entry = ENTRIES.find((entry) => entry.task === task);
    if (entry === undefined) continue;
    // The basic programs take a port, and nothing else.
    if (isBasic(task) && rest.some((arg) => arg.startsWith("-"))) {
      return show(`${words(task)} [PORT]: ${entry.description}`);
    }
    return await runScript(task, rest);
  }
  const scripts = scriptsOf(first);
  if (scripts.length === 0 || !HELP.includes(second) || others.length > 0) return noScript(first, second);
  return show(`Usage: plainwire ${first} SCRIPT [ADDRESS] [flags]\n\n${rows(scripts)}`);
}

/** `plainwire help tcp server` is `plainwire tcp server --help`. */
async function help([name, ...others]: readonly string[]): Promise<number> {
  if (name === undefined || HELP.includes(name)) return show(menu());
  if (name === "completion") return show(`Usage: plainwire completion ${SHELLS.join("|")}`);
  const isFolder = others.length === 0 && scriptsOf(name).length > 0;
  const isScript = ENTRIES.some(({ task }) => task === [name, ...others].join(":"));
  return isFolder || isScript ? await main([name, ...others, "--help"]) : noScript(name, others.join(" "));
}

/** The scripts of a folder. */
function scriptsOf(folder: string): Entry[] {
  return ENTRIES.filter(({ task }) => task.startsWith(`${folder}:`));
}

/** What each script says of itself with `--help --json`; the demo and the basic programs have no such flags. */
async function helps(): Promise<ScriptHelp[]> {
  return await Promise.all(ENTRIES.map(async ({ task, description }) => {
    if (!task.includes(":") || isBasic(task)) return { name: task, summary: description, flags: [] };
    const { stdout } = await scriptCommand(task, ["--help", "--json"], "piped").output();
    return JSON.parse(new TextDecoder().decode(stdout)) as ScriptHelp;
  }));
}

function isBasic(task: string): boolean {
  return task.includes(":basic-");
}

/** A script's name as people type it. */
function words(task: string): string {
  return task.replace(":", " ");
}

function menu(): string {
  return `plainwire ${config.version}: network scripts that show their work

Usage: plainwire SCRIPT [ADDRESS] [flags]

${rows(ENTRIES.filter(({ task }) => !isBasic(task)))}

The textbook's programs, one page each; their one argument is the port:

${rows(ENTRIES.filter(({ task }) => isBasic(task)))}

A server takes PORT or ADDRESS:PORT, a client HOST PORT, HOST:PORT or :PORT.
  plainwire tcp server 9000 --echo
  plainwire tcp client :9000 --message hello

plainwire SCRIPT --help lists its flags; plainwire completion ${SHELLS.join("|")}
prints what your shell needs to complete them.`;
}

/** A line for each script. */
function rows(entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ task }) => task.length)) + 2;
  return entries.map(({ task, description }) => `  ${words(task).padEnd(width)}${description}`).join("\n");
}

function show(text: string): number {
  console.log(text);
  return 0;
}

function noScript(first: string, second: string): number {
  const typed = `${first} ${second}`.trim();
  const scripts = ENTRIES.map(({ task }) => words(task));
  const names = [...new Set(ENTRIES.map(({ task }) => task.replace(/:.*/, ""))), "completion", "help", ...scripts];
  const meant = nearest(words(typed), scripts) ?? (scriptsOf(first).length > 0 ? null : nearest(words(first), names));
  const known = scriptsOf(first.replace(/:.*/, "")).map(({ task }) => words(task)).join(", ");
  const advice = meant !== null
    ? `the nearest is ${meant}`
    : known !== ""
    ? `there are ${known}`
    : "`plainwire` alone lists them";
  return misuse(`Cannot run ${JSON.stringify(typed)}: no such script; ${advice}`);
}

function stray(arg: string, before: string): number {
  return misuse(`Cannot use the argument ${JSON.stringify(arg)}: nothing comes after ${before}`);
}

function noShell(name: string): number {
  return misuse(
    `Cannot complete for ${JSON.stringify(name)}: name your shell, ${SHELLS.join(", ").replace(/, (?=\w+$)/, " or ")}`,
  );
}

function misuse(message: string): number {
  console.error(`[!] ${escapeControls(message)}`);
  return 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
