/**
 * Checks of framing: bytes do not arrive in the pieces in which they were written.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { counted, encodeText, thousands } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import {
  ask,
  askInPieces,
  expectAnswer,
  expectOthersServed,
  messageOf,
  needsAnswers,
  needsManyMessages,
  needsMessages,
  type TcpTrial,
  whatCame,
} from "./ask.ts";
import { exchange, type TcpDialect } from "./dialect.ts";
import { CHARACTERS, FRAMING, LINGER } from "./remedies.ts";

/** In how many places a long message is cut. */
const CUTS = 12;
/** How many messages come in one write, and one after the other. */
const MANY = 100;
/** How long answers to many messages are waited for (ms): of a slow server, fewer will do. */
const ENOUGH = 5000;
/** How long a client pauses in the middle of a message (ms). */
const STOPPED = 300;

/** What makes a stream of bytes. */
const STREAM = { source: "RFC 9293 3.7", level: "practice", mistake: 1, remedy: FRAMING } as const;

/** Where a message is cut: everywhere, or a long one in some random places. */
function cutsOf(length: number, random: () => number): number[] {
  const places = Array.from({ length: length - 1 }, (_, index) => index + 1);
  while (places.length > CUTS) places.splice(Math.floor(random() * places.length), 1);
  return places;
}

/** How many bytes the answer to one message has, and how long it takes (ms). */
async function plainAnswer(trial: TcpTrial): Promise<{ readonly length: number; readonly time: number }> {
  const began = performance.now();
  using talk = await ask(trial, messageOf(trial.dialect));
  await talk.untilCount(1, trial.patience);
  const time = performance.now() - began;
  await talk.untilEnd(60);
  return { length: talk.count, time };
}

/** Sends many messages in one write, fewer where an answer takes long; each is answered. */
async function manyInOneWrite(trial: TcpTrial, most: number): Promise<void> {
  const { dialect, patience } = trial;
  const message = messageOf(dialect);
  const { length: each, time } = dialect.answers === "reply" && !dialect.closes
    ? await plainAnswer(trial)
    : { length: 0, time: 0 };
  const count = Math.max(2, Math.min(most, Math.floor(ENOUGH / time)));
  const sent = concat(Array.from({ length: count }, () => message));
  using talk = await ask(trial, sent);
  if (dialect.closes || dialect.answers === "echo") await expectAnswer(trial, talk, sent);
  if (dialect.closes) {
    const end = await talk.untilEnd(patience);
    const unread = "the connection was reset after the answer: it was closed with input unread";
    trial.expect(end !== "reset", unread, { remedy: LINGER });
    return;
  }
  // The answers may differ a little: a number, a time.
  const expected = each * (count - 0.5);
  if (dialect.answers === "reply" && !await talk.untilAll(expected, patience)) {
    const came = `${counted(talk.count, "byte")} came instead of the ${thousands(each * count)} of ${count} answers`;
    trial.fail(`${came}, then ${whatCame(talk, patience)}`, talk.end === "reset" ? { remedy: LINGER } : null);
  }
}

