/**
 * Checks of what a message may hold, and how much.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { counted, encodeText } from "../../../lib/text.ts";
import { within } from "../../../lib/within.ts";
import type { Check } from "../check.ts";
import { ask, expectAnswer, needsAnswers, needsEcho, needsMessages, type TcpTrial, whatCame } from "./ask.ts";
import { exchange, type TcpDialect } from "./dialect.ts";
import { ESCAPE, LIMIT, LINGER, NO_UTF8, WRITE_ALL } from "./remedies.ts";

/** A message that is longer than most buffers, and shorter than most limits (bytes). */
const LARGE = 60_000;
/** How much is sent to an echo at once (bytes). */
const BULK = 1024 * 1024;
/** How much of one line a server may take (bytes), and how much is written at a time. */
const ENDLESS = 16 * 1024 * 1024;
const PIECE = 64 * 1024;
/** How long to wait for a server's log (ms). */
const LOGGED = 300;

/** Some bytes between the user's message and its end. */
async function askWith(trial: TcpTrial, bytes: Uint8Array): Promise<void> {
  const { message, end } = trial.dialect;
  const sent = concat([encodeText(message), bytes, encodeText(end)]);
  using talk = await ask(trial, sent);
  await expectAnswer(trial, talk, sent, { anything: true });
}

/** Sends a line without an end until the server has had enough: it says so, closes, or stops reading. */
async function neverEnd(trial: TcpTrial): Promise<void> {
  const { dialect: { maxMessage }, patience } = trial;
  const most = maxMessage === null ? ENDLESS : 2 * maxMessage + BULK;
  const piece = new Uint8Array(PIECE).fill(0x78);
  using talk = await trial.connect();
  for (let sent = 0; sent < most; sent += PIECE) {
    if (!await within(talk.send(piece), patience) || talk.end !== null || talk.count > 0) return;
  }
  // Its refusal may be on the way.
  if (await talk.untilCount(1, 200) || talk.end !== null) return;
  trial.fail(`it took ${counted(most, "byte")} of one line, and would take more`);
}

/** The checks of contents. */
export const contents: readonly Check<TcpDialect>[] = [
  {
    name: "nul-bytes",
    title: "NUL bytes in a message",
    expects: "takes them for data",
    source: "read(2)",
    level: "practice",
    mistake: 2,
    skip: needsAnswers,
    run: (trial) => askWith(trial, Uint8Array.of(0, 0x61, 0, 0)),
  },
  {
    name: "invalid-utf8",
    title: "bytes that are no UTF-8",
    expects: "answers all the same",
    source: "RFC 3629 10",
    level: "practice",
    mistake: 18,
    remedy: NO_UTF8,
    skip: needsAnswers,
    // A stray byte, an overlong form, half a surrogate pair, and a character cut off by the end of the message.
    run: (trial) => askWith(trial, Uint8Array.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xe2, 0x82)),
  },
  {
    name: "escape-sequences",
    title: "sequences that a terminal obeys",
    expects: "answers, and prints none of them as it came",
    source: "CWE-150",
    level: "practice",
    mistake: 18,
    remedy: ESCAPE,
    skip: needsAnswers,
    async run(trial: TcpTrial) {
      const mark = `mark${Math.floor(trial.random() * 1e9)}`;
      await askWith(trial, encodeText(`\x1b[2J\x1b]0;title\x07${mark}`));
      const { output } = trial;
      if (output === null) return;
      const limit = performance.now() + LOGGED;
      while (!output().includes(mark) && performance.now() < limit) await trial.pause(10);
      trial.expect(!output().includes("\x1b[2J"), "it printed ESC [ 2 J as it came: a terminal clears its screen");
    },
  },
  {
    name: "all-bytes",
    title: "each of the 256 bytes, there and back",
    expects: "sends the same bytes back",
    source: "RFC 862",
    level: "practice",
    mistake: 6,
    skip: needsEcho,
    run: (trial) => askWith(trial, Uint8Array.from({ length: 256 }, (_, index) => index)),
  },
  {
    name: "large-message",
    title: "a message of 60 kB in one write",
    expects: "answers it, or refuses it with a line; either way without a reset",
    source: "RFC 1122 4.2.2.13",
    level: "practice",
    remedy: LINGER,
    skip: needsAnswers,
    byHand: "(head -c 60000 /dev/zero | tr '\\0' x; echo) | nc -N -w 3 $HOST $PORT",
    async run(trial: TcpTrial) {
      const { dialect, patience } = trial;
      const length = Math.min(LARGE, dialect.maxMessage ?? LARGE);
      const sent = encodeText("x".repeat(length) + dialect.end);
      using talk = await ask(trial, sent);
      await expectAnswer(trial, talk, sent, { anything: true });
      if (dialect.closes) await talk.untilEnd(patience);
      trial.expect(talk.end !== "reset", "it answered, and reset the connection: it closed with input unread");
    },
  },
  {
    name: "bulk",
    title: "1 MiB there and back at the same time",
    expects: "sends every byte back",
    source: "RFC 862, write(2)",
    level: "practice",
    mistake: 3,
    remedy: WRITE_ALL,
    skip: needsEcho,
    async run(trial: TcpTrial) {
      const sent = Uint8Array.from({ length: BULK }, () => Math.floor(trial.random() * 256));
      using talk = await ask(trial, sent, encodeText(trial.dialect.end));
      await expectAnswer(trial, talk, concat([sent, encodeText(trial.dialect.end)]));
    },
  },
  {
    name: "longest-message",
    title: "a message that is just as long as the limit",
    expects: "answers it",
    source: "--max-message",
    level: "contract",
    remedy: LIMIT,
    skip: (dialect) =>
      dialect.maxMessage === null ? "--max-message does not say what the limit is" : needsMessages(dialect),
    async run(trial: TcpTrial) {
      const { dialect: { maxMessage, end, message } } = trial;
      const sent = encodeText(message.padEnd(maxMessage ?? 0, "x") + end);
      using talk = await ask(trial, sent);
      await expectAnswer(trial, talk, sent);
    },
  },
  {
    name: "too-long-message",
    title: "a message that is one byte longer than the limit",
    expects: "refuses it, and closes without a reset",
    source: "--max-message",
    level: "contract",
    mistake: 18,
    remedy: LIMIT,
    skip: (dialect) =>
      dialect.maxMessage === null ? "--max-message does not say what the limit is" : needsMessages(dialect),
    async run(trial: TcpTrial) {
      const { dialect: { maxMessage, end, message, reply }, patience } = trial;
      using talk = await ask(trial, encodeText(message.padEnd((maxMessage ?? 0) + 1, "x") + end));
      await talk.untilEnd(patience);
      trial.expect(reply === "" || !talk.text.includes(reply), "it answered as if the message were not too long");
      trial.expect(talk.end === "end", `${whatCame(talk, patience)}`);
    },
  },
  {
    name: "never-ending-line",
    title: "a line that never ends",
    expects: "refuses it at some length, or closes; then it serves the next client",
    source: "CWE-770",
    level: "practice",
    mistake: 18,
    remedy: LIMIT,
    skip: (dialect) => dialect.end === "" ? "only the half-close ends a message here" : needsMessages(dialect),
    byHand: "tr '\\0' x < /dev/zero | head -c 16777216 | nc -w 3 $HOST $PORT",
    async run(trial: TcpTrial) {
      await neverEnd(trial);
      await exchange(trial);
    },
  },
];
