/**
 * tcp:server is a TCP server: it prints a client's message, answers it and closes.
 *
 * ```sh
 * deno task tcp:server
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname tcp/server.ts
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
 * ```
 *
 * @module
 */
import type { Connection } from "../lib/stream/connection.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { announce, BACKLOG, listenTcp } from "../lib/net/listen.ts";
import { admissionFlags, bindFlags, commonFlags, framingFlags, serveOptions } from "../lib/script/shared_flags.ts";
import { UsageError } from "../lib/errors.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { type Handler, serveTcp } from "../lib/stream/server.ts";
import { totalsLine } from "../lib/totals.ts";
import { serverLayers } from "../lib/script/open.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 12345 }),
  reply: flag.text("answer to the first message; then the connection is closed", { default: "Hello from server!" }),
  noNewline: flag.on("send the answer without a trailing newline"),
  echo: flag.on("send every byte back until the client half-closes"),
  discard: flag.on("only count received bytes"),
  ...admissionFlags,
  ...framingFlags,
  ...tlsServerFlags,
  ...commonFlags,
};

/** Flags and help text of `tcp:server`. */
export const script: Script<typeof flags> = {
  name: "tcp:server",
  role: "server",
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

/** Reads and discards every byte (RFC 863). */
export async function discard(connection: Connection): Promise<void> {
  while (await connection.read() !== null);
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events, signal } = run;
    if (options.echo && options.discard) throw new UsageError("Cannot use --echo and --discard together: choose one");
    const reply = options.noNewline ? options.reply : `${options.reply}\n`;
    const service = options.echo ? echo : options.discard ? discard : answerWith(reply);
    const at = { hostname: options.bind, port: options.port, tcpBacklog: BACKLOG };
    using listener = listenTcp(() => Deno.listen(at), at);
    const { layers, tls, join } = await serverLayers(run, { anyBytes: options.echo || options.discard });
    announce(
      events,
      listener,
      ({ hostname, port }) => `deno task tcp:client --host ${hostname} --port ${port}${join}`,
      { tls },
    );
    const totals = await serveTcp(listener, service, { ...serveOptions(options, events), layers, signal });
    return totalsLine(totals, events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
