/**
 * Runs a script as a child process with the command line of its task, types into it, and watches its output.
 *
 * @module
 */
import { dim } from "@std/fmt/colors";
import { deadline } from "@std/async/deadline";
import config from "../deno.json" with { type: "json" };
import { isDisconnect } from "../lib/errors.ts";
import { argumentsOf, commandOf } from "./tasks.ts";

/** The time limit for expected output (ms). */
const TIMEOUT = 10_000;

const gone = new AbortController();
/** Aborts when the reader of standard output has left (`| head`): every wait ends with its reason, and nothing more is printed. */
export const audience: AbortSignal = gone.signal;

/** A running script. Its lines are printed as they arrive, prefixed with its label. */
export class Actor implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #input: WritableStreamDefaultWriter<Uint8Array>;
  #printed: Promise<unknown>;
  #seen = "";
  #output = Promise.withResolvers<void>();

  /** @param input What is piped into it, as the shown command does with `printf`. */
  constructor(label: string, task: keyof typeof config.tasks, args: readonly string[], input = "") {
    const pipe = input === "" ? "" : `printf '${JSON.stringify(input).slice(1, -1)}' | `;
    const typed = args.map((arg) => /\s/.test(arg) ? `"${arg}"` : arg).join(" ");
    print(dim(`${label} $ ${pipe}deno task ${task} ${typed}`));
    this.#child = startScript(task, args, "piped");
    this.#input = this.#child.stdin.getWriter();
    this.#printed = Promise.all([this.#copy(label, "stdout"), this.#copy(label, "stderr")]);
    // If it ends before it has read this, its exit code says why.
    if (input !== "") this.types(input).catch(() => {});
  }

  /** Waits until the output matches. */
  async sees(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#seen.match(pattern);
      if (match !== null) return match;
      await deadline(this.#output.promise, TIMEOUT, { signal: audience });
    }
  }

  /** The port from the server's ready line. */
  async port(): Promise<string> {
    return (await this.sees(/Listening on \S+:(\d+)/))[1] ?? "";
  }

  async types(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Closes the input and waits for exit code 0. */
  async ends(): Promise<void> {
    await this.#input.close().catch(() => {});
    const { code } = await deadline(this.#child.status, TIMEOUT, { signal: audience });
    await this.#printed;
    if (code !== 0) throw new Error(`Exit code ${code}`);
  }

  /** Sends SIGINT (Ctrl-C) and waits for the exit. */
  async stops(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.ends();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has already exited.
    }
    await this.#child.status;
  }

  /** Prints and records one output stream. */
  async #copy(label: string, stream: "stdout" | "stderr"): Promise<void> {
    for await (const line of linesOf(this.#child[stream])) {
      print(`${label} ${line}`);
      this.#seen += `${line}\n`;
      this.#output.resolve();
      this.#output = Promise.withResolvers();
    }
  }
}

/**
 * Starts a script with the command of its task. Its variables name folders for keys and files, which it does not get.
 *
 * It writes data and log into one pipe: two pipes have two readers, and which of them wakes up first is chance. Windows has no `sh`.
 */
export function startScript(
  task: keyof typeof config.tasks,
  args: readonly string[],
  stdin: "piped" | "null",
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const command = argumentsOf(commandOf(config.tasks, task), () => "").filter((flag) =>
    !flag.startsWith("--allow-write")
  );
  const [program, ...rest] = Deno.build.os === "windows"
    ? [Deno.execPath()]
    : ["sh", "-c", 'exec "$0" "$@" 2>&1', Deno.execPath()];
  return new Deno.Command(program ?? "", {
    args: [...rest, ...command, ...args],
    cwd: new URL("../", import.meta.url),
    env: { ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * The lines of a script's output, as they come. A line of the log begins a new one even after data without a newline (an answer over
 * UDP), as at a terminal.
 */
export async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\n|(?<=.)(?=\[[+*!]\] )/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Prints a line synchronously, so that the lines of all streams stay in order. */
export function print(line: string): void {
  if (audience.aborted) return;
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  } catch (error) {
    if (!isDisconnect(error)) throw error;
    gone.abort();
  }
}
