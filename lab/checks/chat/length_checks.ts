/**
 * Checks of a room: lines that are too long.
 *
 * @module
 */
import { within } from "../../../lib/within.ts";
import { type Guest, quote } from "./guest.ts";
import { Party } from "./party.ts";
import { LIMITS } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

const LONG = 60_000;
const ENDLESS = 8 * 1024 * 1024;
/** How much of it is sent at a time, and how much a listener keeps (bytes). */
const SLICE = 512 * 1024;
const KEPT = 256 * 1024;
/** How long the server may take for a slice of the endless line (ms); one that has stopped reading by then has a limit, and so has one that
 * takes three times as long for all of it. */
const TAKING = 3000;
/** How long after the others have gone on a word to the speaker may come (ms). */
const WORD = 300;

export const lengthChecks: readonly ChatCheck[] = [
  {
    name: "long-line",
    title: "a line of 60 kB, and others who go on talking",
    expects: "passes it on whole, or says that it is too long; the others notice nothing",
    source: "practice",
    level: "practice",
    mistake: 18,
    remedy: LIMITS,
    byHand: "(head -c 60000 /dev/zero | tr '\\0' x; echo) | nc $HOST $PORT",
    run: longLine,
  },
  {
    name: "endless-line",
    title: "8 MiB without a line end",
    expects: "has a limit, and the others notice nothing",
    source: "practice",
    level: "practice",
    mistake: 18,
    remedy: LIMITS,
    byHand: "head -c 8388608 /dev/zero | tr '\\0' x | nc $HOST $PORT",
    limit: 20_000,
    run: endlessLine,
  },
];

async function longLine(trial: ChatTrial): Promise<void> {
  const party = new Party(trial);
  const [speaker, other, listener] = await party.gather(3);
  const [start, end] = [party.word(), party.word()];
  const mark = speaker.talk.text.length;
  await speaker.say(`${start} ${"x".repeat(LONG)} ${end}`);
  await party.goesOn(other, listener);
  const letters = (): number => listener.talk.text.split("x").length - 1;
  const isTold = (): boolean => party.told(speaker, mark) !== "";
  const isWhole = (): boolean => listener.talk.text.includes(end) && letters() >= LONG;
  // Whichever comes first; most servers have done either by now.
  for (let waited = 0; !isTold() && !isWhole() && waited < trial.patience; waited += WORD) {
    await speaker.talk.until(isTold, WORD);
  }
  const mixed = listener.lines.find((line) => /x{9}[^x]+x{9}/.test(line));
  const shown = quote(mixed?.replace(/x{9,}/g, "x…x") ?? "");
  trial.expect(mixed === undefined, `something else stands within it: ${listener.label} got ${shown}`);
  const some = letters() === 0 ? "it was lost" : `only ${letters()} of its ${LONG} bytes arrived`;
  trial.expect(isWhole() || isTold(), `${some}, and nobody told its speaker`);
  await party.goesOn(other, listener);
}

async function endlessLine(trial: ChatTrial): Promise<void> {
  const party = new Party(trial);
  const [speaker, other, listener] = await party.gather(3);
  listener.talk.keepLast(KEPT);
  const before = listener.talk.count;
  const until = performance.now() + 3 * TAKING;
  let taken = true;
  let sending: Promise<unknown> = Promise.resolve();
  for (let sent = 0; taken && sent < ENDLESS && speaker.talk.end === null; sent += SLICE) {
    sending = speaker.talk.send(new Uint8Array(SLICE).fill(120), "of 8 MiB without a line end");
    taken = await within(sending, TAKING) && performance.now() < until;
  }
  if (taken) await isQuiet(trial, listener);
  // A room that passes on what it has, without waiting for the end, keeps nothing.
  if (taken && speaker.talk.end === null && listener.talk.count - before < ENDLESS / 2) {
    await speaker.say("");
    const all = (): boolean => listener.talk.count - before >= ENDLESS;
    const word = party.word();
    await other.say(word);
    await listener.talk.until((text) => all() || text.includes(word), trial.patience);
    if (!all()) await listener.talk.until(all, WORD);
    trial.expect(!all(), "it kept all of it, and then showed it as one line: there is no limit");
  }
  speaker.talk.reset();
  await sending;
  await party.goesOn(other, listener);
}

/** Waits until nothing more comes for a moment. */
async function isQuiet(trial: ChatTrial, { talk }: Guest): Promise<void> {
  const deadline = performance.now() + TAKING;
  for (let count = -1; count !== talk.count && performance.now() < deadline;) {
    count = talk.count;
    await trial.pause(WORD);
  }
}
