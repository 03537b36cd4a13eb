/**
 * A script as the server under test: a process that can end, and be started again.
 *
 * @module
 */
import type { Endpoint } from "../../../lib/addr.ts";
import { within } from "../../../lib/within.ts";
import { type RunningServer, startServer, type TaskName } from "../../support/script.ts";

/** A started script. */
export class ScriptServer implements AsyncDisposable {
  #task: TaskName;
  #args: readonly string[];
  #server: RunningServer;
  #code: number | null = null;

  private constructor(task: TaskName, args: readonly string[], server: RunningServer) {
    this.#task = task;
    this.#args = args;
    this.#server = server;
    this.#watch();
  }

  static async start(task: TaskName, ...args: string[]): Promise<ScriptServer> {
    return new ScriptServer(task, args, await startServer(task, args));
  }

  get endpoint(): Endpoint {
    return { hostname: "127.0.0.1", port: this.#server.port };
  }

  readonly output = (): string => this.#server.script.stdout + this.#server.script.stderr;

  async ending(): Promise<string | null> {
    await within(this.#server.script.ended(), 300);
    return this.#code === null ? null : `the server has exited with code ${this.#code}`;
  }

  endedWell(): boolean {
    return this.#code === 0;
  }

  readonly restart = async (): Promise<void> => {
    await this.#server[Symbol.asyncDispose]();
    this.#server = await startServer(this.#task, this.#args);
    this.#watch();
  };

  async #watch(): Promise<void> {
    const server = this.#server;
    this.#code = null;
    const { code } = await server.script.ended();
    if (server === this.#server) this.#code = code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
