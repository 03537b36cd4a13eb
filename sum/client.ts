/**
 * sum:client sends a number from 1 to 100 over TCP and prints the sum with the server's.
 *
 * ```sh
 * deno task sum:client
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net sum/client.ts
 * ```
 *
 * Try it with `deno task sum:server --number 58` in another terminal:
 *
 * ```
 * $ deno task sum:client                      # at a terminal, it asks
 * Enter an integer between 1 and 100 [42]: 42
 * [+] Connected to 127.0.0.1:12000 from 127.0.0.1:52884 in 0.60 ms
 * [*] Sent: Plainwire client: 42
 * Client name: Plainwire client
 * Server name: Plainwire server
 * Client's number: 42
 * Server's number: 58
 * Sum: 100
 * …
 * $ deno task sum:client --number 0           # outside 1-100: the server stops, or refuses it (--keep-running): code 1
 * ```
 *
 * @module
 */
import { connectTcp } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { commonFlags, connectOptions, framingFlags, peerFlags } from "../lib/script/shared_flags.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { decodeText } from "../lib/text.ts";
import { clientTls, tlsClientFlags } from "../lib/script/tls_flags.ts";
import { type Question, takeAnswer } from "./exchange.ts";
import { chooseNumber, clientFlags } from "./flags.ts";
import { writeOffer } from "./protocol.ts";

const flags = {
  ...peerFlags({ port: 12000 }),
  ...clientFlags,
  ...framingFlags,
  ...tlsClientFlags,
  ...commonFlags,
};

/** Flags and help text of `sum:client`. */
export const script: Script<typeof flags> = {
  name: "sum:client",
  role: "client",
  summary: "Sends a number from 1 to 100 and prints the sum with the server's",
  example: {
    flags: "--number 42 --name Ada --format json",
    does: `Sends {"name":"Ada","number":42} and prints five lines.`,
  },
  flags,
};

/**
 * Sends the question over a connection and prints the result.
 *
 * @returns The last line of the run.
 * @throws {RefusedError} The server turned us away.
 * @throws {CutOffError} The server closed without an answer.
 * @throws {ProtocolError} The answer is malformed.
 * @throws {Failure} With code 1: the server refused the question.
 */
export async function runSum(
  connection: Connection,
  question: Question,
  { events, output }: { events: Events; output: DataOutput },
): Promise<string> {
  await connection.write(`${writeOffer(question, question.form)}\n`);
  const answer = await connection.readMessage();
  if (answer === null) throw new CutOffError(`Cannot get an answer from ${connection.peer}: it closed without one`);
  const { id, peer: from } = connection;
  return await takeAnswer(decodeText(answer), question, { events, output, id, from });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events, output } = run;
    const { host, port, name, format } = options;
    const question = { name, number: chooseNumber(options), form: format };
    const limits = { ...connectOptions(run), tls: await clientTls(run) };
    const open = run.opener((at) => Deno.connect(at));
    await using connection = await connectTcp(open, { hostname: host, port }, limits);
    return await runSum(connection, question, { events, output });
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
