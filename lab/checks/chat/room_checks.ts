/**
 * Checks of a room: who gets which line.
 *
 * @module
 */
import { Party, prefixOf } from "./party.ts";
import { GONE, LINES } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const ROOM = { source: "lab/checks/PROTOCOLS.md, chat", level: "contract" } as const;
/** How many lines one member says in a row. */
const MANY = 15;

export const roomChecks: readonly ChatCheck[] = [
  {
    name: "two-members",
    title: "two members; each says a line",
    expects: "shows each the other's line",
    ...ROOM,
    remedy: GONE,
    byHand: "nc $HOST $PORT   # in two terminals; type in each",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [one, other] = await party.gather(2);
      await party.goesOn(one, other);
      await party.goesOn(other, one);
    },
  },
  {
    name: "everyone-once",
    title: "a line in a room of four",
    expects: "shows it to each of the others once",
    ...ROOM,
    remedy: GONE,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const guests = await party.gather(4);
      const [speaker, ...others] = guests;
      const word = party.word();
      await speaker.say(word);
      await Promise.all(others.map((guest) => guest.sees(word)));
      for (const guest of others) await party.settled(speaker, guest);
      for (const guest of guests) {
        const times = guest.talk.text.split(word).length - 1;
        trial.expect(times <= 1, `${guest.label} got it ${times} times`);
      }
    },
  },
  {
    name: "line-ends",
    title: "a line, and nothing after it",
    expects: "sends the others its line end too",
    ...ROOM,
    mistake: 1,
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const word = party.word();
      await speaker.say(word);
      await listener.sees(word);
      const rest = listener.talk.text.slice(listener.talk.text.lastIndexOf(word));
      trial.expect(rest.includes("\n"), `${listener.got} without a line end: the next line runs into it`);
    },
  },
  {
    name: "order",
    title: `${MANY} lines of one member in one write`,
    expects: "shows all of them, in their order",
    ...ROOM,
    mistake: 1,
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const words = Array.from({ length: MANY }, () => party.word());
      await speaker.talk.send(words.map((word) => word + trial.dialect.terminator).join(""));
      for (const word of words) await listener.sees(word);
      const all = listener.talk.text;
      const places = words.map((word) => all.indexOf(word));
      trial.expect(places.every((place, index) => place > (places[index - 1] ?? -1)), "the order was another one");
      const lines = new Set(words.map((word) => listener.lines.findIndex((line) => line.includes(word))));
      trial.expect(lines.size === MANY, `${MANY} lines came as ${lines.size}`);
    },
  },
  {
    name: "empty-line",
    title: "an empty line, then another one",
    expects: "keeps its member",
    source: "practice",
    level: "practice",
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      await speaker.say("");
      trial.expect(await party.settled(speaker, listener), `${speaker.label} was closed: an empty line is not the end`);
    },
  },
  {
    name: "crlf",
    title: "a line that ends in CR LF, as telnet's do, in a room of LF",
    expects: "takes it as one line",
    source: "RFC 854",
    level: "contract",
    remedy: LINES,
    byHand: "printf 'hello\\r\\n' | nc $HOST $PORT",
    skip: ({ terminator }) => terminator === "\n" ? null : "all lines end in CR LF here",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const word = party.word();
      await speaker.talk.send(`${word}\r\n`);
      const usual = prefixOf(await listener.sees(word), word);
      await party.settled(speaker, listener);
      const blank = usual.trim() !== "" && listener.lines.some((line) => line.trim() === usual.trim());
      trial.expect(!blank, `an empty line of ${speaker.label} follows it: CR and LF were taken for two line ends`);
    },
  },
  {
    name: "newcomer",
    title: "a member who comes later",
    expects: "shows it what is said from then on, once",
    ...ROOM,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker] = await party.gather(2);
      const [early, late] = [party.word(), party.word()];
      await speaker.say(early);
      const newcomer = await party.enter();
      // A history is welcome: the early line may come, too.
      await party.goesOn(speaker, newcomer);
      await speaker.say(late);
      await newcomer.sees(late);
      await party.settled(speaker, newcomer);
      for (const word of [early, late]) {
        const times = newcomer.talk.text.split(word).length - 1;
        trial.expect(times <= 1, `${newcomer.label} got ${word} ${times} times`);
      }
    },
  },
  {
    name: "twenty-members",
    title: "a line in a room of twenty",
    expects: "shows it to all of them",
    source: "practice",
    level: "practice",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [first, ...others] = await party.gather(20);
      const last = others.at(-1);
      if (first === undefined || last === undefined) throw new Error("nobody came");
      const word = party.word();
      await last.say(word);
      await Promise.all([first, ...others.slice(0, -1)].map((guest) => guest.sees(word)));
    },
  },
];
