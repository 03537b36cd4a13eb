/**
 * Checks of a chat in turns: one client, and the operator who answers.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import { Desk } from "./desk.ts";
import { withoutOperator } from "./dialect.ts";
import { DECODING, ESCAPES, LIMITS, LINE_ENDS, LINES, MESSAGES } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const TURNS = { source: "lab/checks/PROTOCOLS.md, chat", level: "contract", skip: withoutOperator } as const;
const STREAM = { ...TURNS, source: "RFC 9293 3.7", mistake: 1, remedy: MESSAGES } as const;
const TERMINAL = { ...TURNS, level: "practice", source: "CWE-150", mistake: 18, remedy: ESCAPES } as const;
const LONG = 60_000;
const EUROPE_AND_ASIA = "Grüße, 漢字 und 😀";

export const turnsChecks: readonly ChatCheck[] = [
  {
    ...TURNS,
    name: "turns-answer",
    title: "a line of the client, and the operator's answer",
    expects: "shows the line to the operator, and the answer to the client",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      await desk.turn(await desk.connect());
    },
  },
  {
    ...TURNS,
    name: "turns-several",
    title: "ten turns",
    expects: "passes each line and each answer on",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      for (let turn = 0; turn < 10; turn++) await desk.turn(client);
    },
  },
  {
    ...STREAM,
    name: "turns-split-line",
    title: "a line that comes byte by byte",
    expects: "shows one line, and waits for one answer",
    byHand: "(printf hel; sleep 0.05; printf 'lo\\n'; sleep 9) | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const text = `hello ${desk.word()}`;
      await client.talk.sendApart([...text, trial.dialect.terminator]);
      await desk.sees(text);
    },
  },
  {
    ...STREAM,
    name: "turns-two-lines",
    title: "two lines in one write",
    expects: "lets the operator answer both",
    byHand: "(printf 'one\\ntwo\\n'; sleep 9) | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [one, two, first, second] = [desk.word(), desk.word(), desk.word(), desk.word()];
      await client.say(`${one}${trial.dialect.terminator}${two}`);
      await desk.sees(one);
      await desk.types(first);
      await client.sees(first);
      await desk.sees(two);
      await desk.types(second);
      await client.sees(second);
    },
  },
  {
    ...STREAM,
    name: "turns-line-and-a-half",
    title: "a line and the beginning of the next one in one write, then the rest",
    expects: "shows two lines, both whole",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [one, two, three, answer] = [desk.word(), desk.word(), desk.word(), desk.word()];
      await client.talk.send(`${one}${trial.dialect.terminator}${two} and `);
      await desk.sees(one);
      await client.say(three);
      await desk.types(answer);
      await client.sees(answer);
      await desk.sees(`${two} and ${three}`);
    },
  },
  {
    ...STREAM,
    name: "turns-split-characters",
    title: "é, 漢 and 😀, their bytes sent one by one",
    expects: "shows the characters whole",
    source: "RFC 3629 3",
    mistake: 6,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const text = `é漢😀 ${desk.word()}`;
      const bytes = encodeText(text + trial.dialect.terminator);
      await client.talk.sendApart([...bytes].map((byte) => Uint8Array.of(byte)));
      await desk.sees(text);
    },
  },
  {
    ...TURNS,
    name: "turns-utf8",
    title: `UTF-8 in both directions: ${EUROPE_AND_ASIA}`,
    expects: "passes it on as it is",
    source: "RFC 3629 3",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      await desk.turn(client, EUROPE_AND_ASIA);
      await client.say(desk.word());
      await desk.types(EUROPE_AND_ASIA);
      await client.sees(EUROPE_AND_ASIA);
    },
  },
  {
    ...TURNS,
    name: "turns-invalid-utf8",
    title: "bytes that are no UTF-8 in a line",
    expects: "shows the rest of the line, and goes on",
    source: "RFC 3629 10",
    level: "practice",
    mistake: 6,
    remedy: DECODING,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [word, answer] = [desk.word(), desk.word()];
      const end = encodeText(` ${word}${trial.dialect.terminator}`);
      await client.talk.send(Uint8Array.of(0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8, ...end));
      await desk.sees(word);
      await desk.types(answer);
      await client.sees(answer);
    },
  },
  {
    ...TERMINAL,
    name: "turns-nul",
    title: "a NUL byte in a line",
    expects: "shows what is before and after it",
    mistake: 2,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [before, after] = [desk.word(), desk.word()];
      await client.say(`${before}\0${after}`);
      await desk.sees(before);
      await desk.sees(after);
    },
  },
  {
    ...TERMINAL,
    name: "turns-escape-sequences",
    title: "escape sequences in a line: clear the screen, change the window's title",
    expects: "lets none of them through to the operator's terminal",
    byHand: "(printf '\\033[2J\\n'; sleep 9) | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const word = desk.word();
      await client.say(`\x1b[2J\x1b]0;title\x07 ${word}`);
      await desk.sees(word);
      trial.expect(!desk.shown.includes("\x1b[2J") && !desk.shown.includes("\x1b]0;"), "it showed them as they came");
    },
  },
  {
    ...TERMINAL,
    name: "turns-lone-cr",
    title: "a CR within a line, which goes back to its beginning",
    expects: "does not let the client write over what stands there",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [first, second] = [desk.word(), desk.word()];
      await client.say(`${first}\r${second}`);
      await desk.sees(second);
      trial.expect(!desk.shown.includes(`${first}\r${second}`), "it showed it as it came");
    },
  },
  {
    ...STREAM,
    name: "turns-long-line",
    title: "a line of 60 kB",
    expects: "shows it whole, or says that it is too long",
    level: "practice",
    remedy: { ...MESSAGES, why: `${LIMITS.why} What comes of a longer line is not the message, but a piece of it.` },
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const end = desk.word();
      await client.say(`${"x".repeat(LONG)} ${end}`);
      const shown = await desk.until(end, trial.patience / 2) || client.talk.text !== "" || await desk.until(end);
      trial.expect(shown, "the operator saw a piece of it, and the client was not told");
    },
  },
  {
    ...TURNS,
    name: "turns-empty-line",
    title: "an empty line of the client, then another one",
    expects: "keeps the client",
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [word, answer] = [desk.word(), desk.word()];
      await client.say("");
      // It answers the empty line or, where that is no message, the next one.
      await desk.types(answer);
      await client.say(word);
      await client.sees(answer);
      await desk.sees(word);
    },
  },
  {
    ...TURNS,
    name: "turns-empty-answer",
    title: "an empty line of the operator",
    expects: "sends the client something, or asks the operator again",
    source: "write(2)",
    level: "practice",
    mistake: 5,
    remedy: LINE_ENDS,
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const answer = desk.word();
      await desk.hears(client);
      await desk.types("");
      if (await client.talk.until((text) => text !== "", trial.patience / 4)) return;
      await desk.types(answer);
      const answered = await client.talk.until((text) => text !== "", trial.patience);
      trial.expect(answered, "both sides wait for ever: the client for its answer, the server for the client");
    },
  },
  {
    ...TURNS,
    name: "turns-out-of-turn",
    title: "a second line before the answer to the first",
    expects: "keeps it until its turn, or says that it does not",
    run: async (trial: ChatTrial) => {
      const desk = new Desk(trial);
      const client = await desk.connect();
      const [one, two, first, second] = [desk.word(), desk.word(), desk.word(), desk.word()];
      await client.say(one);
      await desk.sees(one);
      await client.say(two);
      await desk.types(first);
      await client.sees(first);
      if (!await desk.until(two) && desk.told(client, 0) !== "") return;
      await desk.sees(two);
      await desk.types(second);
      await client.sees(second);
    },
  },
];
