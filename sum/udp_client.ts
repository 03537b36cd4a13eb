/**
 * sum:udp-client sends a number from 1 to 100 over UDP, again when it is lost, and prints the sum with the server's.
 *
 * ```sh
 * deno task sum:udp-client
 * deno run --no-prompt --allow-net sum/udp_client.ts
 * ```
 *
 * Try it, with `deno task sum:udp-server` in another terminal:
 *
 * ```
 * $ deno task sum:udp-client --number 42
 * [*] Sent: Plainwire client: 42
 * Client name: Plainwire client
 * Server name: Plainwire server
 * Client's number: 42
 * Server's number: 58
 * Sum: 100
 * ```
 *
 * Read it beside `sum/client.ts`: nothing is connected, so that silence is all one hears of a server that is not there.
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { formatEndpoint } from "../lib/addr.ts";
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
  retries: flag.integer("how often to ask again when no answer comes", { default: 3, min: 0, max: 1000 }),
  ...commonFlags,
};

/** What `sum:udp-client` says of itself. */
export const script: Script<typeof flags> = {
  name: "sum:udp-client",
  role: "client",
  summary: "sends a number from 1 to 100 over UDP and prints the sum with the server's",
  example: { flags: "--number 42 --retries 5", does: "Asks up to six times, each time waiting twice as long." },
  flags,
};

/** How a question is put. */
export interface AskOptions {
  readonly retries: number;
  /** The bound on all tries together in ms; 0 = only the tries bound it. */
  readonly timeout: number;
  readonly events: Events;
  readonly signal: AbortSignal;
  readonly output: DataOutput;
}

/**
 * Asks, again when no answer comes, and prints what the answer means. Every try leaves from the same port: that is how the server
 * knows that it has answered this question already.
 *
 * @returns The last line of the run.
 * @throws {Failure} No answer came.
 * @throws {ProtocolError} The answer is none, or refuses the question.
 */
export async function runSum(server: Endpoint, question: Question, options: AskOptions): Promise<string> {
  const { output, ...asking } = options;
  const text = writeOffer(question, question.form);
  const { bytes, from } = await requestDatagram((at) => Deno.listenDatagram(at), server, text, {
    ...asking,
    samePort: true,
  });
  return await takeAnswer(decodeText(bytes), question, { events: options.events, output, from: formatEndpoint(from) });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, events, signal, output }) => {
    const { host, port, name, format, retries } = options;
    const question = { name, number: chooseNumber(options), form: format };
    const asking = { retries, timeout: options.timeout * 1000, events, signal, output };
    return await runSum({ hostname: host, port }, question, asking);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
