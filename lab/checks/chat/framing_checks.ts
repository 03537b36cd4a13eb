/**
 * Checks of a room: framing, lines in a stream of bytes.
 *
 * @module
 */
import { Party, prefixOf } from "./party.ts";
import { LINES } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const STREAM = "RFC 9293 3.7";
/** How long a line is that several members say at once. */
const PADDING = 200;

/** Two terminals: one listens, in the other one speaks by hand. */
const byHand = (speak: string): string => `nc $HOST $PORT & (${speak}; sleep 1) | nc $HOST $PORT`;

export const framingChecks: readonly ChatCheck[] = [
  {
    name: "split-line",
    title: "a line that comes byte by byte",
    expects: "shows the others one line",
    source: STREAM,
    level: "contract",
    mistake: 1,
    remedy: LINES,
    byHand: byHand("printf hel; sleep 0.05; printf 'lo\\n'"),
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const text = `hello ${party.word()}`;
      await speaker.talk.sendApart([...text, trial.dialect.terminator]);
      await listener.sees(text);
    },
  },
  {
    name: "two-lines",
    title: "two lines in one write",
    expects: "shows two lines, each marked as its speaker's",
    source: STREAM,
    level: "contract",
    mistake: 1,
    remedy: LINES,
    byHand: byHand("printf 'one\\ntwo\\n'"),
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const [alone, one, two] = [party.word(), party.word(), party.word()];
      await speaker.say(alone);
      const usual = prefixOf(await listener.sees(alone), alone);
      await speaker.say(`${one}${trial.dialect.terminator}${two}`);
      const first = await listener.sees(one);
      const second = await listener.sees(two);
      trial.expect(!first.includes(two), `${listener.label} got both in one line`);
      const bare = prefixOf(second, two) === "" && usual !== "";
      trial.expect(!bare, `the first is shown as its speaker's, and the second alone: ${two}`);
    },
  },
  {
    name: "line-and-a-half",
    title: "a line and the beginning of the next one in one write, then the rest",
    expects: "shows two lines, both whole",
    source: STREAM,
    level: "contract",
    mistake: 1,
    remedy: LINES,
    byHand: byHand("printf 'one\\ntw'; sleep 0.05; printf 'o\\n'"),
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const [one, two, three] = [party.word(), party.word(), party.word()];
      await speaker.talk.send(`${one}${trial.dialect.terminator}${two} and `);
      await listener.sees(one);
      await speaker.say(three);
      await listener.sees(`${two} and ${three}`);
    },
  },
  {
    name: "join-and-line",
    title: "the name and the first line in one write",
    expects: "takes both",
    source: STREAM,
    level: "contract",
    mistake: 1,
    remedy: LINES,
    skip: ({ join }) => join === "" ? "nothing is sent to join here" : null,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [listener] = await party.gather(2);
      const hasty = await party.connect();
      const word = party.word();
      await hasty.joinSaying(`hello ${word}`);
      await listener.sees(`hello ${word}`);
    },
  },
  {
    name: "mixed-halves",
    title: "half a line of one member, a line of another one, then the other half",
    expects: "mixes them within no line",
    source: "lab/checks/PROTOCOLS.md, chat",
    level: "contract",
    mistake: 1,
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [slow, quick, listener] = await party.gather(3);
      const [half, other, rest] = [party.word(), party.word(), party.word()];
      await slow.begin(`${half} and `);
      await quick.say(other);
      const between = await listener.sees(other);
      trial.expect(!between.includes(half), `one line holds the words of both: ${between}`);
      await slow.say(rest);
      await listener.sees(`${half} and ${rest}`);
    },
  },
  {
    name: "several-speakers",
    title: "four members who speak at once, each line in two writes",
    expects: "shows each line whole and alone",
    source: "lab/checks/PROTOCOLS.md, chat",
    level: "contract",
    remedy: LINES,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [listener, ...speakers] = await party.gather(5);
      if (listener === undefined) throw new Error("nobody listens");
      const said: string[] = [];
      await Promise.all(speakers.map(async ({ talk }, index) => {
        for (let line = 0; line < 6; line++) {
          const text = `${party.word()} ${String(index).repeat(PADDING)} ${party.word()}`;
          said.push(text);
          await talk.sendApart([text.slice(0, PADDING / 2), text.slice(PADDING / 2) + trial.dialect.terminator], 1);
        }
      }));
      for (const text of said) {
        const line = await listener.sees(text);
        const mixed = said.some((other) => other !== text && line.includes(other.slice(0, 8)));
        trial.expect(!mixed, "one line holds the words of two members");
      }
    },
  },
];
