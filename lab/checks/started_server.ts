/**
 * The server under test, started by the user's command.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Endpoint } from "../../lib/addr.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { within } from "../../lib/within.ts";
import type { ServerUnderTest } from "./runner.ts";

/** Options of {@linkcode StartedServer.start}. */
export interface StartOptions {
  /** A shell command; `PORT` and `HOST` are in its environment. */
  readonly command: string;
  /** The folder it runs in. */
  readonly folder: string;
  readonly transport: "tcp" | "udp";
  /** Whether the server serves yet; called until it does. */
  readonly ready: (endpoint: Endpoint) => Promise<boolean>;
  /** Whether nothing may connect to it before its check. It is then assumed to serve once it has printed something, or after a second. */
  readonly untouched?: boolean;
  /** How long it may take until it serves (ms). */
  readonly limit?: number;
  /** How long it may take to exit after SIGTERM (ms). */
  readonly stopTime?: number;
  readonly signal: AbortSignal;
}

const HOST = "127.0.0.1";
/** Where it may listen instead: a server that is told "localhost" takes this address on some systems. */
const OTHER_HOST = "::1";
/** How long it may take by default until a server serves (ms): a package runner may download it first. */
const START_LIMIT = 30_000;
/** How long it may take by default to exit after SIGTERM (ms). */
const STOP_TIME = 3000;
/** How long to wait for an exit that may be imminent (ms). */
const ENDING_TIME = 300;
/** After how long a server that prints nothing is assumed to serve (ms), if nothing may connect to it. */
const SILENT_START = 1000;
/** How much of its output is kept (bytes), and how much of that counts as its last words; a line of those is cut. */
const KEPT = 64 * 1024;
const LAST_WORDS = { lines: 12, characters: 1500, line: 200 };

/** A server in a process group of its own, so that whatever it starts ends with it. */
export class StartedServer implements ServerUnderTest, AsyncDisposable {
  endpoint: Endpoint = { hostname: HOST, port: 0 };
  #options: StartOptions;
  #child: Deno.ChildProcess | null = null;
  #ending: string | null = null;
  #endedWell = false;
  #reading: Promise<unknown> = Promise.resolve();
  #printed = new Uint8Array();
  #errors = new Uint8Array();
  #keyboard: WritableStreamDefaultWriter<Uint8Array> | null = null;
  /** Whether it has printed anything on its standard output. */
  #spoken = false;

  private constructor(options: StartOptions) {
    this.#options = options;
  }

