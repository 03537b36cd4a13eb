/**
 * Many clients, silent ones, and those that leave.
 *
 * @module
 */
import type { Check } from "../check.ts";
import { describe } from "./answer.ts";
import { CONTRACT } from "./cases.ts";
import { answerOn, ask, asks, expectNumber, PLAIN, type SumDialect, type SumTrial } from "./dialect.ts";
import {
  DATAGRAM_ENDS_NOBODY,
  LARGE_BUFFER,
  MANY_AT_ONCE,
  NOTHING_ASKED,
  ONE_ENDS_ALONE,
  SAME_ANSWER,
} from "./remedies.ts";

const LEAVING = { source: "RFC 9293 3.5", level: "practice", mistake: 4, remedy: ONE_ENDS_ALONE } as const;
/** How many clients leave, ask at once, and ask in all. */
const LEAVERS = 20;
const AT_ONCE = 20;
const CONNECTIONS = 1000;
/** How long to go on with them (ms): of a slow server, fewer will do. */
const ENOUGH = 30_000;

/** The checks over TCP. */
export const crowds: readonly Check<SumDialect>[] = [
  {
    name: "silent-client",
    title: "a client that connects and says nothing, beside one that asks",
    expects: "answers the other one",
    ...CONTRACT,
    mistake: 14,
    remedy: MANY_AT_ONCE,
    byHand: "nc $HOST $PORT < /dev/null & printf 'Ada: 42\\n' | nc -w3 $HOST $PORT",
    async run(trial: SumTrial) {
      await trial.connect();
      await asks(trial, PLAIN);
    },
  },
  {
    name: "half-a-question-and-gone",
    title: `${LEAVERS} clients send half a question and close`,
    expects: "serves the next client",
    ...LEAVING,
    byHand: "printf 'Ada: 4' | nc -q0 $HOST $PORT; printf 'Ada: 42\\n' | nc -w3 $HOST $PORT",
    run: (trial) => afterLeavers(trial, "Ad", "close"),
  },
  {
    name: "reset-mid-question",
    title: `${LEAVERS} clients send half a question and reset the connection`,
    expects: "serves the next client",
    ...LEAVING,
    byHand:
      "python3 -c \"import socket, struct; s = socket.create_connection(('$HOST', $PORT)); s.send(b'Ad'); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()\"",
    run: (trial) => afterLeavers(trial, "Ad", "reset"),
  },
  {
    name: "connect-and-close",
    title: `${LEAVERS} clients connect and close at once, as a port scanner does`,
    expects: "serves the next client",
    ...LEAVING,
    remedy: NOTHING_ASKED,
    byHand: "nc -z $HOST $PORT; printf 'Ada: 42\\n' | nc -w3 $HOST $PORT",
    run: (trial) => afterLeavers(trial, "", "close"),
  },
  {
    name: "connect-and-reset",
    title: `${LEAVERS} clients connect and reset the connection at once`,
    expects: "serves the next client",
    ...LEAVING,
    source: "accept(2)",
    byHand:
      "python3 -c \"import socket, struct; s = socket.create_connection(('$HOST', $PORT)); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()\"",
    run: (trial) => afterLeavers(trial, "", "reset"),
  },
  {
    name: "asks-and-leaves",
    title: `${LEAVERS} clients ask and reset the connection before the answer`,
    expects: "serves the next client: that an answer cannot be written concerns nobody else",
    ...LEAVING,
    source: "write(2) EPIPE",
    byHand:
      "python3 -c \"import socket, struct; s = socket.create_connection(('$HOST', $PORT)); s.send(b'Ada: 42\\n'); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()\"",
    run: (trial) => afterLeavers(trial, PLAIN + trial.dialect.end, "reset"),
  },
  {
    name: "twenty-at-once",
    title: `${AT_ONCE} clients connect, then all ask`,
    expects: "answers each of them",
    ...CONTRACT,
    mistake: 14,
    remedy: MANY_AT_ONCE,
    byHand: 'for i in $(seq 20); do printf "Client $i: $i\\n" | nc -w3 $HOST $PORT & done; wait',
    async run(trial: SumTrial) {
      const talks = [];
      for (let count = 0; count < AT_ONCE; count++) talks.push(await trial.connect());
      await Promise.all(talks.map(async (talk, index) => {
        await talk.send(`Client ${index + 1}: ${index + 1}${trial.dialect.end}`);
        expectNumber(trial, await answerOn(talk, trial.patience));
        talk.close();
      }));
    },
  },
  {
    name: "a-thousand-connections",
    title: "1,000 connections with a question each, one after the other",
    expects: "answers each, and closes what it is done with",
    source: "getrlimit(2) RLIMIT_NOFILE",
    level: "practice",
    remedy: ONE_ENDS_ALONE,
    limit: 60_000,
    byHand: "for i in $(seq 1000); do printf 'Ada: 42\\n' | nc -w3 $HOST $PORT; done",
    async run(trial: SumTrial) {
      const until = performance.now() + ENOUGH;
      for (let done = 0; done < CONNECTIONS && performance.now() < until; done++) {
        await asks(trial, PLAIN, { hasty: true });
      }
    },
  },
];

