/**
 * A script as an actor on a stage: it is started as its task says, spoken to, and listened to.
 *
 * @module
 */
import { dim } from "@std/fmt/colors";
import { deadline } from "@std/async/deadline";
import config from "../deno.json" with { type: "json" };

/** How long one expected line may take (ms). */
const PATIENCE = 10_000;

/** One running script; its lines are printed as they come, with its name in front. */
export class Actor implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #input: WritableStreamDefaultWriter<Uint8Array>;
  #printed: Promise<unknown>;
  #seen = "";
  #news = Promise.withResolvers<void>();

  constructor(label: string, task: keyof typeof config.tasks, args: readonly string[]) {
    // Nothing is kept here: the task's folders, which its shell would fill in, are left out.
    const command = config.tasks[task].command.split(" ").slice(1).filter((part) => !part.includes("$"));
    print(dim(`${label} $ deno task ${task} ${args.map((arg) => /\s/.test(arg) ? `"${arg}"` : arg).join(" ")}`));
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...command, ...args],
      cwd: new URL("../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#printed = Promise.all([this.#copy(label, "stdout"), this.#copy(label, "stderr")]);
  }

  /** Waits until the actor's output matches. */
  async sees(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#seen.match(pattern);
      if (match !== null) return match;
      await deadline(this.#news.promise, PATIENCE);
    }
  }

  /** The port in the server's banner. */
  async port(): Promise<string> {
    return (await this.sees(/Listening on \S+:(\d+)/))[1] ?? "";
  }

  async types(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Ends the actor's input and waits for its end. */
  async ends(): Promise<void> {
    await this.#input.close().catch(() => {});
    const { code } = await deadline(this.#child.status, PATIENCE);
    await this.#printed;
    if (code !== 0) throw new Error(`It ended with code ${code}`);
  }

  /** Ctrl-C, then the end. */
  async stops(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.ends();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }

  /** Prints and keeps one stream of the actor. */
  async #copy(label: string, stream: "stdout" | "stderr"): Promise<void> {
    let rest = "";
    for await (const text of this.#child[stream].pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) print(`${label} ${line}`);
      this.#seen += text;
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    }
    if (rest !== "") print(`${label} ${rest}`);
  }
}

/** Prints a line at once, whatever the order of the streams. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
