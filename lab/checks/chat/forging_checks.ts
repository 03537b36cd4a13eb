/**
 * Checks of a room: lines that pretend to be somebody else's. Where lines are shown without any mark there is nothing to forge.
 *
 * @module
 */
import { quote } from "./guest.ts";
import { Party, prefixOf } from "./party.ts";
import { PREFIXES } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const FORGING = { source: "lab/checks/PROTOCOLS.md, chat", level: "contract", mistake: 18, remedy: PREFIXES } as const;

export const forgingChecks: readonly ChatCheck[] = [
  {
    name: "forged-line",
    title: "a line that looks like another member's, alone, and after a line end in the same write",
    expects: "shows whose it really is",
    ...FORGING,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [forger, victim, listener] = await party.gather(3);
      const genuine = party.word();
      await victim.say(genuine);
      const mark = prefixOf(await listener.sees(genuine), genuine);
      if (mark.trim() === "") trial.skip("lines are shown without a mark of their speaker");
      const [first, second, third] = [party.word(), party.word(), party.word()];
      await forger.say(`${mark}${first}`);
      await party.settled(forger, listener);
      await forger.say(`${second}${trial.dialect.terminator}${mark}${third}`);
      await party.settled(forger, listener);
      for (const word of [first, third]) {
        const forged = mark + word;
        trial.expect(
          !listener.lines.includes(forged),
          `${forger.label} could say ${quote(forged)} in the name of ${victim.label}`,
        );
      }
    },
  },
  {
    name: "forged-notice",
    title: "a line that looks like the server's own, alone, and after a line end in the same write",
    expects: "shows whose it really is",
    ...FORGING,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [forger, listener] = await party.gather(2);
      const known = listener.talk.text.length;
      await party.enter();
      await party.settled(forger, listener);
      const notice = party.told(listener, known).split("\n")[0]?.trim() ?? "";
      if (notice === "") trial.skip("the server tells nothing about its members");
      // Nobody has come: every such line from now on is a forgery.
      const mark = listener.talk.text.length;
      await forger.say(notice);
      await party.settled(forger, listener);
      await forger.say(`${party.word()}${trial.dialect.terminator}${notice}`);
      await party.settled(forger, listener);
      const lines = listener.talk.text.slice(mark).split(/\r*\n/);
      trial.expect(!lines.includes(notice), `${forger.label} could say ${quote(notice)} in the server's name`);
    },
  },
];
