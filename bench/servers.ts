/**
 * Starts and stops the servers of a benchmark.
 *
 * @module
 */
import { delay } from "@std/async/delay";
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
  static async start(program: string, args: string[], env: Record<string, string> = {}): Promise<Server> {
    const child = new Deno.Command(program, { args, env, cwd: root, stdin: "null", stdout: "piped" }).spawn();
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

  /** The process id of the server itself, which a task runs as its child. */
  async pid(): Promise<number> {
    for (let pid = this.#child.pid;;) {
      const child = Number(await output("pgrep", ["-P", String(pid)]));
      if (child === 0) return pid;
      pid = child;
    }
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

/** The most connections that ncat accepts. */
export const MAX_NCAT = 100;

/** Starts `nats-server` with JetStream on a free port, its store in a folder that is removed at the end. */
export async function startNats(): Promise<Listener> {
  const folder = await Deno.makeTempDir({ prefix: "plainwire-bench-" });
  const args = (port: string): string[] => ["-a", "127.0.0.1", "-p", port, "-js", "-sd", folder];
  return await startOnPort("nats-server", args, () => Deno.remove(folder, { recursive: true }));
}

/** Starts `ncat --broker` on a free port. */
export async function startBroker(): Promise<Listener> {
  const most = ["--max-conns", String(MAX_NCAT)];
  return await startOnPort("ncat", (port) => ["-l", "127.0.0.1", port, "--broker", "--keep-open", ...most]);
}

/** A program that listens on a port of 127.0.0.1 until it is disposed of. */
type Listener = AsyncDisposable & { readonly port: string };

/** Starts a program that does not say when it is ready, on a port that was free a moment ago. */
async function startOnPort(
  program: string,
  args: (port: string) => string[],
  ended = (): Promise<void> => Promise.resolve(),
): Promise<Listener> {
  const port = freePort();
  const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const child = new Deno.Command(program, { args: args(String(port)), ...quiet }).spawn();
  await untilAccepts(port);
  return {
    port: String(port),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.status;
      await ended();
    },
  };
}

/** A port that was free a moment ago. */
function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

/** Waits for a program that does not report when it is ready. */
async function untilAccepts(port: number): Promise<void> {
  for (let attempt = 0; attempt < 150 && await isRefused(port); attempt++) await delay(20);
}

async function isRefused(port: number): Promise<boolean> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  socket?.close();
  return socket === null;
}