/** Clients leave; then one asks. */
async function afterLeavers(trial: SumTrial, text: string, how: "close" | "reset"): Promise<void> {
  for (let count = 0; count < LEAVERS; count++) {
    const talk = await trial.connect();
    if (text !== "") await talk.send(text);
    talk[how]();
  }
  await asks(trial, PLAIN);
}

const DATAGRAM = { source: "RFC 768", level: "practice", remedy: DATAGRAM_ENDS_NOBODY } as const;

/** The checks over UDP. */
export const datagramCrowds: readonly Check<SumDialect>[] = [
  {
    name: "empty-datagram",
    title: "a datagram of no bytes",
    expects: "serves the next client",
    ...DATAGRAM,
    async run(trial: SumTrial) {
      await ask(trial, new Uint8Array(), { unlikely: true });
    },
  },
  {
    name: "line-end",
    title: "a question with a newline at its end, as nc -u sends it",
    expects: "answers it",
    ...DATAGRAM,
    run: (trial) => asks(trial, `${PLAIN}\n`),
  },
  {
    name: "long-question",
    title: "a question of 60,000 bytes",
    expects: "refuses or answers it, and serves the next client",
    ...DATAGRAM,
    mistake: 7,
    remedy: LARGE_BUFFER,
    async run(trial: SumTrial) {
      await ask(trial, `${"x".repeat(60_000 - 4)}: 42`, { unlikely: true });
    },
  },
  {
    name: "asked-again",
    title: "the same question from the same port again, as after a lost answer",
    expects: "gives the same answer: it is the same exchange",
    ...DATAGRAM,
    source: "RFC 8085 3.1",
    mistake: 8,
    remedy: SAME_ANSWER,
    async run(trial: SumTrial) {
      const talk = await trial.openDatagram();
      for (let count = 1; count <= 4; count++) {
        await talk.send(PLAIN);
        trial.expect(
          await talk.untilCount(count, trial.patience),
          count === 1 ? "no answer came" : "the second time, no answer came",
        );
      }
      const answers = new Set(talk.answers.map((bytes) => new TextDecoder().decode(bytes)));
      trial.expect(answers.size === 1, `it gave ${answers.size} different answers`);
    },
  },
  {
    name: "client-leaves-before-the-answer",
    title: `${LEAVERS} clients ask and close their port at once`,
    expects: 'serves the next client: the "port unreachable" that comes back concerns nobody else',
    ...DATAGRAM,
    source: "udp(7) ECONNREFUSED",
    mistake: 9,
    async run(trial: SumTrial) {
      for (let count = 0; count < LEAVERS; count++) {
        using talk = await trial.openDatagram();
        await talk.send(PLAIN);
      }
      await asks(trial, PLAIN);
    },
  },
  {
    name: "twenty-at-once",
    title: `${AT_ONCE} clients ask at the same time`,
    expects: "answers each of them",
    ...DATAGRAM,
    async run(trial: SumTrial) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => index + 1);
      for (const answer of await Promise.all(numbers.map((number) => ask(trial, `Client ${number}: ${number}`)))) {
        if (answer.kind !== "number") trial.fail(`of one of them, ${describe(answer)}`);
      }
    },
  },
];
