/**
 * A server under load, in a process group of its own.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { Exit, Failure } from "../lib/errors.ts";
import { within } from "../lib/within.ts";
import { lastLine, printed, spawnGuarded, type Words } from "./shell.ts";
import { cpuOf, memoryOf } from "./usage.ts";

/** How long a server may take until it listens, and to end (ms). */
const [START_LIMIT, END_LIMIT] = [10_000, 3000];
/** How often one that does not say so is asked whether it listens (ms). */
const ASKED_EVERY = 10;
/** How much is kept of what it prints on standard error (characters). */
const KEPT = 1000;

/** How a server is started. */
export interface StartOptions {
  /** Other variables for its environment. */
  readonly env?: Record<string, string>;
  readonly signal: AbortSignal;
}

/** What is measured: a server, or several that are one service. */
export interface Target extends AsyncDisposable {
  /** Where it listens on 127.0.0.1. */
  readonly ports: readonly number[];
  /** How long it took from the start of its process until it listened (ms). */
  readonly startTime: number;
  /** Whether it has ended by itself. */
  readonly ended: boolean;
  /** The CPU time that it has used so far (s), with that of its children. */
  cpu(): Promise<number>;
  /** The memory that it has in use (bytes), without its children. */
  memory(): Promise<number>;
}

/** A server that listens, on a free port of 127.0.0.1. */
export class Server implements Target {
  readonly ports: readonly number[];
  readonly startTime: number;
  #child: Deno.ChildProcess;
  #ended = false;

  private constructor(child: Deno.ChildProcess, port: number, startTime: number) {
    [this.#child, this.ports, this.startTime] = [child, [port], startTime];
    child.status.then(() => this.#ended = true);
  }

  /**
   * Starts a program and waits until it prints `Listening on ADDRESS:PORT`.
   *
   * @throws {Failure} It ends before, or takes longer than 10 s.
   */
  static async start(words: Words, { env = {}, signal }: StartOptions): Promise<Server> {
    const began = performance.now();
    const child = spawnGuarded(words, { env: { NO_COLOR: "1", ...env }, stderr: "piped" });
    const errors = lastWords(child.stderr);
    try {
      const port = await deadline(portFrom(child.stdout), START_LIMIT, { signal });
      return new Server(child, port, performance.now() - began);
    } catch (error) {
      await end(child);
      signal.throwIfAborted();
      throw new Failure(Exit.failed, `Cannot start ${words[0]}: ${await errors || "it does not listen"}`, {
        cause: error,
      });
    }
  }

  /**
   * Starts a program that does not say when it listens, on a port that was free a moment ago.
   *
   * @throws {Failure} It ends before it listens, or takes longer than 10 s.
   */
  static async startOnPort(words: (port: string) => Words, { env = {}, signal }: StartOptions): Promise<Server> {
    const [port, began] = [freePort(), performance.now()];
    const child = spawnGuarded(words(String(port)), { env, stdout: "null" });
    const server = new Server(child, port, 0);
    try {
      while (!await accepts(port)) {
        signal.throwIfAborted();
        if (server.ended || performance.now() - began > START_LIMIT) {
          throw new Failure(Exit.failed, `Cannot start ${words("PORT").join(" ")}: it does not listen`);
        }
        await delay(ASKED_EVERY);
      }
      return server;
    } catch (error) {
      await end(child);
      throw error;
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  async cpu(): Promise<number> {
    return cpuOf(await printed("cat /proc/[0-9]*/stat"), this.#child.pid);
  }

  async memory(): Promise<number> {
    const memory = memoryOf(await printed('cat "/proc/$1/status"', String(this.#child.pid)));
    if (memory === null) throw new Failure(Exit.failed, "Cannot read the server's memory: it has ended");
    return memory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
  }
}

/** Reads the port that a server prints, and whatever else it prints later: a full pipe would change what is measured. */
async function portFrom(stdout: ReadableStream<Uint8Array>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const read = async (): Promise<void> => {
    let text: string | null = "";
    const decoder = new TextDecoder();
    for await (const bytes of stdout) {
      if (text === null) continue;
      text += decoder.decode(bytes, { stream: true });
      const port = /Listening on \S+:(\d+)/.exec(text)?.[1];
      if (port === undefined) continue;
      resolve(Number(port));
      text = null;
    }
    reject(new Failure(Exit.failed, "it ended before it listened"));
  };
  read().catch(reject);
  return await promise;
}

/** What a server prints on standard error: the line that names an error, or the last one. */
async function lastWords(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stderr) text = (text + decoder.decode(bytes, { stream: true })).slice(-KEPT);
  return /^.*(?:Error\b|Cannot ).*$/m.exec(text)?.[0].trim() ?? lastLine(text) ?? "";
}

/** Lets go of a server, and waits until it has ended. */
async function end(child: Deno.ChildProcess): Promise<void> {
  await child.stdin.close().catch(() => {});
  if (await within(child.status, END_LIMIT)) return;
  child.kill("SIGKILL");
  await child.status;
}

function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _socket = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}
