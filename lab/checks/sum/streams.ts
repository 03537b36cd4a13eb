/**
 * How a question may arrive over TCP: in pieces, with another one behind it, without its end.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { encodeText } from "../../../lib/text.ts";
import { within } from "../../../lib/within.ts";
import type { Check } from "../check.ts";
import type { Talk } from "../talk.ts";
import { describe, readAnswer } from "./answer.ts";
import { CONTRACT, PRACTICE } from "./cases.ts";
import { answerOn, asks, expectNumber, PLAIN, type SumDialect, type SumTrial } from "./dialect.ts";
import { ANSWER_ENDS, LIMIT, ONE_QUESTION, WHOLE_CHARACTERS } from "./remedies.ts";

const STREAM = { source: "RFC 9293 3.7", level: "MUST", mistake: 1, remedy: ONE_QUESTION } as const;
/** A pause between two pieces, and what it may come to on a busy machine (ms): a longer one may end a question. */
const PAUSE = 5;
const LONGEST_PAUSE = 60;
/** A line without end: how much of it is sent, and in what pieces. */
const ENDLESS = 8 * 1024 * 1024;
const PIECE = 64 * 1024;

/** The checks of streams. */
export const streams: readonly Check<SumDialect>[] = [
  {
    name: "byte-by-byte",
    title: "the question, each byte by itself",
    expects: "puts it together and answers it",
    ...STREAM,
    run: (trial) => inPieces(trial, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte))),
  },
  {
    name: "number-in-two-parts",
    title: '"Ada: 4", a pause, and "2" with the end of the question',
    expects: "waits for the rest, and answers once",
    ...STREAM,
    run: (trial) => inPieces(trial, (bytes) => [bytes.subarray(0, 6), bytes.subarray(6)], { pause: 30, waits: true }),
  },
  {
    name: "character-in-two-parts",
    title: "a name whose letters are cut in the middle of their bytes",
    expects: "puts them together and answers",
    ...STREAM,
    source: "RFC 3629 3",
    mistake: 6,
    remedy: WHOLE_CHARACTERS,
    run: (trial) =>
      inPieces(trial, (bytes) => [0, 2, 4, 6, 10].map((at, i, all) => bytes.subarray(at, all[i + 1])), {
        text: "é漢😀: 42",
      }),
  },
  {
    name: "two-in-one-write",
    title: "two questions in one write",
    expects: "answers both, or the first, and closes",
    ...STREAM,
    skip: ({ end }) => end === "" ? "without an end, nothing tells two questions apart" : null,
    async run(trial: SumTrial) {
      const { dialect: { end }, patience } = trial;
      const talk = await trial.connect();
      await talk.send(`Ada: 1${end}Bob: 2${end}`);
      expectNumber(trial, await answerOn(talk, patience));
      if (numbersIn(talk) < 2 && talk.end === null) await talk.until((text) => numbersIn({ text }) > 1, patience);
      trial.expect(
        numbersIn(talk) > 1 || talk.end !== null,
        "it answered one of them and kept the client waiting for the other",
      );
    },
  },
  {
    name: "second-question",
    title: "a second question after the answer, on the same connection",
    expects: "answers it, or has closed",
    ...PRACTICE,
    source: "RFC 9293 3.6",
    mistake: 5,
    remedy: ANSWER_ENDS,
    async run(trial: SumTrial) {
      const { dialect: { end }, patience } = trial;
      const talk = await trial.connect();
      await talk.send(PLAIN + end);
      expectNumber(trial, await answerOn(talk, patience));
      const before = talk.text.length;
      await talk.send(`Bob: 43${end}`);
      await talk.until((text) => text.length > before, patience);
      trial.expect(talk.text.length > before || talk.end !== null, "it kept the connection open and did not answer");
    },
  },
  {
    name: "answer-has-an-end",
    title: "a question, and a look at the end of the answer",
    expects: "ends its answer with a newline, or closes",
    ...STREAM,
    mistake: 5,
    remedy: ANSWER_ENDS,
    async run(trial: SumTrial) {
      const talk = await trial.connect();
      await talk.send(PLAIN + trial.dialect.end);
      expectNumber(trial, await answerOn(talk, trial.patience));
      await talk.until((text) => text.includes("\n"), trial.patience);
      trial.expect(talk.text.includes("\n") || talk.end !== null, "it did neither: a client waits for more");
    },
  },
  {
    name: "carriage-return",
    title: "a question that ends with CR LF",
    expects: "answers it",
    ...CONTRACT,
    source: "RFC 854",
    mistake: 17,
    remedy: ONE_QUESTION,
    run: (trial) => asks(trial, PLAIN, { end: "\r\n" }),
  },
  {
    name: "end-without-newline",
    title: "a question without its end, and the client's half-close",
    expects: "takes the end of the stream for that of the question, and answers",
    source: "RFC 9293 3.6",
    level: "contract",
    mistake: 4,
    remedy: ONE_QUESTION,
    async run(trial: SumTrial) {
      const talk = await trial.connect();
      await talk.send(PLAIN);
      await talk.halfClose();
      expectNumber(trial, await answerOn(talk, trial.patience));
    },
  },
  {
    name: "pause-without-newline",
    title: "a question without its end, and a pause, as the textbook's client sends it",
    expects: "takes the pause for the end, and answers",
    ...CONTRACT,
    mistake: 5,
    remedy: ONE_QUESTION,
    skip: ({ end }) => end === "" ? null : "a server of lines may wait for the end of the line (--terminator none)",
    run: (trial) => asks(trial, PLAIN, { end: "" }),
  },
  {
    name: "slow-writer",
    title: "the question, a byte every 20 ms",
    expects: "waits for all of it, and answers",
    ...STREAM,
    run: (trial) => inPieces(trial, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)), { pause: 20 }),
  },
  {
    name: "line-without-end",
    title: "8 MiB without a newline",
    expects: "refuses it at some length, and serves the next client",
    source: "CWE-770",
    level: "practice",
    mistake: 18,
    remedy: LIMIT,
    byHand: "head -c 8M /dev/zero | tr '\\0' x | nc -N $HOST $PORT",
    run: endless,
  },
];

