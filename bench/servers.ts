/**
 * Starts and stops the servers of a benchmark.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

type Task = keyof typeof config.tasks;

/** A server that is ready, on a free port. */
export class Server implements AsyncDisposable {
  readonly port: string;
  #child: Deno.ChildProcess;
  /** Reads what the server still prints, so that a full pipe does not change what is measured. */
  #drained: Promise<void>;

  private constructor(child: Deno.ChildProcess, drained: Promise<void>, port: string) {
    this.#child = child;
    this.#drained = drained;
    this.port = port;
  }

  /** Starts a program and waits until it says `Listening on ADDRESS:PORT`. */
  static async start(program: string, args: string[]): Promise<Server> {
    const child = new Deno.Command(program, { args, cwd: root, stdin: "null", stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "";;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`Cannot start ${program}: it ended without a ready line`);
      text += value;
      const port = /Listening on \S+:(\d+)/.exec(text)?.[1];
      if (port === undefined) continue;
      return new Server(child, drain(reader), port);
    }
  }

  /** Starts one of our servers on a free port, with the permissions of its task. */
  static task(name: Task, ...args: string[]): Promise<Server> {
    return Server.start(Deno.execPath(), [...taskArgs(name), "--port", "0", "--quiet", ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#drained;
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

/** The command line of a task as arguments of `deno`, without the flags with folders that its shell would expand. */
export function taskArgs(task: Task): string[] {
  return config.tasks[task].command.split(" ").slice(1).filter((part) => !part.includes("$"));
}

/** Runs a program until it exits; returns its stdout. */
export async function output(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, cwd: root }).output();
  return new TextDecoder().decode(stdout);
}

/** Prints a line. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
