/**
 * What the checks of plain TCP have in common: asking, and judging the answer.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { counted, encodeText } from "../../../lib/text.ts";
import { type Blame, CheckFailure } from "../check.ts";
import { excerptOf } from "../excerpt.ts";
import type { Talk } from "../talk.ts";
import type { Trial } from "../trial.ts";
import { exchange, type TcpDialect } from "./dialect.ts";
import { AT_ONCE as SERVE_AT_ONCE } from "./remedies.ts";

/** A trial of plain TCP. */
export type TcpTrial = Trial<TcpDialect>;

/** Why a check that waits for answers does not apply; `null` if it does. */
export function needsAnswers({ answers }: TcpDialect): string | null {
  return answers === "nothing" ? "this server answers nothing" : null;
}

/** Why a check of an echo does not apply; `null` if it does. */
export function needsEcho({ answers }: TcpDialect): string | null {
  return answers === "echo" ? null : "this server is no echo";
}

/** Why a check that sends several messages on one connection does not apply; `null` if it does. */
export function needsManyMessages(dialect: TcpDialect): string | null {
  if (dialect.end === "") return "only the half-close ends a message here";
  return needsAnswers(dialect) ?? (dialect.closes ? "this server closes after its first answer" : null);
}

/** Why a check of framing does not apply, since an echo server has no messages; `null` if it does. */
export function needsMessages(dialect: TcpDialect): string | null {
  return needsAnswers(dialect) ?? (dialect.answers === "echo" ? "an echo has no messages" : null);
}

/** A message with its end. */
export function messageOf({ message, end }: TcpDialect): Uint8Array {
  return encodeText(message + end);
}

/** Half-closes if that is what ends a message. */
export async function finish({ dialect: { end } }: TcpTrial, talk: Talk): Promise<void> {
  if (end === "") await talk.halfClose();
}

/** Connects, and sends pieces one after the other, as one message. */
export async function ask(trial: TcpTrial, ...pieces: readonly Uint8Array[]): Promise<Talk> {
  const talk = await trial.connect();
  for (const piece of pieces) await talk.send(piece);
  await finish(trial, talk);
  return talk;
}

/**
 * Waits for the answer: from an echo every byte, otherwise anything with the expected text.
 *
 * @param anything Whether any answer will do, because the expected text belongs to another message.
 * @param wrong What is to blame where another answer comes.
 */
export async function expectAnswer(
  trial: TcpTrial,
  talk: Talk,
  sent: Uint8Array,
  { anything = false, wrong = null }: { anything?: boolean; wrong?: Blame | null } = {},
): Promise<void> {
  const { dialect: { answers, reply }, patience } = trial;
  if (answers === "echo") return await expectEcho(trial, talk, sent, wrong);
  const expected = anything ? "" : reply;
  if (await talk.until((text) => text !== "" && text.includes(expected), patience)) return;
  if (talk.count > 0) trial.fail(`the answer was another one: ${excerptOf(talk.received)}`, wrong);
  trial.fail(`${whatCame(talk, patience)} instead of an answer`);
}

/** Waits until every byte has come back. */
async function expectEcho(trial: TcpTrial, talk: Talk, sent: Uint8Array, blame: Blame | null): Promise<void> {
  const enough = await talk.untilAll(sent.length, trial.patience);
  const { received } = talk;
  const wrong = received.findIndex((byte, index) => byte !== sent[index]);
  if (wrong >= 0) {
    const [was, came] = [sent, received].map((bytes) => excerptOf(bytes.subarray(Math.max(0, wrong - 8), wrong + 12)));
    trial.fail(`byte ${wrong + 1} came back as another one: “${came}” instead of “${was}”`, blame);
  }
  if (enough) return;
  trial.fail(
    `${counted(talk.count, "byte")} of ${counted(sent.length, "byte")} came back, then ${
      whatCame(talk, trial.patience)
    }`,
  );
}

/** How a stream went on. */
export function whatCame({ end }: Talk, patience: number): string {
  if (end === "reset") return "the connection was reset";
  return end === "end" ? "the server closed" : `nothing came for ${patience / 1000} s`;
}

/** How long a server is given to accept a client that says nothing (ms). */
const SOON = 20;
/** How many simple exchanges prove that others are served. */
const OTHERS = 3;

/** What is to blame where a client keeps another one waiting, whatever it does. */
export const ONE_AT_A_TIME: Blame = { mistake: 14, remedy: SERVE_AT_ONCE };

/** Fails the check unless other clients are served, each promptly. */
export async function expectOthersServed(
  trial: TcpTrial,
  whom: string,
  blame: Blame = ONE_AT_A_TIME,
): Promise<void> {
  for (let count = 0; count < OTHERS; count++) {
    try {
      await exchange(trial);
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      trial.fail(`${whom} kept another client waiting: ${error.message}`, blame);
    }
  }
}

/** Whether even a client that says nothing keeps another one waiting: then, what a third one does is not to blame. */
export async function servesOneAtATime(trial: TcpTrial): Promise<boolean> {
  using _silent = await trial.connect();
  await trial.pause(SOON);
  try {
    await exchange(trial);
    return false;
  } catch (error) {
    if (error instanceof CheckFailure) return true;
    throw error;
  }
}

/** The pause between two pieces (ms): long enough for a server to read them separately, and too short to end a message. */
const APART = 25;
/** An answer that comes sooner than this after the first piece is not due to a pause (ms). */
const AT_ONCE = 60;
/** How often an answer may look as if it were due to a pause: this machine may have been busy. */
const ATTEMPTS = 3;

/** Sends one message in pieces, with pauses. The check fails unless it is answered once, and not before the last piece. */
export async function askInPieces(
  trial: TcpTrial,
  pieces: readonly Uint8Array[],
  { pause = APART, anything = false }: { pause?: number; anything?: boolean } = {},
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    using talk = await trial.connect();
    const early = await sendPieces(trial, talk, pieces, pause);
    if (early !== null && (early.after < AT_ONCE || attempt === ATTEMPTS)) {
      trial.fail(`it took ${early.pieces} of the ${counted(pieces.length, "piece")} for the whole message`);
    }
    if (early !== null) continue;
    await finish(trial, talk);
    return await expectAnswer(trial, talk, concat([...pieces]), { anything });
  }
}

/** Sends pieces; returns how many there were when the server answered too early, and how long (ms) after the first. */
async function sendPieces(
  trial: TcpTrial,
  talk: Talk,
  pieces: readonly Uint8Array[],
  pause: number,
): Promise<{ readonly pieces: number; readonly after: number } | null> {
  const began = performance.now();
  for (const [index, piece] of pieces.entries()) {
    await talk.send(piece);
    if (index === pieces.length - 1) return null;
    await trial.pause(pause);
    const answered = talk.count > 0 || talk.end !== null;
    if (trial.dialect.answers === "reply" && answered) {
      return { pieces: index + 1, after: performance.now() - began };
    }
  }
  return null;
}