/** How many numbers were received. */
function numbersIn({ text }: { readonly text: string }): number {
  return text.split("\n").filter((line) => readAnswer(line, null).kind === "number").length;
}

/**
 * Sends a question in pieces, on a new connection, up to three times: where this machine was too busy to send them in time, a server may
 * have taken a pause for the end.
 *
 * @param options With `waits`, an answer that comes before the last piece is wrong.
 */
async function inPieces(
  trial: SumTrial,
  cut: (bytes: Uint8Array) => readonly Uint8Array[],
  { pause = PAUSE, text = PLAIN, waits = false } = {},
): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    using talk = await trial.connect();
    let longest = 0;
    let early = false;
    for (const [index, piece] of cut(encodeText(text + trial.dialect.end)).entries()) {
      const began = performance.now();
      if (index > 0) await delay(pause);
      longest = Math.max(longest, performance.now() - began);
      early ||= talk.count > 0;
      await talk.send(piece);
    }
    if (longest > LONGEST_PAUSE) continue;
    const answer = await answerOn(talk, trial.patience);
    if (waits && early) trial.fail(`before the rest was sent, ${describe(answer)}`);
    return expectNumber(trial, answer);
  }
  trial.skip("this machine is too busy to keep a pause short");
}

/** Sends a line until the server answers, closes, or does not read on. */
async function endless(trial: SumTrial): Promise<void> {
  const talk: Talk = await trial.connect();
  const piece = new Uint8Array(PIECE).fill(120);
  for (let sent = 0; sent < ENDLESS && talk.end === null && talk.count === 0; sent += PIECE) {
    if (!await within(talk.send(piece), trial.patience)) break;
  }
  await talk.until((text) => text !== "", trial.patience);
  if (talk.end === null && talk.count === 0) trial.fail("it took all of it, and waited for more");
  if (readAnswer(talk.text, talk.end).kind === "number") {
    trial.fail(`of x's, ${describe(readAnswer(talk.text, talk.end))}`);
  }
}
