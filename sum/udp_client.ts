/**
 * sum:udp-client sends a number from 1 to 100 over UDP, with retries, and prints the sum with the server's.
 *
 * ```sh
 * deno task sum:udp-client
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net sum/udp_client.ts
 * ```
 *
 * Try it with `deno task sum:udp-server --number 58` in another terminal:
 *
 * ```
 * $ deno task sum:udp-client --number 42
 * [*] Sent: Plainwire client: 42
 * Client name: Plainwire client
 * Server name: Plainwire server
 * Client's number: 42
 * Server's number: 58
 * Sum: 100
 * …
 * ```
 *
 * Compare it with `sum/client.ts`: there is no connection, so the only sign of a missing server is silence.
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { formatEndpoint } from "../lib/addr.ts";
import type { PacketOpener } from "../lib/net/packet_socket.ts";
import { requestDatagram } from "../lib/datagram/request.ts";
import type { Events } from "../lib/events.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, peerFlags } from "../lib/script/shared_flags.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { decodeText } from "../lib/text.ts";
import { type Question, takeAnswer } from "./exchange.ts";
import { chooseNumber, clientFlags } from "./flags.ts";
import { writeOffer } from "./protocol.ts";

const flags = {
  ...peerFlags({ port: 12000 }),
  ...clientFlags,
  retries: flag.integer("retries when no answer arrives", { default: 3, min: 0, max: 1000 }),
  ...commonFlags,
  timeout: {
    ...commonFlags.timeout,
    help: "seconds to wait for the answer, over all tries; 0 = as long as the tries take",
  },
};

/** Flags and help text of `sum:udp-client`. */
export const script: Script<typeof flags> = {
  name: "sum:udp-client",
  role: "client",
  summary: "Sends a number from 1 to 100 over UDP and prints the sum with the server's",
  example: { flags: "--number 42 --retries 5", does: "Asks up to six times, doubling the wait each time." },
  flags,
};

/** Options of {@linkcode runSum}. */
export interface AskOptions {
  readonly retries: number;
  /** The time limit for all tries together in ms; 0 = none. */
  readonly timeout: number;
  readonly events: Events;
  readonly signal: AbortSignal;
  readonly output: DataOutput;
  /** Resolves the server's name (`resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
}

/**
 * Asks, with retries, and prints the result. All tries are sent from the same port, so that the server can recognise a question that it
 * has already answered.
 *
 * @returns The last line of the run.
 * @throws {Failure} No answer arrived, or (code 1) the server refused the question.
 * @throws {ProtocolError} The answer is malformed.
 */
export async function runSum(
  open: PacketOpener,
  server: Endpoint,
  question: Question,
  options: AskOptions,
): Promise<string> {
  const { output, ...asking } = options;
  const text = writeOffer(question, question.form);
  const { bytes, from, id } = await requestDatagram(open, server, text, { ...asking, samePort: true });
  const answered = { events: options.events, output, id, from: formatEndpoint(from) };
  return await takeAnswer(decodeText(bytes), question, answered);
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, events, signal, output, wrap, resolve }) => {
    const { host, port, name, format, retries } = options;
    const question = { name, number: chooseNumber(options), form: format };
    const open: PacketOpener = (at) => wrap(Deno.listenDatagram(at));
    const asking = { retries, timeout: options.timeout * 1000, events, signal, output, resolve };
    return await runSum(open, { hostname: host, port }, question, asking);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
