/**
 * A server of the soak: a script as a child process, with the permissions of its task.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { Exit, Failure } from "../../lib/errors.ts";
import { encodeText } from "../../lib/text.ts";
import type { Fingerprint } from "../../lib/tls/peer_identity.ts";
import { parsePin } from "../../lib/tls/trust.ts";
import { within } from "../../lib/within.ts";
import { argumentsOf, commandOf } from "../tasks.ts";

/** The project's folder, from which tasks name their files. */
const ROOT = new URL("../../", import.meta.url);
/** Stands for the user's folders, in which a soak has no business. */
const FOLDER = "/tmp";
/** How long a server may take to start and to end (ms): it has 5 s for open exchanges, and the machine is busy. */
const START = 30_000;
const STOP = 10_000;
/** How many of a server's last lines are kept. */
const LAST_WORDS = 40;

/** An event that a server printed. */
export type Printed = Readonly<Record<string, unknown>>;

/** How a server is started. */
export interface ChildOptions {
  readonly name: string;
  /** A program and its arguments. */
  readonly command: readonly string[];
  /** The limit on open descriptors. */
  readonly descriptors?: number | null;
  /** Called with every event that it prints. */
  readonly onEvent?: (event: Printed) => void;
}

/** How a server has ended. */
export interface Ending {
  readonly code: number;
  readonly signal: string | null;
}

/** The command of one of our scripts, with the permissions of its task and nothing of the user's environment. */
export function taskCommand(task: string, flags: readonly string[]): string[] {
  return [Deno.execPath(), ...argumentsOf(commandOf(config.tasks, task), () => FOLDER), ...flags];
}

/** A running server. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  port = 0;
  pin: Fingerprint | null = null;
  /** How it has ended; `null` while it runs. */
  ending: Ending | null = null;
  /** Its last lines, on both streams. */
  readonly lastWords: string[] = [];
  #process: Deno.ChildProcess;
  #input: WritableStreamDefaultWriter<Uint8Array>;
  #over: Promise<unknown>;
  #ready = Promise.withResolvers<void>();
  #onEvent: (event: Printed) => void;

  private constructor({ name, command, descriptors = null, onEvent = () => {} }: ChildOptions) {
    const limit = descriptors === null ? "" : `ulimit -n ${descriptors}; `;
    this.name = name;
    this.#onEvent = onEvent;
    this.#process = new Deno.Command("sh", {
      args: ["-c", `${limit}exec "$@"`, "sh", ...command],
      cwd: ROOT,
      env: { PLAINWIRE: "1", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    this.#input = this.#process.stdin.getWriter();
    this.#input.closed.catch(() => {});
    const ended = this.#process.status.then(({ code, signal }) => this.ending = { code, signal });
    ended.then(() => this.#input.close()).catch(() => {});
    this.#over = Promise.all([ended, this.#listen(this.#process.stdout), this.#listen(this.#process.stderr)]);
    this.#over.then(() => this.#ready.reject(this.#failure("it ended before it served")));
    this.#ready.promise.catch(() => {});
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @throws {Failure} It has ended, or does not listen in time.
   */
  static async start(options: ChildOptions): Promise<Child> {
    const child = new Child(options);
    if (await within(child.#ready.promise, START).catch(() => true)) {
      if (child.ending === null) return child;
      throw child.#failure("it ended before it served");
    }
    await child.stop();
    throw child.#failure(`it did not listen within ${START / 1000} s`);
  }

  /** Types a line, unless it has not read the last one yet. */
  type(line: string): void {
    if ((this.#input.desiredSize ?? 0) > 0) this.#input.write(encodeText(`${line}\n`)).catch(() => {});
  }

  /** Asks it to end, and ends it if it does not; returns how it ended, or `null` if it had to be killed. */
  async stop(): Promise<Ending | null> {
    this.#signal("SIGTERM");
    const ended = await within(this.#over, STOP);
    if (!ended) {
      this.#signal("SIGKILL");
      await this.#over;
    }
    return ended ? this.ending : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #signal(signal: Deno.Signal): void {
    try {
      if (this.ending === null) this.#process.kill(signal);
    } catch {
      // It has just ended.
    }
  }

  async #listen(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#line(line);
    }
    if (rest !== "") this.#line(rest);
  }

  #line(line: string): void {
    if (this.lastWords.push(line) > LAST_WORDS) this.lastWords.shift();
    if (!line.startsWith("{")) return;
    let event: Printed;
    try {
      event = JSON.parse(line);
    } catch {
      return;
    }
    if (event.event === "listening" && this.port === 0) {
      this.port = Number(event.port);
      const [, pin] = /--pin (\S+)/.exec(String(event.here)) ?? [];
      if (pin !== undefined) this.pin = parsePin(pin);
      this.#ready.resolve();
    }
    this.#onEvent(event);
  }

  #failure(why: string): Failure {
    return new Failure(Exit.failed, `Cannot start ${this.name}: ${why}; it printed ${this.lastWords.join("\n")}`);
  }
}
