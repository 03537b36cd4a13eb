/**
 * udp:client is a UDP client: it sends one datagram, prints the answer and exits; or it sends many and counts the answers.
 *
 * ```sh
 * deno task udp:client
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net udp/client.ts
 * ```
 *
 * Try it with `deno task udp:server --echo` in another terminal; then stop that server and try again:
 *
 * ```
 * $ deno task udp:client --message "Grüße"
 * [*] Sent: Grüße
 * Grüße
 * [+] Done: an answer of 7 bytes in 0.71 ms
 * $ deno task udp:client --count 5 --interval 0.2            # sent, received, lost, min/avg/max/p99
 * $ deno task udp:client < README.md > copy.md               # all of stdin in one datagram
 * ```
 *
 * Compare it with `tcp/client.ts`: there is no connection to be refused, and a lost datagram is not reported. So the client retries,
 * and checks who answers.
 *
 * @module
 */
import { type DatagramAnswer, requestDatagram } from "../lib/datagram/request.ts";
import { MAX_DATAGRAM } from "../lib/datagram/socket.ts";
import { Exit, Failure } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, peerFlags } from "../lib/script/shared_flags.ts";
import type { PacketOpener } from "../lib/net/packet_socket.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { refuseWith, refuseWithout } from "../lib/script/unused_flags.ts";
import { encodeText, milliseconds, plural } from "../lib/text.ts";
import { series } from "./series.ts";

const flags = {
  ...peerFlags({ port: 12345 }),
  message: flag.text("message to send; if omitted, stdin, unless it is a terminal, empty, or silent for a second", {
    default: undefined,
    shown: "Hello from client!",
  }),
  retries: flag.integer("retries, waiting 0.5 s and then twice as long each time", {
    default: 3,
    min: 0,
    max: 1000,
  }),
  count: flag.integer("send N requests, without retries, and print how each was answered, and how many were lost", {
    default: undefined,
    min: 1,
    max: 1_000_000_000,
  }),
  interval: flag.seconds("seconds between the requests of --count; 0 = the next after the answer", { default: 0 }),
  ...commonFlags,
  timeout: flag.seconds(
    "seconds to wait for the answer, over all tries; with --count, for each answer; 0 = as long as the tries take, or 1 s each",
    { default: 0, short: "t" },
  ),
};

/** Flags and help text of `udp:client`. */
export const script: Script<typeof flags> = {
  name: "udp:client",
  role: "client",
  summary: "UDP client that sends a datagram, with retries, and prints the answer",
  example: {
    flags: "--count 10 --interval 0.5",
    does: "Sends ten requests, two a second, and prints how many were answered and how fast.",
  },
  flags,
};

/** How long a request of `--count` waits for its answer if `--timeout` is not set (ms). */
const WAIT = 1000;

/** How long to wait for the first byte of standard input (ms): a pipe without a writer is not a message. */
const SILENCE = 1000;

/**
 * Reads a whole input as one datagram; empty if the input is silent for a second.
 *
 * @throws {Failure} With code 2 if it is too long for a datagram. If the signal aborts, its reason.
 */
export async function readDatagram(input: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  const room = new Uint8Array(MAX_DATAGRAM);
  let length = 0;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE);
  const write = (piece: Uint8Array): void => {
    clearTimeout(timer);
    if (length + piece.length > MAX_DATAGRAM) {
      throw new Failure(
        Exit.misuse,
        `Cannot send standard input: it has more than ${MAX_DATAGRAM} bytes, the maximum for one datagram`,
      );
    }
    room.set(piece, length);
    length += piece.length;
  };
  try {
    await input.pipeTo(new WritableStream({ write }), { signal: AbortSignal.any([signal, silence.signal]) });
  } catch (error) {
    if (!silence.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return room.subarray(0, length);
}

/** The given message; else all of stdin, unless it is a terminal or empty; else the default. */
async function messageOf(given: string | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (given !== undefined) return encodeText(given);
  const input = Deno.stdin.isTerminal() ? new Uint8Array() : await readDatagram(Deno.stdin.readable, signal);
  return input.length > 0 ? input : encodeText("Hello from client!");
}

/** The last line of the run, with the time and the try that was answered. */
export function answerLine({ bytes, attempt, tries, duration }: DatagramAnswer): string {
  const which = tries === 1 ? "" : `, to try ${attempt} of the ${tries} sent`;
  return `Done: an answer of ${plural(bytes.length, "byte")} in ${milliseconds(duration)}${which}`;
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, given, events, signal, output, wrap, resolve }) => {
    refuseWithout(given, "count", "interval");
    refuseWith(given, "count", "retries");
    const { host, port, count, retries } = options;
    const open: PacketOpener = (at) => wrap(Deno.listenDatagram(at));
    const server = { hostname: host, port };
    const timeout = options.timeout * 1000;
    const message = await messageOf(options.message, signal);
    if (count !== undefined) {
      const interval = options.interval * 1000;
      const limits = { count, interval, wait: timeout || WAIT, timeout, report: options.json };
      return await series(open, server, message, { ...limits, resolve, events, output, signal });
    }
    const answer = await requestDatagram(open, server, message, { retries, timeout, resolve, events, signal });
    await output.write(answer.bytes);
    await output.end();
    return answerLine(answer);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
