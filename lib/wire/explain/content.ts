/**
 * What bytes show of their sender's mistakes: padding, control characters, integers. Pure.
 *
 * @module
 */
import { counted, decodeText, thousands } from "../../text.ts";
import { sequenceLength } from "../../utf8.ts";
import { hexOf, looksLikeText, withoutNuls } from "./excerpt.ts";
import type { MistakeNumber } from "./mistakes.ts";
import type { Topic } from "./whys.ts";

/** What was found: a mistake, or a remark about a topic. */
export type Finding =
  | { readonly mistake: MistakeNumber; readonly text: string }
  | { readonly topic: Topic; readonly text: string };

/** How much of a piece is examined (bytes): beyond, one would have to read all of a file that passes. */
const EXAMINED = 4096;

/** Examines what a peer sent: a datagram, or a piece of a stream of lines. */
export function examine(bytes: Uint8Array): Finding[] {
  if (isTelnet(bytes)) {
    return [{ topic: "telnet", text: `These ${counted(bytes.length, "byte")} are telnet's own negotiation` }];
  }
  // A byte and zeros are a small number rather than a padded letter: 42 is "*".
  const number = (bytes.length === 4 || bytes.length === 8) && withoutNuls(bytes) === 1;
  if (number || !looksLikeText(bytes)) return integerOf(bytes);
  return [...nulsOf(bytes), ...controlsOf(bytes), ...numbersOf(bytes)];
}

/** Whether bytes are telnet's option negotiation and nothing else (RFC 854). */
export function isTelnet(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes.length < 3) return false;
  for (let at = 0; at < bytes.length;) {
    const command = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || command < 0xf0) return false;
    if (command === 0xfa) {
      const end = bytes.indexOf(0xf0, at);
      if (end < 0) return true;
      at = end + 1;
    } else at += command >= 0xfb ? 3 : 2;
  }
  return true;
}

/** From how many NUL bytes on text counts as padded: C's string has one. */
const PADDING = 4;

function nulsOf(bytes: Uint8Array): Finding[] {
  const text = withoutNuls(bytes);
  const nuls = bytes.length - text;
  const inside = bytes.subarray(0, Math.min(text, EXAMINED)).includes(0);
  if (text === 0 || (nuls === 0 && !inside)) return [];
  if (nuls >= PADDING && !inside) {
    const words = `${counted(text, "byte")} of text, then ${
      thousands(nuls)
    } NUL bytes: the sender sent its whole buffer`;
    return [{ mistake: 2, text: words }];
  }
  if (inside) return [{ topic: "nul", text: "There are NUL bytes (␀) between the text" }];
  return [{ topic: "nul", text: nuls === 1 ? "A NUL byte (␀) ends the text" : `${nuls} NUL bytes (␀) end the text` }];
}

/** C0 without TAB, LF, CR and NUL; DEL; C1; bidirectional controls. */
// deno-lint-ignore no-control-regex -- these are what it looks for
const CONTROLS = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function controlsOf(bytes: Uint8Array): Finding[] {
  const part = bytes.subarray(0, Math.min(withoutNuls(bytes), EXAMINED));
  const found: Finding[] = [];
  let invalid = 0;
  let odd = false;
  for (let at = 0; at < part.length;) {
    const byte = part[at] ?? 0;
    // Three bytes begin every control character beyond C1.
    if (byte < 0x20 ? byte < 9 || byte > 13 || byte === 11 || byte === 12 : byte === 0x7f || byte > 0xc1) odd = true;
    const length = sequenceLength(part, at);
    if (length === 0) invalid++;
    at += length || 1;
  }
  const controls: readonly string[] = odd ? decodeText(part).match(CONTROLS) ?? [] : [];
  if (controls.includes("\x1b") || controls.includes("\x9b")) {
    found.push({ mistake: 18, text: "There is an escape sequence (␛) in it: a terminal would obey it" });
  } else if (controls.length > 0) {
    found.push({
      mistake: 18,
      text: `There ${controls.length === 1 ? "is" : "are"} ${counted(controls.length, "control character")} in it`,
    });
  }
  if (invalid > 0) {
    found.push({
      topic: "notUtf8",
      text: `${counted(invalid, "byte")} of it ${invalid === 1 ? "is" : "are"} not UTF-8`,
    });
  }
  return found;
}

const INT32 = 2n ** 31n - 1n;
const EXACT = 2n ** 53n;
/** A message that is an integer, or names one: `42`, `Ada: 42`, `{"name":"Ada","number":42}`. */
const INTEGER = /^(?:[^\d]{0,64}: ?|\{[^\d]{0,200}: ?)?([+-]?\d{10,40})\s*\}?\s*$/;

function numbersOf(bytes: Uint8Array): Finding[] {
  if (bytes.length > 256 || bytes.length < 10) return [];
  const digits = INTEGER.exec(decodeText(bytes))?.[1];
  if (digits === undefined) return [];
  const value = BigInt(digits.replace("+", ""));
  const amount = value < 0n ? -value : value;
  if (amount <= INT32) return [];
  const limit = amount > EXACT
    ? "more than 2^53: a double, and so JavaScript's number, cannot hold it exactly"
    : "more than 2^31 - 1: an int of 32 bits cannot hold it";
  return [{ mistake: 20, text: `${thousands(value)} is ${limit}` }];
}

/** Up to this a number is more likely than its bytes the other way round. */
const SMALL = 65_536n;

/** An integer in binary: both values, and whether it looks as if it were the wrong way round. */
function integerOf(bytes: Uint8Array): Finding[] {
  const { length } = bytes;
  if (length !== 2 && length !== 4 && length !== 8) return [];
  const [big, little] = [valueOf(bytes), valueOf(bytes.toReversed())];
  if (big === little) return [];
  const text = `${hexOf(bytes)} is ${thousands(big)} in network order (big-endian), ${
    thousands(little)
  } in little-endian`;
  const reversed = little < SMALL && big >= SMALL;
  return reversed
    ? [{ mistake: 20, text: `${text}: the sender probably left out htonl(3)` }]
    : [{ topic: "integer", text }];
}

function valueOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}
