/**
 * demo runs every server once and talks to it with its client: real programs, on free ports of this machine, both sides printed.
 *
 * ```sh
 * deno task demo
 * deno run --no-prompt --allow-net=127.0.0.1 --allow-run demo.ts
 * ```
 *
 * Each act starts the scripts with the command lines of their tasks, waits for what it expects to see, and stops them with Ctrl-C
 * (SIGINT). Exit 0 means that all of it was seen.
 *
 * @module
 */
import { bold, cyan, dim, green, setColorEnabled } from "@std/fmt/colors";
import { deadline } from "@std/async/deadline";
import config from "./deno.json" with { type: "json" };

setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
const SERVER = green("server |");
const CLIENT = cyan("client |");
/** How long one expected line may take (ms). */
const PATIENCE = 10_000;

/** One running script; its lines are printed as they come, with its name in front. */
class Actor implements AsyncDisposable {
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
      cwd: new URL("./", import.meta.url),
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

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const ACTS: Readonly<Record<string, () => Promise<void>>> = {
  "TCP: a message, an answer, the end": async () => {
    await using server = new Actor(SERVER, "tcp:server", ["--port", "0"]);
    await using client = new Actor(CLIENT, "tcp:client", ["--port", await server.port(), "--message", "Grüße aus TCP"]);
    await client.ends();
    await server.sees(/Received: Grüße aus TCP[^]*Closed/);
    await server.stops();
  },

  "TLS: a key made on the spot, and pinned": async () => {
    await using server = new Actor(SERVER, "tcp:server", ["--port", "0", "--tls", "--ephemeral"]);
    const [, pin = ""] = await server.sees(/key is (sha256:\w+)/);
    const at = ["--port", await server.port(), "--tls", "--pin", pin];
    await using client = new Actor(CLIENT, "tcp:client", [...at, "--message", "Grüße, verschlüsselt"]);
    await client.ends();
    await server.sees(/Received: Grüße, verschlüsselt[^]*Closed/);
    await server.stops();
  },

  "UDP: one datagram there, one back": async () => {
    await using server = new Actor(SERVER, "udp:server", ["--port", "0"]);
    await using client = new Actor(CLIENT, "udp:client", ["--port", await server.port(), "--message", "Grüße aus UDP"]);
    await client.ends();
    await server.sees(/Received: Grüße aus UDP/);
    await server.stops();
  },

  "HTTP: a request written by hand": async () => {
    await using server = new Actor(SERVER, "http:server", ["--port", "0"]);
    await using client = new Actor(CLIENT, "tcp:client", ["--port", await server.port()]);
    await client.types("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    await client.sees(/HTTP\/1\.1 200 OK/);
    await client.ends();
    const page = await (await fetch(`http://127.0.0.1:${await server.port()}/`)).text();
    print(`${CLIENT} fetch: ${page.length} characters, ${/<h1>.*<\/h1>/.exec(page)?.[0]}`);
    await server.stops();
  },

  "Chat: a room for everybody": async () => {
    await using server = new Actor(SERVER, "chat:server", ["--port", "0", "--bind", "127.0.0.1"]);
    const at = ["--port", await server.port(), "--name"];
    await using ada = new Actor(cyan("ada    |"), "chat:client", [...at, "Ada"]);
    await server.sees(/Ada/);
    await using bob = new Actor(cyan("bob    |"), "chat:client", [...at, "Bob"]);
    await ada.sees(/Bob/);
    await bob.types("Grüße, Ada!\n");
    await ada.sees(/Bob: Grüße, Ada!/);
    await server.types("Welcome, both of you.\n");
    await bob.sees(/server: Welcome, both of you\./);
    await bob.types("exit\n");
    await bob.ends();
    await ada.types("exit\n");
    await ada.ends();
    await server.stops();
  },

  "Sum: two numbers, one exchange": async () => {
    await using server = new Actor(SERVER, "sum:server", ["--port", "0", "--number", "58"]);
    await using client = new Actor(CLIENT, "sum:client", ["--port", await server.port(), "--number", "42"]);
    await client.sees(/Sum: 100/);
    await client.ends();
    await server.sees(/Sum: 100/);
    await server.stops();
  },
};

const started = performance.now();
for (const [title, act] of Object.entries(ACTS)) {
  print(`\n${bold(title)}`);
  try {
    await act();
  } catch (error) {
    print(`[!] Cannot show "${title}": ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
print(`\nAll of it works, in ${seconds} s. Next: "Read it in this order" in README.md.`);
