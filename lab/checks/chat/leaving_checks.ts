/**
 * Checks of a room: members who leave, in every way there is.
 *
 * @module
 */
import { withoutNames, withoutQuit, withoutQuitWord } from "./dialect.ts";
import type { Guest } from "./guest.ts";
import { Party } from "./party.ts";
import { FAREWELL, LEAVING, LINES, RESETS } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

/** How long a notice may take that perhaps never comes (ms). */
const NOTICE = 700;
const QUITTING = {
  source: "lab/checks/PROTOCOLS.md, chat",
  level: "contract",
  remedy: FAREWELL,
  skip: withoutQuit,
} as const;

export const leavingChecks: readonly ChatCheck[] = [
  {
    ...QUITTING,
    name: "quit",
    title: "the line that ends a session",
    expects: "closes that connection, and no other",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [leaver, speaker, listener] = await party.gather(3);
      await leaver.say(trial.dialect.quit ?? "");
      await leaver.seesEnd();
      await party.goesOn(speaker, listener);
    },
  },
  {
    ...QUITTING,
    name: "quit-crlf",
    title: "the same with CR LF, as telnet sends it",
    expects: "closes the connection",
    source: "RFC 854",
    skip: (dialect) => dialect.terminator === "\n" ? withoutQuit(dialect) : "all lines end in CR LF here",
    run: async (trial: ChatTrial) => {
      const [leaver] = await new Party(trial).gather(2);
      await leaver.talk.send(`${trial.dialect.quit}\r\n`);
      await leaver.seesEnd();
    },
  },
  {
    ...QUITTING,
    name: "quit-in-sentence",
    title: "the same word at the beginning of a sentence",
    expects: "shows the sentence, and closes nothing",
    skip: withoutQuitWord,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const sentence = `${trial.dialect.quit} is what I shall type after ${party.word()}`;
      await speaker.say(sentence);
      await listener.sees(sentence);
      trial.expect(await party.settled(speaker, listener), `${speaker.label} was closed`);
    },
  },
  {
    ...QUITTING,
    name: "line-and-quit",
    title: "a line and the end of the session in one write",
    expects: "shows the line, then closes",
    source: "RFC 9293 3.7",
    mistake: 1,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [leaver, listener] = await party.gather(2);
      const word = party.word();
      await leaver.say(`${word}${trial.dialect.terminator}${trial.dialect.quit}`);
      await listener.sees(word);
      await leaver.seesEnd();
    },
  },
  {
    name: "half-close",
    title: "a line, then the end of the client's stream, as printf … | nc sends them",
    expects: "shows the line, and goes on",
    source: "RFC 9293 3.6",
    level: "contract",
    mistake: 4,
    remedy: LINES,
    byHand: "printf 'hello\\n' | nc -N $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [leaver, speaker, listener] = await party.gather(3);
      const word = party.word();
      await leaver.say(word);
      await leaver.talk.halfClose();
      await listener.sees(word);
      await party.goesOn(speaker, listener);
    },
  },
  {
    name: "reset-mid-line",
    title: "a member who is reset in the middle of a line",
    expects: "takes it out once; the others' lines stay whole",
    source: "RFC 9293 3.10.7",
    level: "practice",
    mistake: 4,
    remedy: RESETS,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [leaver, speaker, listener] = await party.gather(3);
      const [half, whole] = [party.word(), party.word()];
      await leaver.begin(half);
      // It arrives before the reset, which would take it away.
      await party.goesOn(speaker, listener);
      leaver.talk.reset();
      await speaker.say(whole);
      const line = await listener.sees(whole);
      trial.expect(!line.includes(half), `the half line stands before the next one: ${listener.got}`);
      await party.goesOn(listener, speaker);
      await party.goesOn(speaker, listener);
    },
  },
  {
    name: "half-line-inherited",
    title: "a member who closes in the middle of a line, then a newcomer",
    expects: "does not put the half line before the newcomer's",
    source: "practice",
    level: "practice",
    mistake: 1,
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [leaver, listener] = await party.gather(2);
      const [half, whole] = [party.word(), party.word()];
      await leaver.begin(half);
      await party.goesOn(listener, leaver);
      leaver.talk.close();
      const newcomer = await party.enter();
      await newcomer.say(whole);
      const line = await listener.sees(whole);
      trial.expect(!line.includes(half), "the newcomer's first line begins with what the other one had not finished");
    },
  },
  {
    name: "many-resets",
    title: "ten members who are reset while everybody speaks",
    expects: "goes on for the others",
    source: "practice",
    level: "practice",
    mistake: 4,
    remedy: RESETS,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener, ...leavers] = await party.gather(12);
      if (speaker === undefined || listener === undefined) throw new Error("nobody came");
      for (const leaver of leavers) {
        await leaver.say(party.word());
        await speaker.say(party.word());
        leaver.talk.reset();
      }
      await party.goesOn(speaker, listener);
      await party.goesOn(listener, speaker);
    },
  },
  {
    name: "leaving-told",
    title: "one member who closes, one who is reset, and one who says goodbye",
    expects: "tells the others of each of them once, or of none",
    source: "practice",
    level: "practice",
    mistake: 4,
    remedy: LEAVING,
    skip: withoutNames,
    run: leavingTold,
  },
];

/** Says goodbye as a client does: closes its side once the server has. Some servers count a member out only then. */
async function sayGoodbye(trial: ChatTrial, guest: Guest, quit: string): Promise<void> {
  await guest.say(quit);
  await guest.talk.untilEnd(trial.patience);
  guest.talk.close();
}

async function leavingTold(trial: ChatTrial): Promise<void> {
  const party = new Party(trial);
  const [listener, closing, reset, quitting] = await party.gather(4);
  const { quit } = trial.dialect;
  const ways: readonly (readonly [string, Guest, () => unknown])[] = [
    ["closed", closing, () => closing.talk.close()],
    ["was reset", reset, () => reset.talk.reset()],
    ...quit === null ? [] : [["said goodbye", quitting, () => sayGoodbye(trial, quitting, quit)] as const],
  ];
  const told: string[] = [];
  const untold: string[] = [];
  for (const [how, { name }, leave] of ways) {
    const mark = listener.talk.text.length;
    await leave();
    const isTold = await listener.talk.until(
      (text) => text.includes(name, mark),
      told.length > 0 ? trial.patience : NOTICE,
    );
    (isTold ? told : untold).push(how);
    const lines = listener.talk.text.slice(mark).split("\n").filter((line) => line.includes(name));
    trial.expect(new Set(lines).size === lines.length, `it was told twice: ${lines[0]}`);
  }
  const all = told.length === 0 || untold.length === 0;
  trial.expect(
    all,
    `the others were told of the one who ${told.join(" and ")}, not of the one who ${untold.join(" and ")}`,
  );
}
