/**
 * Programs, started through the shell: it alone may be run, it raises the limit of descriptors, and it ends a server whose benchmark has
 * gone.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";

/** The most descriptors that are asked for: some programs go through all that they may have when they start. */
const DESCRIPTORS = 20_000;
const RAISED =
  `most=$(ulimit -Hn); if [ "$most" = unlimited ] || [ "$most" -gt ${DESCRIPTORS} ]; then most=${DESCRIPTORS}; fi
ulimit -n "$most"`;
const PLAIN = `${RAISED}
exec "$@"`;
/** Standard input is the benchmark's hand on the server: when it lets go, even by being killed, the whole group ends. */
const GUARDED = `${RAISED}
exec 3<&0
( while read -r line <&3; do :; done; kill -s TERM -- -$$ ) > /dev/null 2>&1 &
exec "$@" 3<&- < /dev/null`;

/** A program and its arguments. */
export type Words = readonly [program: string, ...args: string[]];

/** A shell command whose program may have as many descriptors as possible. */
export function shellCommand(words: Words, options: Deno.CommandOptions = {}): Deno.Command {
  return new Deno.Command("sh", { stdin: "null", ...options, args: ["-c", PLAIN, "sh", ...words] });
}

/** Starts a program in a process group of its own, which ends when the child's standard input is closed. */
export function spawnGuarded(words: Words, options: Deno.CommandOptions = {}): Deno.ChildProcess {
  const args = ["-c", GUARDED, "sh", ...words];
  return new Deno.Command("sh", { stdout: "piped", stderr: "null", ...options, stdin: "piped", args, detached: true })
    .spawn();
}

/** What a shell script prints; a failure or a missing program prints nothing. */
export async function printed(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, "sh", ...args], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

/**
 * Runs a program until it ends; returns what it printed.
 *
 * @throws {Failure} It failed; the message ends with its last line.
 */
export async function run(what: string, words: Words, options: Deno.CommandOptions = {}): Promise<string> {
  const command = shellCommand(words, { stdout: "piped", stderr: "piped", ...options });
  const { success, stdout, stderr } = await command.output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  if (!success) throw new Failure(Exit.failed, `Cannot ${what}: ${lastLine(errors) ?? lastLine(out) ?? "it failed"}`);
  return out;
}

/** The last line that is not empty. */
export function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1)?.trim() || undefined;
}
