/**
 * Runs scripts in a real terminal, by means of `script(1)`.
 *
 * @module
 */
import { ENVIRONMENT, needs, RunningScript, taskArgs, type TaskName } from "./script.ts";

const ROOT = new URL("../../", import.meta.url);

/** Whether `script` of util-linux is installed; macOS and BSD have another program of that name, Windows none. */
async function haveTerminal(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"], stderr: "null" }).output();
    if (new TextDecoder().decode(stdout).includes("util-linux")) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

/** Options of a test that runs a script in a terminal. */
export const TERMINAL = needs(await haveTerminal(), "script(1) of util-linux, for a terminal");

/** Starts the script of a task in a terminal of 80 columns. */
export function atTerminal(task: TaskName, args: readonly string[] = []): RunningScript {
  const command = [Deno.execPath(), ...taskArgs(task), ...args].map((word) => `'${word}'`).join(" ");
  const process = new Deno.Command("script", {
    args: ["-qec", `stty cols 80 rows 24; exec ${command}`, "/dev/null"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...ENVIRONMENT, TERM: "xterm" },
  }).spawn();
  return new RunningScript(process, true);
}
