/**
 * Paths as the user means them: from the folder in which the command was typed.
 *
 * @module
 */
import { ifPermitted } from "../permission.ts";

/** The project's folder, in which `deno task` starts every task. */
const PROJECT = import.meta.dirname?.replace(/[/\\]lib[/\\]script$/, "");

/**
 * A path on the command line, made absolute where the script does not run in the user's folder: `deno task` starts it in the project's,
 * and names the user's in `INIT_CWD`. Elsewhere that variable means nothing: npm sets it too.
 */
export function callersPath(path: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  const folder = callersFolder();
  return folder === Deno.cwd() ? path : `${folder.replace(/[/\\]$/, "")}/${path}`;
}

/** The folder in which the user typed the command. */
export function callersFolder(): string {
  const here = Deno.cwd();
  if (here !== PROJECT) return here;
  // Without --allow-env=INIT_CWD it was not started by its task.
  return ifPermitted(() => Deno.env.get("INIT_CWD")) ?? here;
}
