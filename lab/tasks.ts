/**
 * The tasks of `deno.json`, where each script's permissions stand: what a task runs, as arguments for `deno`. Pure.
 *
 * It imports nothing, so that `plainwire.ts` starts without an import map.
 *
 * @module
 */

/** A task of `deno.json`. */
export interface Task {
  readonly description?: string;
  readonly command: string;
}

/** All tasks, by name. */
export type Tasks = Readonly<Record<string, Task>>;

/**
 * The command of a task, with the tasks that it builds on put in: `deno task -q OTHER …` becomes OTHER's command and what follows.
 *
 * @throws {Error} There is no such task.
 *
 * @example Usage
 * ```ts
 * import { commandOf } from "./tasks.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tasks = {
 *   "run:net": { command: "deno run --allow-net" },
 *   "time": { command: "deno task -q run:net time.ts" },
 * };
 * assertEquals(commandOf(tasks, "time"), "deno run --allow-net time.ts");
 * ```
 */
export function commandOf(tasks: Tasks, name: string): string {
  const task = tasks[name];
  if (task === undefined) throw new Error(`Cannot run the task ${name}: there is none`);
  const [, base, rest] = /^deno task -q (\S+) (.*)$/.exec(task.command) ?? [];
  return base === undefined ? task.command : `${commandOf(tasks, base)} ${rest}`;
}

/**
 * A task's command as the arguments after `deno`, split and expanded as the task's shell does it. A path with a comma is left out of a
 * permission: Deno splits the list there, and would grant two other paths.
 *
 * @param variable Looks up an environment variable; one that is not set expands to nothing.
 * @throws {Error} The command is more than one call of `deno`.
 */
export function argumentsOf(command: string, variable: (name: string) => string | undefined): string[] {
  const [program, ...args] = command.split(" ");
  if (program !== "deno" || /&&|[|;<>]/.test(command)) {
    throw new Error(`Cannot run "${command}": it is not one call of deno`);
  }
  const expand = (text: string): string =>
    text.replaceAll('"', "").replace(/\$(\w+)/g, (_, name) => variable(name) ?? "");
  return args.flatMap((arg) => {
    const [, permission, list] = /^(--(?:allow|deny)-\w+=)(.*)$/.exec(arg) ?? [];
    if (permission === undefined || list === undefined) return [expand(arg)];
    const granted = list.split(",").map(expand).filter((value) => !value.includes(","));
    return granted.length > 0 ? [permission + granted.join(",")] : [];
  });
}

/** A script that `plainwire` offers. */
export interface Entry {
  /** Its task: `tcp:server`. */
  readonly task: string;
  readonly description: string;
}

/** The scripts among the tasks, in the order of `deno.json`: those of the folders, and the demo. */
export function entriesOf(tasks: Tasks): Entry[] {
  return Object.entries(tasks)
    .filter(([task]) => /^(demo$|(tcp|udp|http|chat|sum|tls|wire|lab):)/.test(task))
    .map(([task, { description = "" }]) => ({ task, description }));
}
