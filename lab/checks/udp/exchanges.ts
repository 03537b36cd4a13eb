/**
 * Plain exchanges with a UDP server: is every datagram answered, and to whom.
 *
 * @module
 */
import { formatEndpoint } from "../../../lib/addr.ts";
import { encodeText, plural, thousands } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import type { DatagramTalk } from "../datagram_talk.ts";
import type { Trial } from "../trial.ts";
import { alive, carry, exchange, expectAnswer, marked, messageOf, needsEcho, type UdpDialect } from "./dialect.ts";
import { OWN_ANSWER, TO_THE_SENDER, WHOLE } from "./remedies.ts";

/** How often a server may answer its own answers. */
const MOST_ROUNDS = 1000;
/** How long it is tried (ms). */
const ROUNDS_TIME = 8000;
/** How long to wait for what should not come (ms). */
const MOMENT = 100;
/** Words that end a program in many protocols. */
const COMMANDS = ["exit", "quit", "/quit", "bye", "shutdown", "stop", "0"];

/** The checks of exchanges. */
export const exchanges: readonly Check<UdpDialect>[] = [
  {
    name: "plain-exchange",
    title: "one datagram",
    expects: "answers it",
    source: "RFC 768",
    level: "practice",
    remedy: TO_THE_SENDER,
    byHand: "printf hello | nc -u -w1 $HOST $PORT",
    run: async (trial) => void await exchange(trial),
  },
  {
    name: "answers-from-its-port",
    title: "one datagram, and a look at the sender of the answer",
    expects: "answers from the address and port that were asked",
    source: "RFC 1122 4.1.3.5",
    level: "SHOULD",
    mistake: 10,
    remedy: TO_THE_SENDER,
    byHand: "printf hello | socat -d -d -d -t1 - UDP-DATAGRAM:$HOST:$PORT",
    async run(trial: Trial<UdpDialect>) {
      const { strangers: [stranger] } = await exchange(trial);
      if (stranger === undefined) return;
      trial.fail(`the answer came from ${formatEndpoint(stranger)}: a client that compares the sender drops it`);
    },
  },
  {
    name: "two-clients",
    title: "two clients ask at the same time",
    expects: "answers each of them, and nobody else",
    source: "recvfrom(2)",
    level: "practice",
    remedy: TO_THE_SENDER,
    byHand: 'for i in 1 2; do printf "hello $i" | nc -u -w1 $HOST $PORT & done; wait',
    async run(trial: Trial<UdpDialect>) {
      const talks = [await trial.openDatagram(), await trial.openDatagram()];
      const sent = talks.map((_, index) => marked(trial, `from client ${index + 1}`));
      const answers = await Promise.all(
        talks.map((talk, index) => talk.ask(sent[index] ?? new Uint8Array(), trial.patience)),
      );
      for (const [index, bytes] of sent.entries()) expectAnswer(trial, bytes, answers[index]);
    },
  },
  {
    name: "new-port-new-client",
    title: "a client comes back from another port",
    expects: "answers to the new port, and not to the one of before",
    source: "RFC 768, Source Port",
    level: "practice",
    remedy: TO_THE_SENDER,
    byHand: "for i in 1 2; do printf hello | nc -u -w1 $HOST $PORT; done",
    async run(trial: Trial<UdpDialect>) {
      const before = await exchange(trial);
      const { count } = before;
      await exchange(trial, marked(trial, "again"));
      await before.untilCount(count + 1, MOMENT);
      trial.expect(before.count === count, "the port of before got an answer too");
    },
  },
  {
    name: "same-datagram-twice",
    title: "the same datagram again, as after a lost answer",
    expects: "answers it again",
    source: "RFC 8085 3.1",
    level: "practice",
    mistake: 8,
    remedy: TO_THE_SENDER,
    byHand: "(printf hello; sleep 1; printf hello) | nc -u -w1 $HOST $PORT",
    async run(trial: Trial<UdpDialect>) {
      const bytes = messageOf(trial);
      const talk = await exchange(trial, bytes);
      const { count } = talk;
      await talk.send(bytes);
      if (!await talk.untilCount(count + 1, trial.patience / 2)) await talk.send(bytes);
      trial.expect(await talk.untilCount(count + 1, trial.patience / 2), "only the first was answered");
      expectAnswer(trial, bytes, talk.answers.at(-1));
    },
  },
  {
    name: "two-in-a-row",
    title: "two datagrams, the second at once after the first",
    expects: "takes them apart: two answers",
    source: "RFC 768",
    level: "MUST",
    mistake: 1,
    remedy: WHOLE,
    byHand:
      "python3 -c \"import socket; s = socket.socket(type=socket.SOCK_DGRAM); [s.sendto(b, ('$HOST', $PORT)) for b in (b'one', b'two')]; print(s.recv(99), s.recv(99))\"",
    run: async (trial) => void await series(trial, 2),
  },
  {
    name: "twenty-in-a-row",
    title: "20 datagrams, one after the other without waiting",
    expects: "answers each once; in what order is its own affair",
    source: "RFC 768",
    level: "practice",
    mistake: 8,
    remedy: WHOLE,
    byHand: "for i in $(seq 20); do printf $i; sleep .01; done | nc -u -w1 $HOST $PORT",
    run: async (trial) => void await series(trial, 20),
  },
  {
    name: "line-end-is-data",
    title: "a datagram that ends with CR LF",
    expects: "sends it back with its end: a datagram needs no other end than its own",
    source: "RFC 862",
    level: "MUST",
    remedy: WHOLE,
    byHand: "printf 'hello\\r\\n' | nc -u -w1 $HOST $PORT | od -c",
    skip: needsEcho,
    run: async (trial) => void await exchange(trial, encodeText(` ${trial.dialect.message} \r\n`)),
  },
  {
    name: "commands-are-data",
    title: "datagrams that say exit, quit, stop and the like",
    expects: "serves the next client as before",
    source: "CWE-20",
    level: "practice",
    mistake: 18,
    remedy: WHOLE,
    byHand: "printf exit | nc -u -w1 $HOST $PORT; printf hello | nc -u -w1 $HOST $PORT",
    async run(trial: Trial<UdpDialect>) {
      for (const word of COMMANDS) await carry(trial, encodeText(word));
      await exchange(trial);
    },
  },
  {
    name: "own-answer-comes-back",
    title: `the server's own answer comes back to it, from a server's port, up to ${thousands(MOST_ROUNDS)} times`,
    expects: "stops answering at some time",
    source: "CVE-2024-2169",
    level: "practice",
    remedy: OWN_ANSWER,
    byHand: "socat UDP:$HOST:$PORT,sourceport=7777 EXEC:cat & printf hello | nc -u -p 7777 $HOST $PORT",
    skip: (dialect) => dialect.kind === "echo" ? "an echo server has to answer everything (RFC 862)" : null,
    run: feedBack,
  },
];

