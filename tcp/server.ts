/**
 * tcp:server is a TCP server: it prints a client's message, answers it and closes.
 *
 * ```sh
 * deno task tcp:server
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname tcp/server.ts
 * ```
 *
 * Try it with a second terminal:
 *
 * ```
 * $ deno task tcp:client                $ deno task tcp:server
 * …                                     [+] Listening on 127.0.0.1:12345
 * Hello from server!                    …
 * …                                     [+] Accepted connection from 127.0.0.1:52884
 *                                       [*] Received from 127.0.0.1:52884: Hello from client!
 *                                       …
 * $ deno task -q tcp:client < file      $ deno task -q tcp:server --pipe --once > copy      # or the other way round
 * $ deno task tcp:client -i             $ deno task tcp:server --pipe                       # to talk
 * ```
 *
 * @module
 */
import { canAsk as atTerminal } from "../lib/console/prompt.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { joinCommand } from "../lib/script/command.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { Layers } from "../lib/net/layers.ts";
import { announce, BACKLOG } from "../lib/net/listen.ts";
import type { StreamListener } from "../lib/net/socket.ts";
import { admissionFlags, bindFlags, commonFlags, framingFlags, serveOptions } from "../lib/script/shared_flags.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { type Handler, serveTcp } from "../lib/stream/server.ts";
import { totalsLine } from "../lib/totals.ts";
import { serverLayers } from "../lib/script/open.ts";
import { type Given, refuseWith } from "../lib/script/unused_flags.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 12345 }),
  reply: flag.text("answer to the first message; then the connection is closed", { default: "Hello from server!" }),
  noNewline: flag.on("send the answer without a trailing newline"),
  echo: flag.on("send every byte back until the client half-closes"),
  discard: flag.on("only count received bytes"),
  pipe: flag.on(
    "serve one client at a time: its bytes on stdout, stdin to it (the rest to the next client), the log on stderr",
  ),
  ...admissionFlags,
  ...framingFlags,
  ...tlsServerFlags,
  ...commonFlags,
};

/** Flags and help text of `tcp:server`. */
export const script: Script<typeof flags> = {
  name: "tcp:server",
  role: "server",
  dataFlag: "pipe",
  summary: "TCP server that prints a client's message, answers it and closes",
  example: {
    flags: "--port 9000 --echo",
    does: "Sends back what arrives on port 9000; try it with `nc 127.0.0.1 9000`.",
  },
  flags,
};

/** Answers one message with `reply` and closes; a client that sends nothing gets no answer. */
export function answerWith(reply: string): Handler {
  return async (connection) => {
    if (await connection.readMessage() === null) return;
    await connection.write(reply);
    await connection.finish();
  };
}

/** Sends every byte back until the client half-closes, then closes, so that nothing in transit is lost (RFC 862). */
export async function echo(connection: Connection): Promise<void> {
  for (let bytes; (bytes = await connection.read()) !== null;) await connection.write(bytes);
  await connection.finish();
}

/** Refuses flags that the way of serving leaves nothing to do. */
function checkFlags(given: Given): void {
  refuseWith(given, "echo", "discard", "pipe", "reply", "noNewline", "gap", "maxMessage");
  refuseWith(given, "discard", "pipe", "reply", "noNewline", "gap", "maxMessage");
  refuseWith(given, "pipe", "reply", "noNewline", "maxMessage", "maxConnections");
  // Elsewhere the bytes pass as they come.
  if (!atTerminal()) refuseWith(given, "pipe", "gap");
}

/** Serves in the way that the flags ask for; returns the last line. */
async function serve(listener: StreamListener, layers: Layers, run: Run<typeof flags>): Promise<string> {
  const { options, events } = run;
  const serving = { ...serveOptions(run), layers };
  if (options.pipe) {
    const { serveInput } = await import("./serve_pipe.ts");
    return await serveInput(listener, serving, run);
  }
  if (options.discard) {
    const { Discard } = await import("./discard.ts");
    const discard = new Discard();
    const served = serveTcp(listener, discard.handler, { ...serving, report: false });
    return totalsLine(await discard.during(served, events), events);
  }
  const reply = options.noNewline ? options.reply : `${options.reply}\n`;
  return totalsLine(await serveTcp(listener, options.echo ? echo : answerWith(reply), serving), events);
}

/** What the client of `--pipe` adds to the join command: a terminal talks to a terminal, and a file goes to a file. */
function otherEnd(): string {
  const [typed, shown] = [Deno.stdin.isTerminal(), Deno.stdout.isTerminal()];
  if (typed) return shown ? " --interactive" : " < FILE";
  return shown ? " --interactive > FILE" : "";
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events } = run;
    checkFlags(run.given);
    const at = { hostname: options.bind, port: options.port, tcpBacklog: BACKLOG };
    using listener = await run.listenTcp(() => Deno.listen(at), at);
    const { layers, tls, join } = await serverLayers(run, {
      anyBytes: options.echo || options.discard || options.pipe,
    });
    const flags = `${join}${options.pipe ? otherEnd() : ""}`;
    announce(events, listener, (at) => joinCommand("tcp:client", at, flags), { tls });
    return await serve(listener, layers, run);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
