/**
 * Checks of a room: names. What counts is what others are shown, however a server refuses a name.
 *
 * @module
 */
import { withoutNames } from "./dialect.ts";
import { type Guest, quote } from "./guest.ts";
import { Party, prefixOf } from "./party.ts";
import { NAMES, TAKEN } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

/** How long a line may take that perhaps never comes, once a later one of another member has come (ms). */
const STILL = 150;
const NAMING = {
  source: "lab/checks/PROTOCOLS.md, chat",
  level: "practice",
  mistake: 18,
  remedy: NAMES,
  skip: withoutNames,
} as const;

/** Somebody with a name of its own, a listener, and one who comes with a name that it should not have. */
interface Naming {
  readonly party: Party;
  readonly honest: Guest;
  readonly listener: Guest;
  /** What is shown before the honest member's words. */
  readonly mark: string;
}

async function begin(trial: ChatTrial): Promise<Naming> {
  const party = new Party(trial);
  const [honest, listener] = await party.gather(2);
  const word = party.word();
  await honest.say(word);
  return { party, honest, listener, mark: prefixOf(await listener.sees(word), word) };
}

/** Lets one come with a name and say a word. Returns the line with it that others see; `null` if they see none. */
async function comeAs({ party, honest, listener }: Naming, name: string): Promise<string | null> {
  const guest = await party.connect({ name });
  const word = party.word();
  if (await guest.join()) await guest.say(word);
  await party.settled(honest, listener);
  const shown = await listener.talk.until((text) => text.includes(word), STILL);
  return shown ? prefixOf(await listener.sees(word), word) : null;
}

export const nameChecks: readonly ChatCheck[] = [
  {
    ...NAMING,
    name: "name-shown",
    title: "a line of a member with a name",
    expects: "shows the name beside it",
    level: "contract",
    run: async (trial: ChatTrial) => {
      const { honest, listener, mark } = await begin(trial);
      trial.expect(mark.includes(honest.name), `${listener.label} got it with ${quote(mark)} before it`);
    },
  },
  {
    ...NAMING,
    name: "name-taken",
    title: "a second member with the name of the first",
    expects: "refuses the name, or changes it",
    level: "contract",
    remedy: TAKEN,
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      const { honest: { name }, mark } = naming;
      const shown = await comeAs(naming, name);
      const same = mark.includes(name) && shown === mark;
      trial.expect(!same, `the lines of both begin with ${quote(mark)}`);
    },
  },
  {
    ...NAMING,
    name: "name-case",
    title: "a second member with the same name in capitals",
    expects: "refuses the name, or changes it",
    source: "RFC 2812 2.2",
    remedy: TAKEN,
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      const { honest: { name }, mark } = naming;
      const shown = await comeAs(naming, name.toUpperCase());
      const same = mark.includes(name) && shown?.toLowerCase() === mark.toLowerCase();
      trial.expect(!same, `there are ${quote(mark.trim())} and ${quote(shown?.trim() ?? "")} now`);
    },
  },
  {
    ...NAMING,
    name: "name-empty",
    title: "an empty name",
    expects: "refuses it, asks again, or gives one",
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      const { honest: { name }, mark } = naming;
      const nobody = (mark.split(name).join("")).replace(/\s/g, "");
      const shown = await comeAs(naming, "");
      const nameless = nobody !== "" && mark.includes(name) && shown?.replace(/\s/g, "") === nobody;
      trial.expect(!nameless, `a member without a name speaks: ${quote(shown ?? "")}`);
    },
  },
  {
    ...NAMING,
    name: "name-long",
    title: "a name of 1,000 characters",
    expects: "refuses it, or cuts it",
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      await comeAs(naming, "n".repeat(1000));
      trial.expect(!naming.listener.talk.text.includes("n".repeat(1000)), "it was shown to the others in full length");
    },
  },
  {
    ...NAMING,
    name: "name-controls",
    title: "a name with an escape sequence in it",
    expects: "refuses it, or takes the sequence out",
    source: "Unicode TR 36 2.1",
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      await comeAs(naming, `eve\x1b[2J${naming.party.name()}`);
      trial.expect(!naming.listener.talk.text.includes("\x1b[2J"), "the others' terminals got the sequence");
    },
  },
  {
    ...NAMING,
    name: "name-forging",
    title: "a name that is another member's name, what follows it in a line, and some words",
    expects: "refuses it, or shows whose the line really is",
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      const { honest: { name }, mark } = naming;
      const after = mark.slice(mark.indexOf(name) + name.length);
      if (!mark.includes(name) || after === "") trial.skip("nothing stands between a name and the line");
      const shown = await comeAs(naming, `${name}${after}yes`);
      trial.expect(shown?.startsWith(mark) !== true || shown === mark, `its lines begin with ${quote(shown ?? "")}`);
    },
  },
  {
    ...NAMING,
    name: "name-free-again",
    title: "a member who was reset, and comes back with its name",
    expects: "lets it have the name",
    source: "practice",
    mistake: 4,
    remedy: TAKEN,
    run: async (trial: ChatTrial) => {
      const naming = await begin(trial);
      const { party, listener, mark } = naming;
      const witness = await party.enter();
      naming.honest.talk.reset();
      const name = naming.honest.name;
      const deadline = performance.now() + trial.patience;
      for (;;) {
        const shown = await comeAs({ ...naming, honest: witness, listener }, name);
        if (shown !== null && (!mark.includes(name) || shown.includes(name))) return;
        trial.expect(performance.now() < deadline, `${quote(name)} is still taken ${trial.patience / 1000} s later`);
        await trial.pause(STILL);
      }
    },
  },
];
