/**
 * Many datagrams, many clients, and clients that leave.
 *
 * @module
 */
import { thousands } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import type { Trial } from "../trial.ts";
import { alive, exchange, expectAnswer, marked, messageOf, type UdpDialect } from "./dialect.ts";
import { ONE_CLIENT_ENDS_NOBODY, PORT_CLOSED, TO_THE_SENDER } from "./remedies.ts";

const CLIENTS = 100;
const BURST = 1000;
const LEAVERS = 20;

/** The checks of crowds. */
export const crowds: readonly Check<UdpDialect>[] = [
  {
    name: "a-hundred-clients",
    title: `${CLIENTS} clients ask at the same time`,
    expects: "answers each of them",
    source: "practice",
    level: "practice",
    remedy: TO_THE_SENDER,
    byHand: 'for i in $(seq 100); do printf "hello $i" | nc -u -w1 $HOST $PORT & done; wait',
    async run(trial: Trial<UdpDialect>) {
      const talks = [];
      for (let count = 0; count < CLIENTS; count++) talks.push(await trial.openDatagram());
      const sent = talks.map((_, index) => marked(trial, `from client ${index + 1}`));
      const answers = await Promise.all(
        talks.map((talk, index) => talk.ask(sent[index] ?? new Uint8Array(), trial.patience)),
      );
      for (const [index, bytes] of sent.entries()) expectAnswer(trial, bytes, answers[index]);
    },
  },
  {
    name: "a-thousand-in-a-burst",
    title: `${thousands(BURST)} datagrams at once; how many are lost is not held against the server`,
    expects: "never answers more than were sent, and serves the next client",
    source: "RFC 8085 3",
    level: "practice",
    mistake: 8,
    remedy: ONE_CLIENT_ENDS_NOBODY,
    byHand: "for i in $(seq 1000); do printf hello > /dev/udp/$HOST/$PORT; done; printf hello | nc -u -w1 $HOST $PORT",
    run: burst,
  },
  {
    name: "client-leaves-before-the-answer",
    title: `${LEAVERS} clients ask and close their port at once`,
    expects: 'serves the next client: the "port unreachable" that comes back concerns nobody else',
    source: "udp(7) ECONNREFUSED, RFC 1122 4.1.3.3",
    level: "practice",
    mistake: 9,
    remedy: PORT_CLOSED,
    byHand: "for i in $(seq 20); do printf hello > /dev/udp/$HOST/$PORT; done; printf hello | nc -u -w1 $HOST $PORT",
    async run(trial: Trial<UdpDialect>) {
      for (let count = 0; count < LEAVERS; count++) {
        using talk = await trial.openDatagram();
        await talk.send(messageOf(trial));
      }
      await exchange(trial);
    },
  },
  {
    name: "asker-that-never-reads",
    title: "a client asks 100 times for long answers and leaves them where they are, beside one that asks once",
    expects: "answers the other one",
    source: "udp(7)",
    level: "practice",
    remedy: TO_THE_SENDER,
    byHand: "for i in $(seq 100); do printf hello > /dev/udp/$HOST/$PORT; done & printf hello | nc -u -w1 $HOST $PORT",
    async run(trial: Trial<UdpDialect>) {
      const greedy = await trial.openDatagram();
      const bytes = trial.dialect.kind === "echo" ? new Uint8Array(1000).fill(120) : messageOf(trial);
      const sending = Array.from({ length: 100 }, () => greedy.send(bytes));
      await alive(trial);
      await Promise.all(sending);
    },
  },
];

/** A burst from one port. */
async function burst(trial: Trial<UdpDialect>): Promise<void> {
  const talk = await trial.openDatagram();
  const bytes = messageOf(trial);
  for (let count = 0; count < BURST; count++) await talk.send(bytes);
  // Goes on as long as answers arrive.
  for (let before = -1; talk.count < BURST && talk.count > before;) {
    before = talk.count;
    await talk.untilCount(BURST, 100);
  }
  trial.expect(talk.count <= BURST, `${talk.count} answers came to ${BURST} datagrams`);
  await alive(trial);
}
