/**
 * Scripts at a real terminal, by way of `script(1)`.
 *
 * @module
 */
import { ENVIRONMENT, needs, RunningScript, taskArgs, type TaskName } from "./script.ts";

const ROOT = new URL("../../", import.meta.url);

/** Whether `script` of util-linux is there; macOS and BSD have another one of that name, Windows none. */
async function haveTerminal(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"], stderr: "null" }).output();
    if (new TextDecoder().decode(stdout).includes("util-linux")) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

/** What a test needs that runs a script at a terminal. */
export const TERMINAL = needs(await haveTerminal(), "script(1) of util-linux, which makes a terminal");

/** Starts a script of a task at a terminal of 80 columns. */
export function atTerminal(task: TaskName, args: readonly string[] = []): RunningScript {
  const command = [Deno.execPath(), ...taskArgs(task), ...args].map((word) => `'${word}'`).join(" ");
  const process = new Deno.Command("script", {
    args: ["-qec", `stty cols 80 rows 24; ${command}`, "/dev/null"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...ENVIRONMENT, TERM: "xterm" },
  }).spawn();
  return new RunningScript(process, true);
}
