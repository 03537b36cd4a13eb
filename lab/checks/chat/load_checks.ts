/**
 * Checks of a room: members who hold up others. They come last, since a room may have to slow down what follows them.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import type { Guest } from "./guest.ts";
import { Party } from "./party.ts";
import { CONCURRENCY, PACE, QUEUES, RESETS } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

/** How much is said beside a slow reader: more than the system's buffers for it hold (bytes). */
const MUCH = 6 * 1024 * 1024;
/** How much of it a listener keeps (bytes). */
const KEPT = 512 * 1024;
/** How long it may take (ms). */
const WHILE = 6000;
/** With less that passes between two lines of others (bytes), all has been said, or the speaker is slowed down. */
const SLOW = 32 * 1024;
const ROUNDS = 5;
/** How long between two lines that others say meanwhile (ms). */
const APART = 150;
/** How much is said in one go (bytes), and how long the listener may take for the slice before (ms). */
const SLICE = 256 * 1024;
const WAIT = 300;
const LOOK = 5;
const CONNECTIONS = 300;

export const loadChecks: readonly ChatCheck[] = [
  {
    name: "silent-client",
    title: "a client that connects and says nothing, not even a name",
    expects: "serves the others meanwhile",
    source: "practice",
    level: "practice",
    mistake: 14,
    remedy: CONCURRENCY,
    byHand: "nc $HOST $PORT   # in three terminals; type in the last two",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      await party.connect();
      await party.gather(2);
    },
  },
  {
    name: "connect-and-go",
    title: "ten clients that connect and are reset at once",
    expects: "serves the others",
    source: "accept(2)",
    level: "practice",
    mistake: 4,
    remedy: RESETS,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      for (let count = 0; count < 10; count++) (await party.connect()).talk.reset();
      await party.goesOn(speaker, listener);
      await party.enter();
      await party.goesOn(listener, speaker);
    },
  },
  {
    name: "flood",
    title: "20,000 lines of one member at once, and another one who speaks",
    expects: "lets the other one be heard in time",
    source: "practice",
    level: "practice",
    remedy: PACE,
    limit: 15_000,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [flooder, speaker, listener] = await party.gather(3);
      await beside(party, flooder, encodeText(`${party.word()}${trial.dialect.terminator}`.repeat(20_000)), [
        speaker,
        listener,
      ]);
    },
  },
  {
    name: "slow-reader",
    title: "a member who reads nothing, while 6 MiB are said",
    expects: "drops it, or slows the speaker down; the others are heard in time",
    source: "practice",
    level: "practice",
    mistake: 3,
    remedy: QUEUES,
    limit: 15_000,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      // The first in every list of members.
      const lazy = await party.connect({ reading: false });
      await lazy.join({ reading: false });
      const [flooder, speaker, listener] = await party.gather(3);
      const line = `${party.word()} ${"y".repeat(1000)}${trial.dialect.terminator}`;
      await beside(party, flooder, encodeText(line.repeat(MUCH / line.length)), [speaker, listener]);
    },
  },
  {
    name: "many-connections",
    title: `${CONNECTIONS} more connections`,
    expects: "takes them, or says why not; the members notice nothing",
    source: "listen(2)",
    level: "practice",
    mistake: 14,
    remedy: CONCURRENCY,
    limit: 20_000,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const crowd: Guest[] = [];
      while (crowd.length < CONNECTIONS) crowd.push(await party.connect());
      await party.goesOn(speaker, listener);
      for (const { talk } of crowd) talk.close();
      await party.goesOn(listener, speaker);
    },
  },
];

/** One member says a great deal, and two others talk to each other meanwhile and afterwards. */
async function beside(
  party: Party,
  flooder: Guest,
  much: Uint8Array,
  [speaker, listener]: readonly [Guest, Guest],
): Promise<void> {
  const { trial } = party;
  listener.talk.keepLast(KEPT);
  flooder.talk.keepLast(KEPT);
  const until = performance.now() + WHILE;
  const before = listener.talk.count;
  const stop = new AbortController();
  const flood = pour(trial, flooder, much, listener, stop.signal).catch(() => {});
  try {
    // A few times more at the end: a server that waits for the slow reader may have passed on one line before it waits.
    for (let left = ROUNDS, passed = 0; left > 0;) {
      await party.goesOn(speaker, listener);
      await trial.pause(APART);
      const now = listener.talk.count - before;
      if (now - passed < SLOW || performance.now() > until) left--;
      passed = now;
    }
  } finally {
    stop.abort();
    flooder.talk.reset();
    await flood;
  }
}

/** Says a great deal, a slice at a time, no faster than the listener receives it, so that only a member that does not read falls behind. */
async function pour(
  trial: ChatTrial,
  { talk }: Guest,
  much: Uint8Array,
  listener: Guest,
  signal: AbortSignal,
): Promise<void> {
  const before = listener.talk.count;
  for (let at = 0; at < much.length && !signal.aborted; at += SLICE) {
    await talk.send(much.subarray(at, at + SLICE));
    for (let waited = 0; listener.talk.count - before < at && waited < WAIT && !signal.aborted; waited += LOOK) {
      await trial.pause(LOOK);
    }
  }
}
