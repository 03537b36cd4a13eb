/**
 * Checks of how connections end: half-closed, closed, reset, at any moment.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import type { Talk } from "../talk.ts";
import { ask, expectAnswer, messageOf, needsAnswers, type TcpTrial, whatCame } from "./ask.ts";
import { exchange, type TcpDialect } from "./dialect.ts";
import { HALF_CLOSE, LINGER, ONE_CONNECTION } from "./remedies.ts";

/** How many clients leave at once, and how many at growing intervals, to hit the server in every state. */
const LEAVING = 10;
/** How much later (ms). */
const LATER = 2;
/** How much an echo has to send back when its client resets (bytes): more than the buffers of both sides hold. */
const FLOOD = 8 * 1024 * 1024;

const HALF_CLOSED = { source: "RFC 9293 3.6", level: "practice", mistake: 4, remedy: HALF_CLOSE } as const;
const RESET = { source: "RFC 9293 3.5.2", level: "practice", remedy: ONE_CONNECTION } as const;

/** The server closes its side too. */
async function expectEnd(trial: TcpTrial, talk: Talk): Promise<void> {
  const end = await talk.untilEnd(trial.patience);
  if (end === null) trial.fail(`it kept the connection open ${trial.patience / 1000} s after the client's FIN`);
  trial.expect(end === "end", "it reset the connection after the client's FIN");
}

/** Clients that send something and leave; then one is served. */
async function leaveAfter(trial: TcpTrial, sent: Uint8Array, how: "close" | "reset"): Promise<void> {
  for (let count = 0; count < 2 * LEAVING; count++) {
    const talk = await trial.connect();
    if (sent.length > 0) await talk.send(sent);
    if (count > LEAVING) await trial.pause((count - LEAVING) * LATER);
    talk[how]();
    // The size of the backlog is not what is checked.
    await trial.pause(1);
  }
  await exchange(trial);
}

/** The first half of a message. */
function halfOf(trial: TcpTrial): Uint8Array {
  const message = messageOf(trial.dialect);
  return message.subarray(0, Math.ceil(message.length / 2));
}

/** The checks of how connections end. */
export const endings: readonly Check<TcpDialect>[] = [
  {
    ...HALF_CLOSED,
    name: "half-close-after-message",
    title: "a client sends its message and half-closes at once",
    expects: "still answers, then closes",
    skip: needsAnswers,
    async run(trial) {
      const message = messageOf(trial.dialect);
      using talk = await trial.connect();
      await talk.send(message);
      await talk.halfClose();
      await expectAnswer(trial, talk, message);
      await expectEnd(trial, talk);
    },
  },
  {
    ...HALF_CLOSED,
    name: "half-close-in-mid-message",
    title: "a client half-closes before its message has its end",
    expects: "answers it or not, and closes",
    skip: ({ end }) => end === "" ? "only the half-close ends a message here" : null,
    async run(trial) {
      const { message, answers } = trial.dialect;
      const sent = encodeText(message);
      using talk = await trial.connect();
      await talk.send(sent);
      await talk.halfClose();
      if (answers === "echo") await expectAnswer(trial, talk, sent);
      await expectEnd(trial, talk);
    },
  },
  {
    ...HALF_CLOSED,
    name: "half-close-at-once",
    title: "a client half-closes without a word",
    expects: "closes too",
    async run(trial) {
      using talk = await trial.connect();
      await talk.halfClose();
      await expectEnd(trial, talk);
    },
  },
  {
    ...RESET,
    name: "close-at-once",
    title: "clients connect and close without a word",
    expects: "serves the next one",
    run: (trial) => leaveAfter(trial, new Uint8Array(), "close"),
  },
  {
    ...RESET,
    name: "close-in-mid-message",
    title: "clients close in the middle of a message",
    expects: "serves the next one",
    run: (trial) => leaveAfter(trial, halfOf(trial), "close"),
  },
  {
    ...RESET,
    name: "close-instead-of-reading",
    title: "clients send a message and close without reading the answer",
    expects: "serves the next one",
    run: (trial) => leaveAfter(trial, messageOf(trial.dialect), "close"),
  },
  {
    ...RESET,
    name: "reset-at-once",
    title: "clients connect and reset without a word",
    expects: "ends that connection only, and serves the next one",
    source: "accept(2), RFC 9293 3.5.2",
    run: (trial) => leaveAfter(trial, new Uint8Array(), "reset"),
  },
  {
    ...RESET,
    name: "reset-in-mid-message",
    title: "clients reset in the middle of a message",
    expects: "ends that connection only, and serves the next one",
    run: (trial) => leaveAfter(trial, halfOf(trial), "reset"),
  },
  {
    ...RESET,
    name: "reset-instead-of-reading",
    title: "clients send a message and reset instead of reading the answer",
    expects: "ends that connection only, and serves the next one",
    run: (trial) => leaveAfter(trial, messageOf(trial.dialect), "reset"),
  },
  {
    ...RESET,
    name: "reset-while-answering",
    title: "a client resets while the server sends",
    expects: "ends that connection only, and serves the next one",
    mistake: 3,
    skip: ({ answers }) => answers === "echo" ? null : "its answers are too short for it",
    async run(trial) {
      using talk = await trial.connect({ reading: false });
      const sending = talk.send(new Uint8Array(FLOOD), "never read");
      await trial.pause(100);
      talk.reset();
      await sending;
      await exchange(trial);
    },
  },
  {
    name: "talk-after-the-close",
    title: "a client goes on sending after the server has closed",
    expects: "sends its answer first, and is not harmed",
    source: "RFC 9293 3.6.1",
    level: "practice",
    remedy: LINGER,
    skip: ({ closes }) => closes ? null : "this server does not close first",
    async run(trial: TcpTrial) {
      const message = messageOf(trial.dialect);
      using talk = await ask(trial, message);
      await expectAnswer(trial, talk, message);
      const end = await talk.untilEnd(trial.patience);
      trial.expect(end === "end", `after the answer, ${whatCame(talk, trial.patience)}`);
      for (let count = 0; count < 3; count++) {
        await talk.send(message);
        await trial.pause(10);
      }
    },
  },
];
