/**
 * Runs the scripts as a user does, with the command line of their task: that puts the task's permissions under test too.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { argumentsOf, commandOf } from "../../lab/tasks.ts";

const ROOT = new URL("../../", import.meta.url);
const DECODER = new TextDecoder();

/** A task of `deno.json` that runs a script. */
export type TaskName = keyof typeof config.tasks;

/** How a run ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The user's config folder as the scripts under test see it: they neither read nor write the real one. */
export const CONFIG_HOME = Deno.makeTempDirSync({ prefix: "plainwire-test-" });
addEventListener("unload", () => Deno.removeSync(CONFIG_HOME, { recursive: true }));

/** The environment variables of the scripts under test. */
export const ENVIRONMENT = { NO_COLOR: "1", XDG_CONFIG_HOME: CONFIG_HOME, APPDATA: CONFIG_HOME, INIT_CWD: CONFIG_HOME };

/** The task's command as arguments for the `deno` that runs the tests, with its variables expanded as the task's shell does. */
export function taskArgs(task: TaskName): string[] {
  const variables: Record<string, string> = { ...Deno.env.toObject(), ...ENVIRONMENT };
  return argumentsOf(commandOf(config.tasks, task), (name) => variables[name]);
}

/** A running script. Its output is collected as it arrives; disposing of it kills the process. */
export class RunningScript implements AsyncDisposable {
  #process: Deno.ChildProcess;
  #stdin: WritableStreamDefaultWriter<Uint8Array> | null;
  #readers: { [stream: string]: ReadableStreamDefaultReader<Uint8Array> } = {};
  #texts = { stdout: "", stderr: "" };
  #streams: Promise<unknown>;
  #ended = false;
  #end: Deno.Signal;
  #wake = Promise.withResolvers<void>();

  /** @param end The signal that ends it when it is disposed of; one that starts others is to end them too, which SIGKILL prevents. */
  constructor(process: Deno.ChildProcess, stdin: boolean, end: Deno.Signal = "SIGKILL") {
    this.#process = process;
    this.#end = end;
    this.#stdin = stdin ? process.stdin.getWriter() : null;
    this.#streams = Promise.all([this.#collect("stdout"), this.#collect("stderr")]).then(() => this.#ended = true)
      .then(() => this.#wake.resolve());
  }

  get pid(): number {
    return this.#process.pid;
  }

  get stdout(): string {
    return this.#texts.stdout;
  }

  get stderr(): string {
    return this.#texts.stderr;
  }

  /** Types into the script's standard input. */
  async type(text: string): Promise<void> {
    await this.#stdin?.write(new TextEncoder().encode(text));
  }

  /** Ends the script's standard input. */
  async endInput(): Promise<void> {
    await this.#stdin?.close().catch(() => {});
    this.#stdin = null;
  }

  /** Waits until the output matches; fails, with all the output, when it ends first or after 10 s. */
  async until(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<RegExpMatchArray> {
    const limit = AbortSignal.timeout(10_000);
    const late = new Promise<"late">((resolve) => limit.addEventListener("abort", () => resolve("late")));
    for (;;) {
      const match = this.#texts[stream].match(pattern);
      if (match !== null) return match;
      if (this.#ended || await Promise.race([this.#wake.promise, late]) === "late") {
        throw new Error(`No ${pattern} on ${stream}:\n${this.#texts.stdout}\n--- stderr:\n${this.#texts.stderr}`);
      }
    }
  }

  /** Stops reading the script's standard output, as `| head -1` does. */
  async closeOutput(): Promise<void> {
    await this.#readers.stdout?.cancel();
  }

  /** Sends a signal. */
  signal(name: Deno.Signal): void {
    this.#process.kill(name);
  }

  /** Ends standard input and waits until the script exits by itself. */
  async ended(): Promise<Ended> {
    await this.endInput();
    const { code } = await this.#process.status;
    await this.#streams;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** Sends a signal (Ctrl-C) and waits for the exit; input stays open until then, so that only the signal can end the script. */
  async stop(name: Deno.Signal = "SIGINT"): Promise<Ended> {
    this.signal(name);
    await this.#process.status;
    return await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill(this.#end);
    } catch {
      // It has exited already.
    }
    await this.ended();
  }

  async #collect(stream: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    const reader = this.#process[stream].getReader();
    this.#readers[stream] = reader;
    for (let piece; !(piece = await reader.read()).done;) {
      this.#texts[stream] += decoder.decode(piece.value, { stream: true });
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }
}

/** How to start a script. */
export interface StartOptions {
  /** Keeps standard input open for {@linkcode RunningScript.type}; otherwise it is empty. */
  readonly stdin?: boolean;
  readonly env?: Record<string, string>;
}

/** Starts the script of a task. */
export function start(task: TaskName, args: readonly string[] = [], options: StartOptions = {}): RunningScript {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...taskArgs(task), ...args],
    cwd: ROOT,
    stdin: options.stdin === true ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
    env: { ...ENVIRONMENT, ...options.env },
  });
  return new RunningScript(command.spawn(), options.stdin === true);
}

/** A server that is ready, and its address. */
export interface RunningServer extends AsyncDisposable {
  readonly script: RunningScript;
  readonly hostname: string;
  readonly port: number;
}

/** Names a port on a script's command line; to a basic program it is the one argument. */
export function atPort(task: TaskName, port: number): string[] {
  return task.includes(":basic-") ? [String(port)] : ["--port", String(port)];
}

/** Starts a server on a free port and waits for its banner, wherever its log goes. */
export async function startServer(
  task: TaskName,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<RunningServer> {
  const script = start(task, [...atPort(task, 0), ...args], options);
  const [, hostname = "", port] = args.includes("--json")
    ? await script.until(/"event":"listening".*"hostname":"([^"]+)","port":(\d+)/)
    : await script.until(/Listening on (\S+):(\d+)/, args.includes("common") ? "stderr" : "stdout");
  return {
    script,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port),
    [Symbol.asyncDispose]: () => script[Symbol.asyncDispose](),
  };
}

/** Runs a script until it exits. */
export async function run(
  task: TaskName,
  args: readonly string[] = [],
  options: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<Ended> {
  const { input, env } = options;
  const process = new Deno.Command(Deno.execPath(), {
    args: [...taskArgs(task), ...args],
    cwd: ROOT,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...ENVIRONMENT, ...env },
  }).spawn();
  if (input !== undefined) {
    const writer = process.stdin.getWriter();
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    // The script may end before it has read everything.
    await writer.write(bytes).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await process.output();
  return { code, stdout: DECODER.decode(stdout), stderr: DECODER.decode(stderr) };
}

/** The JSON events in an output. */
export function eventsIn(output: string): Record<string, unknown>[] {
  return output.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/** Options of a test that depends on this machine: without `what`, the test is ignored and standard error says why. */
export function needs(available: boolean, what: string): { readonly ignore: boolean } {
  if (!available) Deno.stderr.writeSync(new TextEncoder().encode(`ignored: a test needs ${what}\n`));
  return { ignore: !available };
}

/** Options of a test that uses `sh`, signals or file names that Windows lacks. */
export const POSIX = needs(Deno.build.os !== "windows", "a POSIX system");
