/**
 * sum:udp-server answers a number with another over UDP; both sides print the sum.
 *
 * ```sh
 * deno task sum:udp-server
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-sys=networkInterfaces sum/udp_server.ts
 * ```
 *
 * Try it with a second terminal (`nc -u 127.0.0.1 12000` and a line `Ada: 42` work too):
 *
 * ```
 * $ deno task sum:udp-client --number 42  $ deno task sum:udp-server --number 58
 * …                                     [+] Listening on 127.0.0.1:12000 (UDP)
 * Client name: Plainwire client         …
 * Server name: Plainwire server         [*] Received from 127.0.0.1:52884: Plainwire client: 42
 * Client's number: 42                   Client name: Plainwire client
 * Server's number: 58                   … the same five lines
 * Sum: 100
 * …
 * ```
 *
 * Compare it with `sum/server.ts`: here an answer can be lost, and the client then retries. So the server remembers its answers by peer
 * and question (`sum/recent.ts`).
 *
 * @module
 */
import { formatEndpoint } from "../lib/addr.ts";
import { fittingWording, warnOfAmplification } from "../lib/datagram/answer_budget.ts";
import { serveDatagrams, type ServeDatagramsOptions } from "../lib/datagram/server.ts";
import { type DatagramTotals, datagramTotalsLine } from "../lib/totals.ts";
import { joinCommand } from "../lib/script/command.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { announce, listenUdp } from "../lib/net/listen.ts";
import type { PacketSocket } from "../lib/net/packet_socket.ts";
import { bindFlags, commonFlags, silenceFlag } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { decodeText, encodeText } from "../lib/text.ts";
import { replyTo, reportReply, rulesOf, type ServerRules } from "./exchange.ts";
import { serverFlags } from "./flags.ts";
import { endsExchange, formOf, writeRefusal, writeStopping } from "./protocol.ts";
import { RecentAnswers } from "./recent.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 12000 }),
  ...serverFlags,
  once: flag.on("serve one exchange, then exit"),
  ...commonFlags,
  timeout: silenceFlag,
};

/** The bytes of the shortest question, `a:1`. */
const SHORTEST = 3;

/** Flags and help text of `sum:udp-server`. */
export const script: Script<typeof flags> = {
  name: "sum:udp-server",
  role: "server",
  summary: "Answers a client's number from 1 to 100 with its own over UDP, and prints the sum",
  example: {
    flags: "--number 58 --keep-running",
    does: "Always answers with 58, and keeps running when a client sends a number outside 1-100.",
  },
  flags,
};

/** A refusal, shortened for a short question: a long answer to a forged question would be an amplification attack. */
function shortRefusal(text: string, question: string, length: number): string {
  const form = formOf(question);
  const short = form === "json" ? "not a JSON object" : "it is not NAME: INTEGER";
  const wordings = [text, writeRefusal(`Cannot take the question: ${short}`, form)];
  return fittingWording(question.endsWith("\n") ? wordings.map((each) => `${each}\n`) : wordings, length);
}

/** Answers each datagram until the signal fires or a number outside 1-100 stops it; a repeated question gets the same answer. */
export async function serveSumDatagrams(
  socket: PacketSocket,
  rules: ServerRules,
  options: ServeDatagramsOptions,
): Promise<DatagramTotals> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const recent = new RecentAnswers();
  return await serveDatagrams(socket, (bytes, from, events, flow) => {
    const question = decodeText(bytes);
    const peer = formatEndpoint(from);
    if (endsExchange(question)) return null;
    const before = recent.find(peer, question);
    if (before === null) return null;
    if (before !== undefined) {
      events.emit({ event: "notice", message: `${peer} repeated its question and gets the same answer` });
      return before;
    }
    const reply = replyTo(question, rules);
    reportReply(reply, events, { id: flow(), peer });
    // The answer to this datagram is still sent before the server stops. If it is lost, a retry gets no answer.
    if (reply.kind === "stop") stop.abort();
    // End the answer like the question: users of `nc -u` send a newline and expect one.
    const answer = reply.kind === "refusal"
      ? shortRefusal(reply.text, question, bytes.length)
      : question.endsWith("\n")
      ? `${reply.text}\n`
      : reply.text;
    recent.add(peer, question, answer);
    return answer;
  }, { ...options, signal });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, events, signal, wrap }) => {
    const at = { hostname: options.bind, port: options.port, transport: "udp" } as const;
    const socket = listenUdp(() => wrap(Deno.listenDatagram(at)), at);
    announce(events, socket, (at) => joinCommand("sum:udp-client", at));
    warnOfAmplification(encodeText(writeStopping(options.name, "line")), options.bind, events, SHORTEST);
    const { once, timeout } = options;
    const limits = { once, timeout: timeout * 1000, events, signal };
    return datagramTotalsLine(await serveSumDatagrams(socket, rulesOf(options), limits), events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
