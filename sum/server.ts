/**
 * sum:server answers a number with another over TCP; both sides print the sum.
 *
 * ```sh
 * deno task sum:server
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname sum/server.ts
 * ```
 *
 * Try it with a second terminal (`printf 'Ada: 42' | nc 127.0.0.1 12000` works too):
 *
 * ```
 * $ deno task sum:client --number 42    $ deno task sum:server --number 58
 * …                                     [+] Listening on 127.0.0.1:12000
 * Client name: Plainwire client         …
 * Server name: Plainwire server         [+] Accepted connection from 127.0.0.1:52884
 * Client's number: 42                   [*] Received from 127.0.0.1:52884: Plainwire client: 42
 * Server's number: 58                   Client name: Plainwire client
 * Sum: 100                              … the same five lines
 * $ deno task sum:client --number 0
 * Plainwire server is stopping          [+] Stopping as requested by "Plainwire client": …
 * ```
 *
 * One question per connection: the server answers and closes, so a client that reads to the end of the stream finishes.
 *
 * @module
 */
import { NO_EVENTS } from "../lib/events.ts";
import { announce, BACKLOG } from "../lib/net/listen.ts";
import { joinCommand } from "../lib/script/command.ts";
import { admissionFlags, bindFlags, commonFlags, framingFlags, serveOptions } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { type ServeOptions, serveTcp } from "../lib/stream/server.ts";
import { type ServeTotals, totalsLine } from "../lib/totals.ts";
import type { StreamListener } from "../lib/net/socket.ts";
import { decodeText } from "../lib/text.ts";
import { serverLayers } from "../lib/script/open.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";
import { replyTo, reportReply, rulesOf, type ServerRules } from "./exchange.ts";
import { serverFlags } from "./flags.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 12000 }),
  ...serverFlags,
  ...admissionFlags,
  ...framingFlags,
  ...tlsServerFlags,
  ...commonFlags,
};

/** Flags and help text of `sum:server`. */
export const script: Script<typeof flags> = {
  name: "sum:server",
  role: "server",
  summary: "Answers a client's number from 1 to 100 with its own, and prints the sum",
  example: {
    flags: "--number 58 --keep-running",
    does: "Always answers with 58, and keeps running when a client sends a number outside 1-100.",
  },
  flags,
};

/** Serves one question per connection, many at once, until the signal fires or a number outside 1-100 stops it. */
export async function serveSums(
  listener: StreamListener,
  rules: ServerRules,
  options: ServeOptions,
): Promise<ServeTotals> {
  const { events = NO_EVENTS } = options;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  return await serveTcp(listener, async (connection) => {
    const question = await connection.readMessage();
    if (question === null) return;
    const reply = replyTo(decodeText(question), rules);
    reportReply(reply, events, connection);
    try {
      await connection.write(`${reply.text}\n`);
    } finally {
      // Also if the client left without waiting for the answer.
      if (reply.kind === "stop") stop.abort();
    }
    await connection.finish();
  }, { ...options, signal });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events } = run;
    const at = { hostname: options.bind, port: options.port, tcpBacklog: BACKLOG };
    using listener = await run.listenTcp(() => Deno.listen(at), at);
    const { layers, tls, join } = await serverLayers(run);
    announce(
      events,
      listener,
      (at) => joinCommand("sum:client", at, join),
      { tls },
    );
    const totals = await serveSums(listener, rulesOf(options), { ...serveOptions(run), layers });
    return totalsLine(totals, events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