/** The checks of framing. */
export const framing: readonly Check<TcpDialect>[] = [
  {
    name: "plain-exchange",
    title: "one message, in one write",
    expects: "answers it",
    source: "lab/checks/PROTOCOLS.md, tcp",
    level: "contract",
    skip: needsAnswers,
    run: exchange,
  },
  {
    ...STREAM,
    name: "split-at-each-byte",
    title: "one message in two pieces, cut at each byte in turn",
    expects: "answers once it has the whole message",
    skip: needsAnswers,
    async run(trial: TcpTrial) {
      const message = messageOf(trial.dialect);
      for (const cut of cutsOf(message.length, trial.random)) {
        await askInPieces(trial, [message.subarray(0, cut), message.subarray(cut)]);
      }
    },
  },
  {
    ...STREAM,
    name: "byte-by-byte",
    title: "one message, each byte by itself",
    expects: "answers once it has the whole message",
    skip: needsAnswers,
    async run(trial: TcpTrial) {
      const pieces = [...messageOf(trial.dialect)].map((byte) => Uint8Array.of(byte));
      await askInPieces(trial, pieces, { pause: Math.min(5, 50 / pieces.length) });
    },
  },
  {
    name: "cut-character",
    title: "characters of 2, 3 and 4 bytes, each cut in the middle",
    expects: "answers the whole message, with the characters whole",
    source: "RFC 3629 3",
    level: "practice",
    mistake: 6,
    remedy: CHARACTERS,
    skip: needsAnswers,
    async run(trial: TcpTrial) {
      const { message, end } = trial.dialect;
      for (const character of ["é", "漢", "😀"]) {
        const bytes = encodeText(`${message} ${character}${end}`);
        const cut = encodeText(`${message} `).length + 1;
        await askInPieces(trial, [bytes.subarray(0, cut), bytes.subarray(cut)], { anything: true });
      }
    },
  },
  {
    ...STREAM,
    name: "two-in-one-write",
    title: "two messages in one write",
    expects: "answers both, or the first one and closes without a reset",
    skip: (dialect) => dialect.end === "" ? "only the half-close ends a message here" : needsAnswers(dialect),
    run: (trial) => manyInOneWrite(trial, 2),
  },
  {
    ...STREAM,
    name: "many-in-one-write",
    title: `${MANY} messages in one write`,
    expects: "answers each, or the first one and closes without a reset",
    skip: (dialect) => dialect.end === "" ? "only the half-close ends a message here" : needsAnswers(dialect),
    run: (trial) => manyInOneWrite(trial, MANY),
  },
  {
    ...STREAM,
    name: "message-and-a-half",
    title: "one message and half of the next in one write, then the rest",
    expects: "answers both",
    skip: needsManyMessages,
    async run(trial: TcpTrial) {
      const message = messageOf(trial.dialect);
      const half = Math.ceil(message.length / 2);
      using talk = await trial.connect();
      await talk.send(concat([message, message.subarray(0, half)]));
      await trial.pause(20);
      await talk.send(message.subarray(half));
      await expectAnswer(trial, talk, concat([message, message]));
      // Once a third message is answered, the second one must have been, too.
      const before = talk.count;
      await talk.send(message);
      const answered = await talk.untilCount(before + 1, trial.patience);
      trial.expect(answered, "a message after it was not answered");
    },
  },
  {
    ...STREAM,
    name: "many-on-one-connection",
    title: `${MANY} messages on one connection, each after the answer to the one before`,
    expects: "answers each",
    skip: needsManyMessages,
    async run(trial: TcpTrial) {
      const message = messageOf(trial.dialect);
      using talk = await trial.connect();
      const until = performance.now() + ENOUGH;
      for (let count = 1; count <= MANY && performance.now() < until; count++) {
        const before = trial.dialect.answers === "echo" ? (count - 1) * message.length : talk.count;
        await talk.send(message);
        const answered = await talk.untilCount(before + 1, trial.patience);
        trial.expect(answered, `message ${count} was not answered: ${whatCame(talk, trial.patience)}`);
      }
    },
  },
  {
    ...STREAM,
    name: "stop-in-mid-message",
    title: `a client stops for ${STOPPED} ms in the middle of its message`,
    expects: "serves others meanwhile, and this one in the end",
    skip: needsAnswers,
    async run(trial: TcpTrial) {
      const message = messageOf(trial.dialect);
      const half = Math.floor(message.length / 2);
      using talk = await trial.connect();
      await talk.send(message.subarray(0, half));
      await expectOthersServed(trial, "a client that stopped in the middle of its message");
      await trial.pause(STOPPED);
      // A server may take the pause for the end of the message.
      if (talk.count > 0 && trial.dialect.answers === "reply") return;
      await talk.send(message.subarray(half));
      if (trial.dialect.end === "") await talk.halfClose();
      await expectAnswer(trial, talk, message, { anything: true });
    },
  },
  {
    name: "cr-lf",
    title: "a line that ends with CR LF, as telnet sends it, beside one that ends with LF",
    expects: "answers both",
    source: "RFC 854",
    level: "practice",
    mistake: 17,
    remedy: FRAMING,
    skip: (dialect) => dialect.end === "\n" ? needsMessages(dialect) : "its messages do not end with a newline",
    async run(trial: TcpTrial) {
      for (const end of ["\r\n", "\n"]) {
        const message = encodeText(trial.dialect.message + end);
        using talk = await ask(trial, message);
        await expectAnswer(trial, talk, message);
      }
    },
  },
  {
    name: "empty-message",
    title: "an empty message, then a plain one",
    expects: "answers the plain one",
    source: "practice",
    level: "practice",
    remedy: FRAMING,
    skip: (dialect) => dialect.end === "" ? "only the half-close ends a message here" : needsAnswers(dialect),
    async run(trial: TcpTrial) {
      const { dialect } = trial;
      const empty = encodeText(dialect.end);
      using talk = await ask(trial, empty);
      if (dialect.closes) {
        await talk.untilEnd(Math.min(300, trial.patience));
        trial.expect(talk.end !== "reset", "the empty message was answered with a reset");
        return await exchange(trial);
      }
      const message = messageOf(dialect);
      await talk.send(message);
      await expectAnswer(trial, talk, concat([empty, message]), { anything: true });
    },
  },
];
