/**
 * demo runs each server with its client: real programs, on free loopback ports, with the output of both sides.
 *
 * ```sh
 * deno task demo
 * deno run --no-prompt --allow-env=PLAINWIRE --allow-net=127.0.0.1 --allow-run demo.ts
 * ```
 *
 * Each act starts the scripts with the command lines of their tasks, waits for the expected output, and stops them with SIGINT (Ctrl-C).
 * Exit code 0 means that all expected output appeared.
 *
 * @module
 */
import { bold, cyan, green, setColorEnabled } from "@std/fmt/colors";
import { Actor, audience, print } from "./lab/actor.ts";
import { Exit, UsageError } from "./lib/errors.ts";
import { parseFlags } from "./lib/script/flags.ts";
import { helpText } from "./lib/script/help.ts";
import type { Script } from "./lib/script/script.ts";
import { commonFlags } from "./lib/script/shared_flags.ts";
import { escapeControls } from "./lib/text.ts";

const flags = { help: commonFlags.help };

/** Help text of `demo`. */
const script: Script<typeof flags> = {
  name: "demo",
  role: "client",
  summary: "Runs each server with its client, once, on free loopback ports, and shows the output of both sides",
  example: {
    flags: "",
    does: "Takes a few seconds and needs nothing else; ends with 0 if all expected output appeared.",
  },
  flags,
};

setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
const SERVER = green("server |");
const CLIENT = cyan("client |");

const ACTS: Readonly<Record<string, () => Promise<void>>> = {
  "TCP: a message, an answer, the end": async () => {
    await using server = new Actor(SERVER, "tcp:server", ["--port", "0"]);
    await using client = new Actor(CLIENT, "tcp:client", ["--port", await server.port(), "--message", "Grüße aus TCP"]);
    await client.ends();
    await server.sees(/Received from \S+: Grüße aus TCP[^]*Closed/);
    await server.stops();
  },

  "TLS: a new key, pinned by its fingerprint": async () => {
    await using server = new Actor(SERVER, "tcp:server", ["--port", "0", "--tls", "--ephemeral"]);
    const [, pin = ""] = await server.sees(/key is (sha256:\w+)/);
    const at = ["--port", await server.port(), "--tls", "--pin", pin];
    await using client = new Actor(CLIENT, "tcp:client", [...at, "--message", "Grüße, verschlüsselt"]);
    await client.ends();
    await server.sees(/Received from \S+: Grüße, verschlüsselt[^]*Closed/);
    await server.stops();
  },

  "UDP: one datagram there, one back": async () => {
    await using server = new Actor(SERVER, "udp:server", ["--port", "0"]);
    await using client = new Actor(CLIENT, "udp:client", ["--port", await server.port(), "--message", "Grüße aus UDP"]);
    await client.ends();
    await server.sees(/Received from \S+: Grüße aus UDP/);
    await server.stops();
  },

  "HTTP: a request written by hand": async () => {
    await using server = new Actor(SERVER, "http:server", ["--port", "0"]);
    const request = "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    await using client = new Actor(CLIENT, "tcp:client", ["--port", await server.port()], request);
    await client.sees(/HTTP\/1\.1 200 OK/);
    await client.ends();
    const page = await (await fetch(`http://127.0.0.1:${await server.port()}/`)).text();
    print(`${CLIENT} fetch: ${page.length} characters, ${/<h1>.*<\/h1>/.exec(page)?.[0]}`);
    await server.stops();
  },

  "Chat: a room for everyone": async () => {
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

/** Plays all acts, as long as there is someone to watch; returns the exit code. */
async function main(args: string[]): Promise<number> {
  if (parseFlags(flags, args).values.help) {
    print(helpText(script));
    return Exit.done;
  }
  const started = performance.now();
  for (const [title, act] of Object.entries(ACTS)) {
    print(`\n${bold(title)}`);
    try {
      await act();
    } catch (error) {
      if (audience.aborted) return Exit.done;
      print(`[!] Cannot show "${title}": ${error instanceof Error ? error.message : error}`);
      return Exit.failed;
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  print(`\nEverything works (${seconds} s). Next: "Read it in this order" in README.md.`);
  return Exit.done;
}

/** A wrong flag: one line on standard error, and its exit code. */
function misuse(error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`[!] ${escapeControls(error.message)}\n`));
  return error.code;
}

if (import.meta.main) Deno.exit(await main(Deno.args).catch(misuse));
