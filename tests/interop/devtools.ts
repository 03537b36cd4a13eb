/**
 * A tab of headless Chromium by Chromium's own protocol alone. The driver of `remote_page.ts` keeps each tab in front, and a tab in front
 * cannot be frozen.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";

/** How long anything in the page may take (ms). */
const LIMIT = 10_000;
const ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"];

/** A tab; disposing of it ends the browser. */
export class DevToolsTab implements AsyncDisposable {
  #process: Deno.ChildProcess;
  #home: string;
  #socket: WebSocket;
  #answers = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();
  #last = 0;

  private constructor(process: Deno.ChildProcess, home: string, socket: WebSocket) {
    this.#process = process;
    this.#home = home;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(data);
      this.#answers.get(answer.id)?.(answer);
      this.#answers.delete(answer.id);
    };
  }

  /** Starts the browser with a page. */
  static async open(url: string): Promise<DevToolsTab> {
    const home = await Deno.makeTempDir({ prefix: "plainwire-test-" });
    const args = [...ARGS, `--user-data-dir=${home}`, url];
    const env = { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
    const process = new Deno.Command("chromium", { args, env, stdout: "null", stderr: "null" }).spawn();
    const late = AbortSignal.timeout(LIMIT);
    for (;; await delay(30)) {
      const at = await endpoint(home).catch((error) => {
        if (late.aborted) throw error;
        return null;
      });
      if (at === null) continue;
      const socket = new WebSocket(at);
      await new Promise((resolve) => socket.onopen = resolve);
      return new DevToolsTab(process, home, socket);
    }
  }

  /** Sends a command. */
  async send<T>(method: string, params: unknown = {}): Promise<T> {
    const id = ++this.#last;
    const answered = new Promise<{ result?: unknown; error?: { message: string } }>((resolve) =>
      this.#answers.set(id, resolve)
    );
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  /** Loads a page; see `load` in `chat_page.ts`. */
  async load(url: string): Promise<void> {
    for (let tries = 1; tries <= 5; tries++) {
      const { errorText } = await this.send<{ errorText?: string }>("Page.navigate", { url });
      if (errorText === undefined) return;
    }
    throw new Error(`${url} cannot be loaded`);
  }

  /** The value of an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result } = await this.send<{ result: { value: T } }>("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    for (const late = AbortSignal.timeout(LIMIT); await this.value(expression) !== true; await delay(30)) {
      if (late.aborted) throw new Error(`${expression}: not in ${LIMIT} ms`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    await this.send("Browser.close");
    await Promise.all([closed, this.#process.status]);
    await Deno.remove(this.#home, { recursive: true });
  }
}

/** Where the browser's first page listens. */
async function endpoint(home: string): Promise<string> {
  const [port] = (await Deno.readTextFile(`${home}/DevToolsActivePort`)).split("\n");
  const pages: { type: string; webSocketDebuggerUrl: string }[] = await (await fetch(`http://127.0.0.1:${port}/json`))
    .json();
  const page = pages.find(({ type }) => type === "page");
  if (page === undefined) throw new Error("Chromium has no page");
  return page.webSocketDebuggerUrl;
}
