/**
 * One exchange of numbers from both sides: how a server answers a question, and how a client handles the answer. The same over TCP
 * and UDP.
 *
 * @module
 */
import { Exit, Failure, ProtocolError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { encodeText, escapeControls } from "../lib/text.ts";
import { formOf, inRange, outOfRange, quote, readAnswer, readQuestion, shorten } from "./protocol.ts";
import { type Form, type Offer, writeOffer, writeRefusal, writeStopping } from "./protocol.ts";

/** How a server answers. */
export interface ServerRules {
  readonly name: string;
  /** The server's number for one exchange, 1 to 100. */
  readonly draw: () => number;
  /** Whether a number outside 1-100 is refused instead of stopping the server. */
  readonly keepRunning: boolean;
}

/** A client's question. */
export interface Question extends Offer {
  readonly form: Form;
}

/** A server's reply to a question; `text` is the answer, without a newline. */
export type Reply =
  | { readonly kind: "sum"; readonly text: string; readonly client: Offer; readonly server: Offer }
  | { readonly kind: "stop"; readonly text: string; readonly reason: string }
  | { readonly kind: "refusal"; readonly text: string; readonly reason: string };

/** The rules from a server's flags. */
export function rulesOf(
  { name, number, keepRunning }: { name: string; number: number | undefined; keepRunning: boolean },
): ServerRules {
  return { name, keepRunning, draw: () => number ?? 1 + Math.floor(Math.random() * 100) };
}

/**
 * Answers a question. Any text gets an answer.
 *
 * @param text One message from a client.
 *
 * @example Usage
 * ```ts
 * import { replyTo } from "./exchange.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rules = { name: "Bob", draw: () => 58, keepRunning: false };
 * assertEquals(replyTo("Ada: 42", rules).text, "Bob: 58");
 * assertEquals(replyTo("Ada: 0", rules).text, "Bob: stopping");
 * assertEquals(replyTo("Ada: 4.5", rules).text, 'Cannot take the question: "4.5" is not an integer');
 * ```
 */
export function replyTo(text: string, rules: ServerRules): Reply {
  const form = formOf(text);
  try {
    const client = readQuestion(text);
    if (inRange(client.number)) {
      const server = { name: rules.name, number: BigInt(rules.draw()) };
      return { kind: "sum", text: writeOffer(server, form), client, server };
    }
    const reason = outOfRange(client.number);
    if (rules.keepRunning) throw new ProtocolError(`Cannot take the question: ${reason}`);
    return {
      kind: "stop",
      text: writeStopping(rules.name, form),
      reason: `requested by ${quote(client.name)}: ${reason}`,
    };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: "refusal", text: writeRefusal(error.message, form), reason: error.message };
  }
}

/** Logs a server's reply. */
export function reportReply(
  reply: Reply,
  events: Events,
  { id, peer }: { readonly id: number; readonly peer: string },
): void {
  if (reply.kind === "refusal") {
    events.emit({ event: "error", id, peer, code: Exit.protocol, message: reply.reason });
  } else if (reply.kind === "stop") {
    events.emit({ event: "notice", message: `Stopping as ${reply.reason}` });
  } else {
    const fields = sumFields(reply.client, reply.server);
    events.emit({ event: "result", id, peer, ...fields, prose: sumLines(reply.client, reply.server) });
  }
}

/**
 * Handles a server's answer: the five lines of a sum go to the output, and so does the notice of a server that is stopping.
 *
 * @param text One message from the server.
 * @param id The number of the connection or flow.
 * @param from The server.
 * @returns The last line of the run.
 * @throws {ProtocolError} The answer is malformed.
 * @throws {Failure} With code 1: the server refused the question, as the protocol allows.
 */
export async function takeAnswer(
  text: string,
  question: Question,
  { events, output, id, from }: { events: Events; output: DataOutput; id: number; from: string },
): Promise<string> {
  const answer = readAnswer(text, question.form, from);
  if (answer.kind === "refused") {
    const what = inRange(question.number) ? "question" : "number";
    const reason = shorten(answer.reason.replace(/^Cannot take the question: /, ""), 1000);
    throw new Failure(Exit.failed, `Cannot get an answer: ${from} refused the ${what}: ${reason}`);
  }
  if (answer.kind === "stopping") {
    const serverName = answer.name;
    events.emit({ event: "result", id, peer: from, serverName, stopping: true, prose: "" });
    await output.write(encodeText(`${escapeControls(serverName)} is stopping\n`));
    return `Done: the server is stopping because ${outOfRange(question.number)}`;
  }
  // The lines are the client's data and go to the output; the event only appears in JSON.
  events.emit({ event: "result", id, peer: from, ...sumFields(question, answer.offer), prose: "" });
  const lines = sumLines(question, answer.offer);
  await output.write(encodeText(lines.map((line) => `${escapeControls(line)}\n`).join("")));
  return `Done: an answer from ${from}`;
}

/** The five lines that both sides print. They are unescaped data: a name may be any text from the peer. */
export function sumLines(client: Offer, server: Offer): string[] {
  return [
    `Client name: ${client.name}`,
    `Server name: ${server.name}`,
    `Client's number: ${client.number}`,
    `Server's number: ${server.number}`,
    `Sum: ${client.number + server.number}`,
  ];
}

/** The same as event fields. */
function sumFields(client: Offer, server: Offer): Record<string, string | number> {
  return {
    clientName: client.name,
    serverName: server.name,
    clientNumber: exact(client.number),
    serverNumber: exact(server.number),
    sum: exact(client.number + server.number),
  };
}

/** An integer for JSON: a string if a reader that uses doubles would round it (RFC 8259 6). */
function exact(number: bigint): string | number {
  return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
}