/** Sends that many datagrams from one port; the unanswered are sent again. */
async function series(trial: Trial<UdpDialect>, count: number): Promise<void> {
  const talk = await trial.openDatagram();
  const isEcho = trial.dialect.kind === "echo";
  const sent = Array.from({ length: count }, (_, index) => marked(trial, `number ${index + 1}`));
  const texts = sent.map((bytes) => new TextDecoder().decode(bytes));
  const missing = (): readonly Uint8Array[] => {
    if (!isEcho) return sent.slice(talk.count);
    const came = new Set(talk.answers.map((bytes) => new TextDecoder().decode(bytes)));
    return sent.filter((_, index) => !came.has(texts[index] ?? ""));
  };
  let asked = 0;
  for (let tries = 0, open = sent; tries < 3 && open.length > 0; tries++, open = [...missing()]) {
    for (const bytes of open) await talk.send(bytes);
    asked += open.length;
    await talk.until(() => missing().length === 0, trial.patience / 3);
  }
  await talk.untilCount(asked + 1, MOMENT);
  const foreign = isEcho ? talk.answers.find((bytes) => !texts.includes(new TextDecoder().decode(bytes))) : undefined;
  if (foreign !== undefined) trial.fail(`an answer has ${plural(foreign.length, "byte")} that are no datagram of ours`);
  trial.expect(missing().length === 0, `${missing().length} of ${count} were not answered, though asked three times`);
  trial.expect(talk.count <= asked, `${talk.count} answers came to ${asked} datagrams`);
  if (trial.dialect.kind === "reply") { for (const answer of talk.answers) expectAnswer(trial, answer, answer); }
}

/** Sends each answer back; ends the check if that goes on for too long. */
async function feedBack(trial: Trial<UdpDialect>): Promise<void> {
  const talk = await openLow(trial);
  let answer = await talk.ask(messageOf(trial), trial.patience);
  trial.expect(answer !== null, "no answer came");
  const until = performance.now() + ROUNDS_TIME;
  for (let round = 1; round <= MOST_ROUNDS && answer !== null; round++) {
    if (performance.now() > until) trial.skip(`it answers too slowly to be asked ${thousands(MOST_ROUNDS)} times`);
    const { count } = talk;
    await talk.send(answer);
    if (!await talk.untilCount(count + 1, 5 * MOMENT)) return await alive(trial);
    answer = talk.answers.at(-1) ?? null;
  }
  trial.fail(
    `it answered its own answer ${
      thousands(MOST_ROUNDS)
    } times: two such servers, set at each other by one forged datagram, never stop`,
  );
}

/** A socket on a port that a server might have: below those that systems give to clients. */
async function openLow(trial: Trial<UdpDialect>): Promise<DatagramTalk> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return await trial.openDatagram(10_000 + Math.floor(trial.random() * 20_000));
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  trial.skip("no port below 30,000 is free");
}
