/**
 * How a server speaks the number exchange, and the questions of which its checks are made.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { decodeText, encodeText } from "../../../lib/text.ts";
import type { DatagramTalk } from "../datagram_talk.ts";
import type { Probe, ProtocolFlagValues } from "../protocol.ts";
import type { Talk } from "../talk.ts";
import type { Trial } from "../trial.ts";
import { type Answer, describe, readAnswer } from "./answer.ts";

/** How a server speaks. */
export interface SumDialect {
  readonly transport: "tcp" | "udp";
  /** What ends a question; "" is a pause. */
  readonly end: string;
  /** Whether it takes JSON objects too. */
  readonly json: boolean;
  /** Whether it refuses a number outside 1-100 instead of stopping. */
  readonly keepsRunning: boolean;
}

/** A trial of the number exchange. */
export type SumTrial = Trial<SumDialect>;

/** A question that every server accepts. */
export const PLAIN = "Ada: 42";
/** How long the rest of an answer may take, its newline or the close (ms): with Nagle's algorithm, a second write comes 40 ms late. */
const REST = 100;
/** How long to wait for an answer that is not required (ms). */
const UNLIKELY = 400;

/** Makes `dialectOf` for a transport: what the flags say, if one plain question is answered. */
export function dialectOver(
  transport: "tcp" | "udp",
): (flags: ProtocolFlagValues, probe: Probe) => Promise<SumDialect> {
  return async ({ terminator, jsonLines, keepsRunning }, { trial, say }) => {
    const end = terminator ?? (transport === "udp" ? "" : "\n");
    const dialect = { transport, end, json: jsonLines, keepsRunning };
    const answer = await askBy(trial, dialect, PLAIN);
    expectNumber(trial, answer);
    say(`asked "${PLAIN}", ${describe(answer)}`);
    return dialect;
  };
}

/** Asks, as a client of its own. */
export async function ask(trial: SumTrial, question: string | Uint8Array, options: AskOptions = {}): Promise<Answer> {
  return await askBy(trial, trial.dialect, question, options);
}

/** How to ask. */
export interface AskOptions {
  /** What ends the question, if not what the dialect says. */
  readonly end?: string;
  /** No answer is required: do not wait for long, and do not ask again. */
  readonly unlikely?: boolean;
  /** Any number will do, even if more digits follow. */
  readonly hasty?: boolean;
}

async function askBy<D>(
  trial: Trial<D>,
  { transport, end: usual }: Pick<SumDialect, "transport" | "end">,
  question: string | Uint8Array,
  { end = usual, unlikely = false, hasty = false }: AskOptions = {},
): Promise<Answer> {
  const bytes = concat([typeof question === "string" ? encodeText(question) : question, encodeText(end)]);
  const patience = unlikely ? Math.min(UNLIKELY, trial.patience) : trial.patience;
  if (transport === "udp") {
    using talk = await trial.openDatagram();
    const first = unlikely ? await once(talk, bytes, patience) : await talk.ask(bytes, patience);
    return readAnswer(decodeText(first ?? new Uint8Array()), null);
  }
  using talk = await trial.connect();
  await talk.send(bytes);
  if (!hasty) return await answerOn(talk, patience);
  // Where only a pause ends the question, its wait is not what is tried here.
  if (end === "") await talk.halfClose();
  await talk.until((text) => readAnswer(text, null).kind === "number", patience);
  return readAnswer(talk.text, talk.end);
}

/** Sends a datagram once: what is refused without a word is not to be asked again. */
async function once(talk: DatagramTalk, bytes: Uint8Array, patience: number): Promise<Uint8Array | null> {
  await talk.send(bytes);
  await talk.untilCount(1, patience);
  return talk.answers[0] ?? null;
}

/** Waits for an answer on a connection: up to its newline, the end, or a pause. */
export async function answerOn(talk: Talk, patience: number): Promise<Answer> {
  if (await talk.until((text) => text !== "", patience)) await talk.until((text) => text.includes("\n"), REST);
  return readAnswer(talk.text, talk.end);
}

/** Ends the check unless the answer is a number from 1 to 100. */
export function expectNumber<D>(trial: Trial<D>, answer: Answer): void {
  if (answer.kind !== "number") trial.fail(describe(answer));
  if (answer.number >= 1n && answer.number <= 100n) return;
  trial.fail(`it answered ${answer.number}, which is not from 1 to 100`);
}

/** Asks a valid question. */
export async function asks(trial: SumTrial, question: string | Uint8Array, options?: AskOptions): Promise<void> {
  expectNumber(trial, await ask(trial, question, options));
}

/** Asks what must be refused: in words, by a close, or by silence. Whether the server has survived is checked afterwards. */
export async function isRefused(trial: SumTrial, question: string | Uint8Array): Promise<Answer> {
  const answer = await ask(trial, question, { unlikely: true });
  if (answer.kind === "number") trial.fail(`it took that for a number: ${describe(answer)}`);
  return answer;
}

/** The server is still there. */
export async function alive(trial: SumTrial): Promise<void> {
  const answer = await ask(trial, PLAIN, { hasty: true });
  // Over UDP, nothing tells that nobody listens.
  if (answer.kind === "none" && trial.dialect.transport === "udp") trial.steps.add(1, "refused");
  if (answer.kind !== "number") trial.fail(`of a plain question, ${describe(answer)}`);
}
