/**
 * Checks of a room: what is in a line, and what it may do to the terminals of others.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeText } from "../../../lib/text.ts";
import { type Guest, quote } from "./guest.ts";
import { Party, prefixOf } from "./party.ts";
import { DECODING, ESCAPES, LINES, TELNET } from "./remedies.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

/** What is said between two words, and what of it reached another member; `null` if that line did not. */
interface Relayed {
  readonly speaker: Guest;
  /** What the speaker was told by the server since then. */
  readonly told: string;
  /** Whether it is still in the room. */
  readonly kept: boolean;
  readonly listener: Guest;
  readonly before: string;
  /** What came between the two words: text, and the same as bytes would show it. */
  readonly between: string | null;
}

/** Says bytes between two words, and then goes on, so that all of it has come, or never will. */
async function relay(trial: ChatTrial, bytes: string | Uint8Array): Promise<Relayed> {
  const party = new Party(trial);
  const [speaker, listener] = await party.gather(2);
  const [start, end] = [party.word(), party.word()];
  const mark = speaker.talk.text.length;
  const middle = typeof bytes === "string" ? encodeText(bytes) : bytes;
  await speaker.talk.send(concat([encodeText(`${start} `), middle, encodeText(` ${end}${trial.dialect.terminator}`)]));
  const kept = await party.settled(speaker, listener);
  const text = listener.talk.text;
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  const between = from < 0 || to < 0 ? null : text.slice(from + start.length + 1, to);
  return {
    speaker,
    told: party.told(speaker, mark),
    listener,
    before: prefixOf(listener.linesWith(start)[0] ?? "", start),
    between,
    kept,
  };
}

const TERMINALS = {
  source: "Unicode TR 36 2.1",
  level: "practice",
  mistake: 18,
  remedy: ESCAPES,
} as const;
const EUROPE_AND_ASIA = "Grüße, 漢字 und 😀";

export const textChecks: readonly ChatCheck[] = [
  {
    name: "utf8",
    title: `UTF-8: ${EUROPE_AND_ASIA}`,
    expects: "passes it on as it is",
    source: "RFC 3629 3",
    level: "contract",
    run: async (trial: ChatTrial) => {
      const { listener, between } = await relay(trial, EUROPE_AND_ASIA);
      trial.expect(between !== null, `the line did not arrive: ${listener.got}`);
      trial.expect(between.trim() === EUROPE_AND_ASIA, `${listener.label} got ${quote(between.trim())}`);
    },
  },
  {
    name: "split-characters",
    title: "é, 漢 and 😀, their bytes sent one by one",
    expects: "shows the characters whole",
    source: "RFC 3629 3",
    level: "contract",
    mistake: 6,
    remedy: LINES,
    byHand: "nc $HOST $PORT & (printf '\\303'; sleep 0.05; printf '\\251\\n'; sleep 1) | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const text = `é漢😀 ${party.word()}`;
      const bytes = encodeText(text + trial.dialect.terminator);
      await speaker.talk.sendApart([...bytes].map((byte) => Uint8Array.of(byte)));
      await listener.sees(text);
    },
  },
  {
    name: "invalid-utf8",
    title: "bytes that are no UTF-8 in a line",
    expects: "shows the rest of the line, or says why not, and goes on",
    source: "RFC 3629 10",
    level: "practice",
    mistake: 6,
    remedy: DECODING,
    byHand: "printf 'a \\303( b\\n' | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const { speaker, told, listener, between, kept } = await relay(
        trial,
        Uint8Array.of(0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8),
      );
      if (kept) return trial.expect(between !== null, `neither came the line, nor a word why: ${listener.got}`);
      trial.expect(told !== "", `${speaker.label} was thrown out without a word`);
    },
  },
  {
    name: "nul",
    title: "a NUL byte in a line",
    expects: "passes on what is before and after it",
    source: "practice",
    level: "practice",
    mistake: 2,
    remedy: ESCAPES,
    byHand: "printf 'a\\0b\\n' | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const { listener, between, kept } = await relay(trial, "\0");
      trial.expect(between !== null && !between.includes("\n") || !kept, `the line was cut: ${listener.got}`);
    },
  },
  {
    name: "escape-sequences",
    title: "escape sequences in a line: clear the screen, change the window's title",
    expects: "lets none of them through to another's terminal",
    ...TERMINALS,
    byHand: "printf '\\033[2J\\n' | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const { between } = await relay(trial, "\x1b[2J\x1b]0;title\x07 \x9b31m");
      // deno-lint-ignore no-control-regex -- it is what is looked for
      const passed = /[\x1b\x07\x9b]/.exec(between ?? "");
      trial.expect(passed === null, `it passed them on as they are: ${quote(between ?? "")}`);
    },
  },
  {
    name: "bidi-override",
    title: "U+202E in a line, which turns the direction of all that follows",
    expects: "shows it as a sign, drops it, or ends it within the line",
    ...TERMINALS,
    run: async (trial: ChatTrial) => {
      const { between, listener } = await relay(trial, "\u202eabc");
      const rest = listener.linesWith("\u202e")[0] ?? "";
      const open = between?.includes("\u202e") === true && !rest.slice(rest.indexOf("\u202e")).includes("\u202c");
      trial.expect(!open, "it passed it on, and turned the rest of the line round");
    },
  },
  {
    name: "lone-cr",
    title: "a CR within a line, which goes back to its beginning",
    expects: "lets nobody overwrite the name that stands there",
    ...TERMINALS,
    byHand: "printf 'x\\ranna: I give up\\n' | nc $HOST $PORT",
    run: async (trial: ChatTrial) => {
      const { before, between } = await relay(trial, "\ranna: I give up");
      const passed = before.trim() !== "" && /\r(?!\r*\n)/.test(between ?? "");
      trial.expect(!passed, `it passed it on: a terminal shows ${quote(`anna: I give up`)} over ${quote(before)}`);
    },
  },
  {
    name: "telnet-negotiation",
    title: "what a telnet client negotiates, before a line",
    expects: "shows the line, and none of the negotiation's bytes",
    source: "RFC 854",
    level: "practice",
    remedy: TELNET,
    run: async (trial: ChatTrial) => {
      const party = new Party(trial);
      const [speaker, listener] = await party.gather(2);
      const word = party.word();
      const negotiation = Uint8Array.of(255, 253, 3, 255, 251, 24, 255, 251, 31);
      await speaker.talk.send(concat([negotiation, encodeText(word + trial.dialect.terminator)]));
      await listener.sees(word);
      const bytes = listener.talk.received;
      const passed = bytes.some((byte, index) => byte === 255 && (bytes[index + 1] ?? 0) >= 251);
      trial.expect(!passed, "the others' terminals got the negotiation");
    },
  },
];
