/**
 * How a server speaks plain TCP: what a message is, and what comes back.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import { CheckFailure } from "../check.ts";
import { excerptOf } from "../excerpt.ts";
import type { Probe, ProtocolFlagValues } from "../protocol.ts";
import type { Talk } from "../talk.ts";
import type { Trial } from "../trial.ts";

/** How a server speaks plain TCP. */
export interface TcpDialect {
  /** Whether it sends back what it receives, answers each message, or is silent. */
  readonly answers: "echo" | "reply" | "nothing";
  /** What every answer contains; "" = anything. */
  readonly reply: string;
  /** A message that it accepts, without its end. */
  readonly message: string;
  /** What ends a message; "" = the half-close. */
  readonly end: string;
  /** The longest message that it accepts (bytes), if that is known. */
  readonly maxMessage: number | null;
  /** Whether it closes after its first answer. */
  readonly closes: boolean;
}

/** How long to wait for a server to close after its answer (ms). */
const CLOSING = 300;

/** Finds out how the server speaks: from the flags or, where they say nothing, from a first exchange. */
export async function dialectOf(flags: ProtocolFlagValues, { trial, say }: Probe): Promise<TcpDialect> {
  const { message, terminator: end = "\n", maxMessage = null, expectReply } = flags;
  const known = { message, maxMessage, reply: expectReply ?? "" };
  if (flags.discard) return { ...known, end, answers: "nothing", closes: false };
  using talk = await trial.connect();
  const sent = message + end;
  await talk.send(sent);
  if (end === "") await talk.halfClose();
  if (flags.echo) {
    const closing = await closes(talk, sent);
    if (talk.text !== sent) {
      say(`it answers ${quoted(encodeText(sent))} with ${quoted(talk.received)}: that is no echo`);
    }
    return { ...known, end, answers: "echo", closes: closing };
  }
  if (await talk.until((text) => text !== "", trial.patience)) {
    const closing = await closes(talk, "");
    const echo = expectReply === undefined && talk.text === sent;
    say(`it answers ${quoted(encodeText(sent))} with ${echo ? "the same" : quoted(talk.received)}`);
    say(closing ? "it closes after its answer" : "it keeps the connection open for more messages");
    return { ...known, end, answers: echo ? "echo" : "reply", closes: closing && end !== "" };
  }
  return { ...known, ...await lastAttempt(talk, flags, trial.patience, say) };
}

function quoted(bytes: Uint8Array): string {
  return `“${excerptOf(bytes)}”`;
}

/** Whether the server closes after its answer. */
async function closes(talk: Talk, answer: string): Promise<boolean> {
  await talk.until((text) => text.length >= answer.length, CLOSING);
  return await talk.untilEnd(CLOSING) !== null;
}

/** Tries whether the half-close ends a message, since its end was not answered. */
async function lastAttempt(
  talk: Talk,
  { terminator, expectReply }: ProtocolFlagValues,
  patience: number,
  say: (comment: string) => void,
): Promise<Pick<TcpDialect, "answers" | "end" | "closes">> {
  const end = terminator ?? "\n";
  await talk.halfClose();
  if (end !== "" && await talk.until((text) => text !== "", patience)) {
    say(`it answers when the client half-closes, with ${quoted(talk.received)}`);
    return { answers: "reply", end: "", closes: true };
  }
  if (expectReply !== undefined) throw new CheckFailure(`the server answered nothing within ${patience / 1000} s`);
  say(`it answers nothing within ${patience / 1000} s: what needs an answer is skipped`);
  return { answers: "nothing", end, closes: false };
}

/** How long to wait for a server that does not answer to close after the client's half-close (ms). */
const SILENT = 300;

/** One plain exchange. */
export async function exchange(trial: Trial<TcpDialect>): Promise<void> {
  const { dialect: { answers, message, end, reply }, patience } = trial;
  using talk = await trial.connect();
  await talk.send(message + end);
  if (end === "" || answers === "nothing") await talk.halfClose();
  if (answers === "nothing") return void await talk.untilEnd(Math.min(SILENT, patience));
  const expected = answers === "echo" ? message : reply;
  if (await talk.until((text) => text !== "" && text.includes(expected), patience)) return;
  if (talk.text !== "") trial.fail(`a plain message got another answer, ${quoted(talk.received)}`);
  const what = { reset: "a reset", end: "the end of the stream" };
  trial.fail(`a plain message got ${talk.end === null ? `no answer within ${patience / 1000} s` : what[talk.end]}`);
}
