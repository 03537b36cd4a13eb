/**
 * Runs a script as a child of `plainwire`, with the permissions of its task.
 *
 * It needs no import map, so that `plainwire.ts` starts without one.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { argumentsOf, commandOf } from "./tasks.ts";

/** The project's folder. */
const ROOT = import.meta.dirname?.replace(/[/\\]lab$/, "");
/** Signals that end a program or suspend it, or that it may handle. */
const FORWARDED: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGCONT"];

/** Runs a script in the caller's folder, with its streams and signals, until it ends; returns its exit code. */
export async function runScript(task: string, args: readonly string[]): Promise<number> {
  const child = scriptCommand(task, args, "inherit").spawn();
  // One that is sent to this process only must reach the script. From a terminal a script gets it twice, which it expects.
  for (const signal of FORWARDED) Deno.addSignalListener(signal, () => forward(child, signal));
  return (await child.status).code;
}

function forward(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    if (signal !== "SIGTSTP") return child.kill(signal);
    // Listening to it, this process would run on.
    child.kill("SIGSTOP");
    Deno.kill(Deno.pid, "SIGSTOP");
  } catch {
    // It has just ended.
  }
}

/** The command that runs a script with the permissions of its task. */
export function scriptCommand(task: string, args: readonly string[], streams: "inherit" | "piped"): Deno.Command {
  const here = Deno.cwd();
  const flags = argumentsOf(commandOf(config.tasks, task), (name) => name === "INIT_CWD" ? here : Deno.env.get(name))
    // The project's own files, which the task names from the project's folder.
    .map((flag) => flag.replace(/^(--allow-read=)?((?:\w+\/)?\w+\.ts)$/, `$1${ROOT}/$2`));
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, ...args],
    // So that a script names commands that its user has.
    env: { INIT_CWD: here, PLAINWIRE: "1" },
    stdin: streams === "inherit" ? "inherit" : "null",
    stdout: streams,
    stderr: "inherit",
  });
}
