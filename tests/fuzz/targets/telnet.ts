/**
 * `chat/transport/telnet.ts`: what a telnet client mixes into its text.
 *
 * @module
 */
import { MAX_SUBNEGOTIATION, TelnetError, TelnetFilter } from "../../../chat/transport/telnet.ts";
import { concat, fromLatin1, latin1 } from "../engine/bytes.ts";
import { holds, overwrite, same, sameForAllSplits, type Target } from "../engine/target.ts";

interface Filtered {
  readonly text: Uint8Array;
  readonly answers: Uint8Array;
  readonly failed: boolean;
}

function filtered(pieces: readonly Uint8Array[]): Filtered {
  const filter = new TelnetFilter();
  const [text, answers]: [Uint8Array[], Uint8Array[]] = [[], []];
  try {
    for (const piece of pieces) {
      const kept = filter.strip(piece);
      holds(kept >= 0 && kept <= piece.length, "no text is added", () => String(kept));
      text.push(piece.slice(0, kept));
      answers.push(filter.takeAnswers());
      overwrite(piece);
    }
    return { text: concat(text), answers: concat(answers), failed: false };
  } catch (error) {
    if (!(error instanceof TelnetError)) throw error;
    return { text: new Uint8Array(), answers: new Uint8Array(), failed: true };
  }
}

/** The commands, by a pattern over the whole; subnegotiations first lose their doubled 255. */
const COMMAND =
  // deno-lint-ignore no-control-regex -- telnet is bytes
  /\xff(?:[\xfb-\xfe][^]|\xfa(?:[^\xff]|\xff[^\xf0])*(?:\xff\xf0|\xff?$)|([\x00-\xeb\xff])|[\xec-\xf9]|[\xfb-\xfe]?$)/g;

function expected(input: Uint8Array): Filtered {
  const text = fromLatin1(input);
  const asked = text.matchAll(COMMAND);
  let [answers, failed] = ["", false];
  for (const [command] of asked) {
    if (command.startsWith("\xff\xfd") && command.length === 3) answers += `\xff\xfc${command[2]}`;
    if (command.startsWith("\xff\xfb") && command.length === 3) answers += `\xff\xfe${command[2]}`;
    if (command.startsWith("\xff\xfa")) failed ||= isTooLong(command.slice(2));
  }
  if (failed) return { text: new Uint8Array(), answers: new Uint8Array(), failed };
  return { text: latin1(text.replace(COMMAND, (_, kept = "") => kept)), answers: latin1(answers), failed };
}

/** Counted as it arrives: the byte after a 255 may be the one too many. */
function isTooLong(inside: string): boolean {
  let [length, escaped] = [0, false];
  for (const character of inside) {
    length++;
    if (!escaped && length > MAX_SUBNEGOTIATION) return true;
    escaped = !escaped && character === "\xff";
  }
  return false;
}

export const telnet: Target = {
  name: "telnet",
  what: "what a telnet client mixes into its text",
  max: 4000,
  seeds: [
    "hi\r\n",
    "\xff\xfb\x0ahi",
    "a\xff\xfd\x06b",
    "\xff\xfa\x18\x00xterm\xff\xf0x",
    "\xff\xffa",
    "\xff\xf4\xff\xfd\x06",
    `\xff\xfa${"x".repeat(1024)}\xff\xf0y`,
  ].map(latin1),
  words: [
    "\xff",
    "\xff\xfa",
    "\xff\xf0",
    "\xff\xfb",
    "\xff\xfc",
    "\xff\xfd",
    "\xff\xfe",
    "\xff\xff",
    "\n",
    "\xff\xf9",
    "\xff\xec",
    "\xff\xeb",
    "x".repeat(1023),
  ],
  make: (draw) =>
    latin1(
      draw.some(1, 20, () =>
        draw.happens(0.5)
          ? draw.pick(["text", "\r\n", "\xc3\xa9"])
          : `\xff${draw.pick(["\xfb", "\xfc", "\xfd", "\xfe", "\xfa", "\xf0", "\xff", "\xf4", "a"])}${
            draw.pick(["", "\x01", "\x0a", "\xff"])
          }${draw.happens(0.1) ? "y".repeat(draw.size(1030)) : ""}`),
    ),
  check(input) {
    const seen = sameForAllSplits(input, filtered);
    same(seen, expected(input), "the text and the answers are those of the whole");
    same(seen.answers.length % 3, 0, "an answer has three bytes");
    if (!input.includes(255)) same(seen.text, input, "text passes unchanged");
  },
};