  /**
   * Starts a server and waits until it serves.
   *
   * @throws {Failure} It has ended, or does not serve within 30 s.
   */
  static async start(options: StartOptions): Promise<StartedServer> {
    const server = new StartedServer(options);
    try {
      await server.#start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  readonly output = (): string => decodeText(this.#printed);

  /** The last lines that it has printed. */
  readonly lastWords = (): string => lastLines(this.output());

  readonly newErrors = (): string => {
    const errors = lastLines(decodeText(this.#errors));
    this.#errors = new Uint8Array();
    return errors;
  };

  readonly input = (text: string): Promise<void> => {
    // A server that has exited reads no more; its check finds out.
    this.#keyboard?.write(encodeText(text)).catch(() => {});
    return Promise.resolve();
  };

  readonly restart = async (): Promise<void> => {
    await this.#stop();
    await this.#start();
  };

  async ending(): Promise<string | null> {
    if (this.#child === null) return this.#ending;
    await within(this.#child.status, ENDING_TIME);
    if (this.#ending !== null) await within(this.#reading, ENDING_TIME);
    return this.#ending;
  }

  endedWell(): boolean {
    return this.#endedWell;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #start(): Promise<void> {
    const { command, transport, folder, limit = START_LIMIT, signal } = this.#options;
    const port = freePort(transport);
    const windows = Deno.build.os === "windows";
    const child = new Deno.Command(windows ? "cmd" : "sh", {
      args: [windows ? "/c" : "-c", command],
      cwd: folder,
      // Without this, Python would buffer its output.
      env: { PORT: String(port), HOST, NO_COLOR: "1", PYTHONUNBUFFERED: "1" },
      // Kept open: some servers exit at the end of their input.
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.#child = child;
    this.#ending = null;
    this.#printed = new Uint8Array();
    this.#spoken = false;
    this.#endedWell = false;
    this.#keyboard = child.stdin.getWriter();
    this.#reading = Promise.all([
      this.#collect(child.stdout, () => this.#spoken = true),
      this.#collect(child.stderr, (bytes) => this.#errors = ending(this.#errors, bytes)),
    ]);
    child.status.then((status) => {
      this.#ending = describe(status);
      this.#endedWell = status.success;
    });
    this.endpoint = { hostname: HOST, port };
    const began = performance.now();
    while (!await this.#serves(began)) {
      signal.throwIfAborted();
      const ending = await this.#endedWithin(50);
      if (ending !== null) throw this.#failure(`${ending} before it served`);
      if (performance.now() - began > limit) {
        throw this.#failure(
          `it did not serve at port ${port} of this machine within ${limit / 1000} s; the command has to use $PORT`,
        );
      }
    }
  }

  async #serves(began: number): Promise<boolean> {
    const { ready, untouched = false } = this.#options;
    if (untouched) return this.#spoken || performance.now() - began > SILENT_START;
    for (const hostname of [HOST, OTHER_HOST]) {
      this.endpoint = { ...this.endpoint, hostname };
      if (await ready(this.endpoint)) return true;
    }
    return false;
  }

  async #endedWithin(ms: number): Promise<string | null> {
    if (this.#child !== null) await within(this.#child.status, ms);
    return this.#ending;
  }

  #failure(why: string): Failure {
    const words = this.lastWords();
    const output = words === "" ? "it printed nothing" : `it printed: ${words}`;
    return new Failure(Exit.failed, `Cannot start ${JSON.stringify(this.#options.command)}: ${why}; ${output}`);
  }

  /** Ends the process and whatever it has started. */
  async #stop(): Promise<void> {
    const { stopTime = STOP_TIME } = this.#options;
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    await this.#keyboard?.close().catch(() => {});
    // What it has started may outlive it.
    await signalGroup(child.pid, "TERM");
    const ended = Promise.all([child.status, this.#reading]);
    if (await within(ended, stopTime)) return;
    await signalGroup(child.pid, "KILL");
    await within(ended, STOP_TIME);
  }

  /** Keeps the latest of what it prints. */
  async #collect(stream: ReadableStream<Uint8Array>, onOutput: (bytes: Uint8Array) => unknown): Promise<void> {
    for await (const bytes of stream) {
      onOutput(bytes);
      this.#printed = ending(this.#printed, bytes);
    }
  }
}

/** The end of what was printed, with what comes now. */
function ending(printed: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([printed, bytes]).subarray(-KEPT);
}

function lastLines(text: string): string {
  const lines = text.trimEnd().split("\n").slice(-LAST_WORDS.lines);
  const cut = lines.map((line) => line.length > LAST_WORDS.line ? `${line.slice(0, LAST_WORDS.line)}…` : line);
  return cut.join("\n").slice(-LAST_WORDS.characters).toWellFormed();
}

/** A port that is free at the moment, at both addresses. */
function freePort(transport: "tcp" | "udp"): number {
  for (;;) {
    const port = bindOnce(transport, HOST, 0);
    try {
      return bindOnce(transport, OTHER_HOST, port);
    } catch (error) {
      // Without IPv6, nobody uses it there.
      if (!(error instanceof Deno.errors.AddrInUse)) return port;
    }
  }
}

/** Binds a port, and frees it; returns which it was. */
function bindOnce(transport: "tcp" | "udp", hostname: string, port: number): number {
  if (transport === "tcp") {
    using listener = Deno.listen({ hostname, port });
    return listener.addr.port;
  }
  const socket = Deno.listenDatagram({ transport, hostname, port });
  const { addr } = socket;
  socket.close();
  return (addr as Deno.NetAddr).port;
}

/** What ends a server that did not mean to (signal(7)). */
const SIGNALS: Readonly<Record<number, string>> = {
  6: "SIGABRT, it has given up",
  8: "SIGFPE, it has divided by zero",
  9: "SIGKILL",
  11: "SIGSEGV, it has used memory that is not its own",
  13: "SIGPIPE, it has written to a connection that is gone",
};

function describe({ code, signal }: Deno.CommandStatus): string {
  if (signal !== null) return `the server was ended by ${signal}`;
  // A shell says so of what it has started.
  const name = SIGNALS[code - 128];
  return `the server has exited with code ${code}${name === undefined ? "" : `: ${name}`}`;
}

/** Signals a process group through the shell, which the task may run; `Deno.kill` needs permission to run anything. */
async function signalGroup(pid: number, signal: "TERM" | "KILL"): Promise<void> {
  const [program, args] = Deno.build.os === "windows"
    ? ["cmd", ["/c", `taskkill /t /f /pid ${pid}`]] as const
    : ["sh", ["-c", `kill -s ${signal} -- -${pid}`]] as const;
  await new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).output();
}
