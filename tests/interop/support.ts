/**
 * Other programs, for the interop tests.
 *
 * @module
 */
import { type Ended, needs, RunningScript } from "../support/script.ts";

const HERE = new URL("./", import.meta.url);

/** Options of a test that runs these programs. In CI, which installs them, a missing program is an error. */
export async function needsPrograms(...programs: string[]): Promise<{ readonly ignore: boolean }> {
  const missing: string[] = [];
  for (const program of programs) {
    const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" })
      .output();
    if (!success) missing.push(program);
  }
  if (missing.length > 0 && Deno.env.get("CI") !== undefined) {
    throw new Error(`Cannot test without ${missing.join(", ")}`);
  }
  return needs(missing.length === 0, missing.join(", "));
}

/** Starts a program; its standard input stays open. Disposing of it kills the program. */
export function launch(program: string, args: readonly string[]): RunningScript {
  const command = new Deno.Command(program, {
    args: [...args],
    cwd: HERE,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { PYTHONUNBUFFERED: "1" },
  });
  return new RunningScript(command.spawn(), true);
}

/** Runs a program with some input until it exits. */
export async function peer(program: string, args: readonly string[], input = ""): Promise<Ended> {
  await using running = launch(program, args);
  await running.type(input).catch(() => {});
  return await running.ended();
}

/** Starts one of the textbook servers on a free port. */
export async function textbook(
  name: string,
  ...args: string[]
): Promise<{ script: RunningScript; port: number } & AsyncDisposable> {
  const script = launch("python3", [`textbook/${name}.py`, ...args]);
  const [, port] = await script.until(/listening on port (\d+)/);
  return { script, port: Number(port), [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
}
