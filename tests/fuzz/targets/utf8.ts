/**
 * `lib/utf8.ts` and `lib/text.ts`, beside the runtime's own decoder.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { cutStart, endsInsideCharacter, isContinuation, sequenceLength } from "../../../lib/utf8.ts";
import { decodeText, encodeText, escapeControls, escapeJson, hexPairs, streamDecoder } from "../../../lib/text.ts";
import { concat, utf8 as encoded } from "../engine/bytes.ts";
import { holds, same, sameForAllSplits, type Target } from "../engine/target.ts";

const SHOWN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Whether the runtime takes these bytes as UTF-8: they survive. (An error for each would take most of the time.) */
function isText(bytes: Uint8Array): boolean {
  const text = decodeText(bytes);
  return !text.includes("\ufffd") || isDeepStrictEqual(encodeText(text), bytes);
}

/** Every place at which a sequence is said to begin, as the runtime sees it. */
function checkSequences(input: Uint8Array): void {
  const most = Math.min(input.length, 2000);
  for (let at = 0; at < most; at++) {
    const length = sequenceLength(input, at);
    holds(length >= 0 && length <= 4, "a sequence has 1 to 4 bytes, or is none", () => `${length} at ${at}`);
    const whole = at + length <= input.length;
    if (length === 0) {
      for (let size = 1; size <= 4 && at + size <= input.length; size++) {
        holds(!isText(input.subarray(at, at + size)), "what is no sequence is none", () => `${at}, ${size} bytes`);
      }
    } else if (whole) {
      holds(isText(input.subarray(at, at + length)), "a sequence is one character", () => `${length} bytes at ${at}`);
      same([...decodeText(input.subarray(at, at + length))].length, 1, "a sequence is one character");
    } else {
      holds(endings(input.subarray(at)), "a cut sequence can be completed", () => `${length} bytes at ${at}`);
    }
  }
}

/** Whether some bytes make these a character. */
function endings(cut: Uint8Array): boolean {
  return [[0x80], [0xbf], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x80, 0x80], [0xbf, 0xbf, 0xbf], [0x90, 0x80, 0x80], [
    0xa0,
    0x80,
  ]]
    .some((rest) => isText(concat([cut, Uint8Array.from(rest)])));
}

export const utf8: Target = {
  name: "utf8",
  what: "where characters begin and end, decoding in pieces, escaping",
  max: 4096,
  seeds: ["", "hello", "é€😀", "a\u0000\u001b[31m\r\n", "\ufeffx\u202ey\u2028", "\ud7ff\ue000\u{10ffff}"].map(encoded),
  words: [
    "\xc3",
    "\xe2\x82",
    "\xf0\x9f\x98",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xc0\x80",
    "\xef\xbb\xbf",
    "\xe0\x80\x80",
    "\xf0\x80",
  ],
  make: (draw) => {
    const pieces: Uint8Array[] = [];
    for (let left = draw.between(1, 80); left > 0; left--) {
      const code = draw.pick([draw.below(0x80), draw.below(0x800), draw.below(0xd800), 0x10000 + draw.below(0x100000)]);
      const character = encoded(String.fromCodePoint(code));
      pieces.push(draw.happens(0.2) ? character.subarray(0, draw.below(character.length + 1)) : character);
    }
    return concat(pieces);
  },
  check(input) {
    checkSequences(input);
    const text = sameForAllSplits(input, (pieces) => {
      const decoder = streamDecoder();
      return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
    });
    same(text, decodeText(input), "decoding in pieces is decoding the whole");
    const start = cutStart(input);
    holds(start <= input.length && start >= input.length - 3, "a cut is within the last three bytes", () => `${start}`);
    same(endsInsideCharacter(input), start < input.length, "both say whether a character is cut");
    const decoder = streamDecoder();
    decoder.decode(input, { stream: true });
    same(start < input.length, decoder.decode() !== "", "a character is cut where the decoder waits for more");
    if (start < input.length) {
      holds(!isContinuation(input[start]), "a cut character begins with its first byte");
      holds(sequenceLength(input, start) > input.length - start, "what is cut is a character's beginning");
    }
    if (isText(input)) same(encodeText(text), input, "valid text survives");
    for (const options of [{}, { tabs: true }, { lines: true }]) {
      const escaped = escapeControls(text, options);
      const rest = "lines" in options
        ? escaped.replace(/[\n\t]/g, "")
        : "tabs" in options
        ? escaped.replaceAll("\t", "")
        : escaped;
      holds(!SHOWN.test(rest), "no control is left", () => JSON.stringify(rest));
      same(escapeControls(escaped, options), escaped, "what is escaped stays as it is");
    }
    same(JSON.parse(escapeJson(JSON.stringify(text))), text, "JSON that was made safe says the same");
    holds(!SHOWN.test(escapeJson(JSON.stringify(text))), "no control is left in JSON");
    same(hexPairs(input).length, Math.max(0, input.length * 3 - 1), "two digits a byte");
  },
};
