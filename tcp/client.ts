/**
 * tcp:client is a TCP client: it sends a message and prints the reply; or it is an input line, a pipe, a ping, or a load generator.
 *
 * ```sh
 * deno task tcp:client
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net tcp/client.ts
 * ```
 *
 * Try it with `deno task tcp:server --echo` in another terminal:
 *
 * ```
 * $ deno task tcp:client --message "Grüße"
 * [+] Connected to 127.0.0.1:12345 from 127.0.0.1:52884 in 0.60 ms
 * [*] Sent: Grüße
 * Grüße
 * [+] Closed 127.0.0.1:12345: 8 B in, 8 B out, 104 ms       # a pause of 100 ms ends the reply
 * [+] Done: a reply of 8 bytes in 0.71 ms                    # not counting that pause
 * $ seq 100000 | deno task -q tcp:client -q | sha256sum      # what goes in comes out
 * $ deno task tcp:client --count 100                         # the time of each, and min/avg/max/p99
 * $ deno task tcp:client -i --crlf --port 6379               # type to Redis, or to a web server
 * ```
 *
 * @module
 */
import { cutOffBy } from "../lib/net/cut_off.ts";
import { connectTcp } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, connectOptions, framingFlags, peerFlags } from "../lib/script/shared_flags.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { GAP } from "../lib/stream/limits.ts";
import { milliseconds, plural } from "../lib/text.ts";
import { clientTls, tlsClientFlags } from "../lib/script/tls_flags.ts";
import { type Given, refuseWith, refuseWithout } from "../lib/script/unused_flags.ts";
import { CHUNK, Input } from "./input.ts";
import { type Outgoing, outgoing } from "./line_ends.ts";
import { load, measureFlags, ping } from "./measure.ts";
import { pipe } from "./pipe.ts";
import { atTerminal, openLine, talk } from "./talk.ts";

const flags = {
  ...peerFlags({ port: 12345 }),
  message: flag.text("message to send; if omitted, stdin, unless it is a terminal or empty", {
    default: undefined,
    shown: "Hello from client!",
  }),
  interactive: flag.on("send typed lines, show what arrives above them; Ctrl-D half-closes, no Ctrl-Z", { short: "i" }),
  noNewline: flag.on("send the message, or each line typed, without a trailing newline"),
  crlf: flag.on("end lines with CR LF, as HTTP, SMTP and Redis want them"),
  ...measureFlags,
  ...framingFlags,
  ...tlsClientFlags,
  ...commonFlags,
};

/** Flags and help text of `tcp:client`. */
export const script: Script<typeof flags> = {
  name: "tcp:client",
  role: "client",
  summary: "TCP client that sends a message and prints the reply; a pipe when stdin is one",
  example: { flags: "--port 9000 --message hello", does: "Sends hello and a newline, and prints the reply." },
  flags,
};

/**
 * One exchange: sends the message and prints the reply: everything up to a pause, the end of the stream, or the limit of a message. The
 * first line is printed once it is complete. The rest is printed even if it is cut off; the error says so.
 *
 * @returns The last line of the run.
 * @throws {CutOffError} The peer closed without a reply, or reset the connection.
 * @throws {ProtocolError} The reply exceeds the message limit.
 * @throws {TimedOutError} The reply did not start, or was not complete, within the time limit.
 */
export async function exchange(connection: Connection, message: string, output: DataOutput): Promise<string> {
  const { gap } = connection.framing;
  const started = performance.now();
  await connection.write(message);
  const reply = await connection.readMessage({ keepEnd: true });
  if (reply === null) throw new CutOffError(`Cannot read from ${connection.peer}: it closed without a reply`);
  const duration = performance.now() - started;
  let { length } = reply;
  try {
    await output.write(reply);
    // With the gap off, the reply is a line. What arrived along with it belongs to it too, and only a pause can end that.
    const more = gap > 0 ? await connection.readyWithin(gap) : true;
    if (more && connection.buffered > 0) {
      const rest = await connection.readMessage({ manyLines: true, gap: gap || GAP });
      if (rest !== null) await output.write(rest);
      length += rest?.length ?? 0;
    }
  } finally {
    const rest = connection.buffered > 0 ? await connection.read() : null;
    if (rest !== null) await output.write(rest);
    length += rest?.length ?? 0;
    await output.end();
  }
  return `Done: a reply of ${plural(length, "byte")} in ${milliseconds(duration)}`;
}

/** Refuses flags that would do nothing. */
function checkFlags(given: Given): void {
  refuseWithout(given, "count", "interval");
  refuseWithout(given, "connections", "duration");
  refuseWith(given, "count", "connections", "interactive");
  refuseWith(given, "interactive", "connections", "maxMessage");
  refuseWith(given, "crlf", "noNewline");
}

/** Uses a connection as the flags say: an input line, a pipe, or one exchange. An empty pipe means an exchange too. */
async function use(connection: Connection, run: Run<typeof flags>, { message, lineEnd }: Outgoing): Promise<string> {
  const { output, events, options: { interactive, message: given, crlf, json } } = run;
  if (interactive && given !== undefined) await connection.write(message);
  if (interactive && atTerminal()) {
    using line = await openLine(run);
    return await talk(connection, line, output, { lineEnd, json });
  }
  const piped = interactive || (given === undefined && !Deno.stdin.isTerminal());
  const input = piped ? new Input(Deno.stdin, { crlf }) : null;
  if (input === null || (!interactive && await input.isEmpty(connection))) {
    return await exchange(connection, message, output);
  }
  return await pipe(connection, input, output, { message: interactive ? null : message, json, events });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, signal, output } = run;
    checkFlags(run.given);
    const { host, port, count, connections } = options;
    const server = { hostname: host, port };
    const open = run.opener((at) => Deno.connect(at));
    const limits = { ...connectOptions(run), tls: await clientTls(run) };
    const sent = outgoing(options.message ?? "Hello from client!", options);
    if (connections !== undefined) {
      return await load(open, server, sent.message, { ...limits, connections, duration: options.duration * 1000 });
    }
    if (count !== undefined) {
      const interval = options.interval * 1000;
      return await ping(open, server, sent.message, { ...limits, count, interval, output, json: options.json });
    }
    const layers = { script: [cutOffBy(signal)] };
    await using connection = await connectTcp(open, server, { ...limits, layers, chunk: CHUNK });
    return await use(connection, run, sent);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
