/**
 * Checks of a chat in turns: how a conversation ends, and who comes next.
 *
 * @module
 */
import { Desk } from "./desk.ts";
import { type ChatDialect, withoutOperator, withoutQuit, withoutQuitWord } from "./dialect.ts";
import { BOTH_AT_ONCE, FAREWELL, MESSAGES, ONE_BY_ONE, RESETS } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const TURNS = { source: "lab/checks/PROTOCOLS.md, chat", level: "contract", skip: withoutOperator } as const;
const QUITTING = { ...TURNS, remedy: FAREWELL } as const;
const needsBoth = (dialect: ChatDialect): string | null => withoutOperator(dialect) ?? withoutQuit(dialect);

export const turnsEndsChecks: readonly ChatCheck[] = [
  {
    ...QUITTING,
    name: "turns-quit",
    title: "the client's line that ends the session",
    expects: "closes the connection",
    skip: withoutQuit,
    run: async (trial: ChatTrial) => {
      const client = await new Desk(trial).connect();
      await client.say(trial.dialect.quit ?? "");
      await client.seesEnd();
    },
  },
  {
    ...QUITTING,
    name: "turns-quit-crlf",
    title: "the same with CR LF, as telnet sends it",
    expects: "closes the connection",
    source: "RFC 854",
    skip: withoutQuit,
    run: async (trial: ChatTrial) => {
      const client = await new Desk(trial).connect();
      await client.talk.send(`${trial.dialect.quit}\r\n`);
      await client.seesEnd();
    },
  },
  {
    ...QUITTING,
    name: "turns-quit-in-sentence",
    title: "the same word at the beginning of a sentence",
    expects: "takes it for a sentence",
    skip: (dialect) => withoutOperator(dialect) ?? withoutQuitWord(dialect),
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      await desk.turn(await desk.connect(), `${trial.dialect.quit} is what I shall type after ${desk.word()}`);
    },
  },
  {
    ...QUITTING,
    name: "turns-operator-quits",
    title: "the same line, typed by the operator in turn",
    expects: "closes the connection",
    skip: needsBoth,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.hears(client);
      await desk.types(trial.dialect.quit ?? "");
      await client.seesEnd();
    },
  },
  {
    ...TURNS,
    name: "turns-half-close",
    title: "a line, then the end of the client's stream, as printf … | nc -N sends them",
    expects: "still sends the answer",
    source: "RFC 9293 3.6",
    mistake: 4,
    remedy: MESSAGES,
    byHand: "printf 'hello\\n' | nc -N $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [word, answer] = [desk.word(), desk.word()];
      await client.say(word);
      await client.talk.halfClose();
      await desk.sees(word);
      await desk.types(answer);
      await client.sees(answer);
    },
  },
  {
    ...TURNS,
    name: "turns-next-client",
    title: "another client, after the first has closed",
    expects: "serves it",
    mistake: 14,
    remedy: ONE_BY_ONE,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.turn(client);
      client.talk.close();
      await isServed(desk);
    },
  },
  {
    ...TURNS,
    name: "turns-second-client",
    title: "another client, while the first one talks",
    expects: "tells it that the line is busy, or serves it afterwards",
    mistake: 14,
    remedy: ONE_BY_ONE,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.turn(client);
      const second = await desk.connect();
      const word = desk.word();
      await second.say(word);
      const told = await second.talk.until((text) => text !== "", trial.patience / 2);
      if (told || second.talk.end === "end") return;
      client.talk.close();
      const served = await desk.until(word);
      trial.expect(served, "it was neither told anything, nor served when the first one had left");
    },
  },
  {
    ...TURNS,
    name: "turns-reset-mid-line",
    title: "a client that is reset in the middle of a line, then another one",
    expects: "serves the next one",
    source: "RFC 9293 3.10.7",
    level: "practice",
    mistake: 4,
    remedy: RESETS,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.turn(client);
      await client.talk.send("half a li");
      client.talk.reset();
      await isServed(desk);
    },
  },
  {
    ...TURNS,
    name: "turns-gone-while-typing",
    title: "a client that is reset while the operator thinks about the answer, then another one",
    expects: "notices without the operator's help, and serves the next one",
    source: "practice",
    level: "practice",
    mistake: 16,
    remedy: BOTH_AT_ONCE,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.hears(client);
      client.talk.reset();
      await isServed(desk);
    },
  },
];

/** Another client has its turn. One that comes a moment too early may be told that the line is busy. */
async function isServed(desk: Desk): Promise<void> {
  const deadline = performance.now() + desk.trial.patience;
  for (;;) {
    const next = await desk.connect();
    const word = desk.word();
    await next.say(word);
    if (await desk.until(word, 200)) return;
    if (next.talk.end === null) return await desk.sees(word);
    desk.trial.expect(performance.now() < deadline, `the next client was turned away: ${next.got}`);
  }
}
