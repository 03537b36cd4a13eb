/**
 * tcp:client is a TCP client: it sends one message, prints the reply and exits; or it is a pipe, a ping, or a load generator.
 *
 * ```sh
 * deno task tcp:client
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net tcp/client.ts
 * ```
 *
 * Try it with `deno task tcp:server --echo` in another terminal:
 *
 * ```
 * $ deno task tcp:client --message "Grüße"
 * [+] Connected to 127.0.0.1:12345 from 127.0.0.1:52884 in 0.60 ms
 * [*] Sent: Grüße
 * Grüße
 * [+] Done: a reply of 8 bytes in 0.71 ms
 * $ seq 100000 | deno task -q tcp:client -q | sha256sum      # what goes in comes out
 * $ deno task tcp:client --count 100                         # min/avg/max/p99
 * ```
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { connectTcp, type Opener } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError, UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, connectOptions, framingFlags, peerFlags } from "../lib/script/shared_flags.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { GAP } from "../lib/stream/limits.ts";
import { milliseconds, plural } from "../lib/text.ts";
import { clientTls, tlsClientFlags } from "../lib/script/tls_flags.ts";
import { load, ping } from "./measure.ts";
import { type Input, pipe, stdinInput } from "./pipe.ts";

const flags = {
  ...peerFlags({ port: 12345 }),
  message: flag.text("message to send; if omitted, stdin, unless it is a terminal or empty", {
    default: undefined,
    shown: "Hello from client!",
  }),
  noNewline: flag.on("send the message without a trailing newline"),
  count: flag.integer("repeat the exchange N times and print min/avg/max/p99", {
    default: undefined,
    min: 1,
    max: 1_000_000_000,
  }),
  interval: flag.seconds("seconds between exchanges", { default: 0 }),
  connections: flag.integer("drive load over N connections and print exchanges/s", {
    default: undefined,
    min: 1,
    max: 65_535,
  }),
  duration: flag.seconds("seconds to drive load", { default: 5 }),
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

/** When the server sends first: how long to wait for an empty input to end (ms). */
const EMPTY_WAIT = 100;

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

/**
 * One exchange, or the pipe: an input that ends without a byte means an exchange with the message.
 *
 * @param input Standard input; `null` if a message was given or it is a terminal.
 */
export async function exchangeOrPipe(
  connection: Connection,
  message: string,
  input: Input | null,
  output: DataOutput,
): Promise<string> {
  if (input === null) return await exchange(connection, message, output);
  // If the server sends (or closes) first, do not wait for a silent input: it is a pipe.
  await Promise.race([input.ready(), connection.ready().then(() => delay(EMPTY_WAIT))]);
  return input.empty ? await exchange(connection, message, output) : await pipe(connection, input, message, output);
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events, signal, output } = run;
    const { host, port, count, connections } = options;
    const server = { hostname: host, port };
    const open: Opener = (at) => Deno.connect(at);
    const limits = { ...connectOptions(options), events, signal, tls: await clientTls(run) };
    const message = `${options.message ?? "Hello from client!"}${options.noNewline ? "" : "\n"}`;
    if (count !== undefined && connections !== undefined) {
      throw new UsageError("Cannot use --count and --connections together: measure one exchange, or drive load");
    }
    if (connections !== undefined) {
      return await load(open, server, message, { ...limits, connections, duration: options.duration * 1000 });
    }
    if (count !== undefined) {
      return await ping(open, server, message, { ...limits, count, interval: options.interval * 1000, output });
    }
    await using connection = await connectTcp(open, server, limits);
    const input = options.message === undefined && !Deno.stdin.isTerminal() ? stdinInput() : null;
    return await exchangeOrPipe(connection, message, input, output);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
