/**
 * udp:server is a UDP server: it prints each datagram and answers it.
 *
 * ```sh
 * deno task udp:server
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-sys=networkInterfaces udp/server.ts
 * ```
 *
 * Try it with a second terminal:
 *
 * ```
 * $ deno task udp:client                $ deno task udp:server
 * [*] Sent: Hello from client!          [+] Listening on 127.0.0.1:12345 (UDP)
 * Hello from server!                    …
 * …                                     [*] Received from 127.0.0.1:52884: Hello from client!
 * ```
 *
 * Compare it with `tcp/server.ts`: there is nothing to accept or close, each datagram is a whole message (even an empty one), and the
 * answer goes to the datagram's source address. Since that can be forged, the answers to one peer are limited
 * (`lib/datagram/answer_budget.ts`).
 *
 * @module
 */
import { type DatagramHandler, MAX_RATE, serveDatagrams } from "../lib/datagram/server.ts";
import { datagramTotalsLine } from "../lib/totals.ts";
import { MAX_DATAGRAM } from "../lib/datagram/socket.ts";
import { warnOfAmplification } from "../lib/datagram/answer_budget.ts";
import { UsageError } from "../lib/errors.ts";
import { joinCommand } from "../lib/script/command.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { announce, listenUdp } from "../lib/net/listen.ts";
import { bindFlags, commonFlags, silenceFlag } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { refuseWith } from "../lib/script/unused_flags.ts";
import type { Events } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import { encodeText, plural } from "../lib/text.ts";
import { Traffic } from "../lib/traffic.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 12345 }),
  reply: flag.text(
    "answer to each datagram; on a network keep it within 56 bytes, or forged datagrams can use it to flood others",
    {
      default: "Hello from server!",
    },
  ),
  echo: flag.on("send every datagram back"),
  discard: flag.on("only count received datagrams"),
  maxRate: flag.integer(
    "maximum answers per second to a peer that may be another server in a loop with this one; 0 = no limit",
    {
      default: MAX_RATE,
      min: 0,
      max: 1_000_000,
    },
  ),
  once: flag.on("serve one datagram, then exit"),
  ...commonFlags,
  timeout: silenceFlag,
};

/** Flags and help text of `udp:server`. */
export const script: Script<typeof flags> = {
  name: "udp:server",
  role: "server",
  summary: "UDP server that prints each datagram and answers it",
  example: {
    flags: "--port 9000 --echo",
    does: "Sends back what arrives on port 9000; try it with `nc -u 127.0.0.1 9000`.",
  },
  flags,
};

/**
 * Answers every datagram with `reply`.
 *
 * @throws {UsageError} The reply is too long for a datagram.
 */
export function answerWith(reply: string): DatagramHandler {
  const bytes = encodeText(reply);
  if (bytes.length > MAX_DATAGRAM) {
    throw new UsageError(
      `Cannot use --reply: it has ${bytes.length} bytes, the maximum for one datagram is ${MAX_DATAGRAM}`,
    );
  }
  // Do not answer our own reply: a forged datagram could set two such servers on each other.
  return (datagram) =>
    bytes.length > 0 && datagram.length === bytes.length && datagram.every((byte, at) => byte === bytes[at])
      ? null
      : bytes;
}

/** Sends every datagram back unchanged (RFC 862). */
export const echo: DatagramHandler = (bytes) => bytes;

/** Answers no datagram (RFC 863), and counts. */
export class Discard {
  #datagrams = 0;
  #bytesIn = 0;
  #traffic = new Traffic(() => ({ bytesIn: this.#bytesIn, bytesOut: 0 }));

  /** Counts a datagram. */
  handler: DatagramHandler = (bytes) => {
    this.#datagrams++;
    this.#bytesIn += bytes.length;
    return null;
  };

  /** Shows the count and the rate until the server has stopped. */
  during<T>(serving: Promise<T>, events: Events): Promise<T> {
    const text = (): string => {
      const figures = this.#traffic.now();
      return this.#datagrams > 0 ? `${plural(this.#datagrams, "datagram")}: ${figures}` : "";
    };
    return withProgress(serving, events, text, { after: 500, every: 500 });
  }
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, given, events, signal, wrap }) => {
    refuseWith(given, "echo", "discard", "reply");
    refuseWith(given, "discard", "reply", "maxRate");
    const discard = options.discard ? new Discard() : null;
    const handler = discard?.handler ?? (options.echo ? echo : answerWith(options.reply));
    const at = { hostname: options.bind, port: options.port, transport: "udp" } as const;
    const socket = listenUdp(() => wrap(Deno.listenDatagram(at)), at);
    announce(events, socket, (at) => joinCommand("udp:client", at));
    if (discard === null && !options.echo) warnOfAmplification(encodeText(options.reply), options.bind, events);
    const { once, maxRate } = options;
    const limits = { once, maxRate, timeout: options.timeout * 1000, report: discard === null };
    const serving = serveDatagrams(socket, handler, { ...limits, events, signal });
    return datagramTotalsLine(await (discard?.during(serving, events) ?? serving), events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
