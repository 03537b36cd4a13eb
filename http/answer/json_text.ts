/**
 * JSON in small steps: written and checked piece by piece. Pure.
 *
 * @module
 */
import { BACKSLASH, COLON, COMMA, CR, digit, hexDigit, HTAB, LF, QUOTE, SP, textOf } from "../request/syntax.ts";

/** How many characters are escaped at a time; each may become six. */
const SLICE = 4096;

/** Writes a text as a JSON string, in pieces. */
export function* jsonString(text: string): Generator<string> {
  if (text.length <= SLICE) return yield JSON.stringify(text);
  yield '"';
  for (let at = 0; at < text.length;) {
    let end = at + SLICE;
    // A character of two halves stays whole.
    if (isFirstHalf(text.charCodeAt(end - 1))) end++;
    yield JSON.stringify(text.slice(at, end)).slice(1, -1);
    at = end;
  }
  yield '"';
}

/** Writes what an object has in it, in pieces, indented as `JSON.stringify(…, null, 2)` does it one level down. */
export function* jsonObject(entries: ReadonlyMap<string, string | string[]>): Generator<string> {
  if (entries.size === 0) return yield "{}";
  let before = "{\n    ";
  for (const [name, value] of entries) {
    yield before;
    yield* jsonString(name);
    yield ": ";
    if (typeof value === "string") yield* jsonString(value);
    else yield* jsonList(value);
    before = ",\n    ";
  }
  yield "\n  }";
}

function* jsonList(values: readonly string[]): Generator<string> {
  let before = "[\n      ";
  for (const value of values) {
    yield before;
    yield* jsonString(value);
    before = ",\n      ";
  }
  yield "\n    ]";
}

/** Writes UTF-8 as a JSON string, in pieces. */
export function* jsonUtf8(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  yield '"';
  for (let at = 0; at < bytes.length; at += SLICE) {
    const end = Math.min(bytes.length, at + SLICE);
    yield JSON.stringify(decoder.decode(bytes.subarray(at, end), { stream: end < bytes.length })).slice(1, -1);
  }
  yield '"';
}

function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** What may come next. */
const VALUE = 0, VALUE_OR_END = 1, NAME = 2, NAME_OR_END = 3, AFTER = 4;
const OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WORDS = ["true", "false", "null"];
/** A step is so many tokens, or so many characters of a string. */
const TOKENS = 256;
const CHARACTERS = 16 * 1024;

/**
 * Tells whether bytes are one JSON text (RFC 8259), without building what it describes: that could be fifty times its size.
 *
 * @param bytes Valid UTF-8.
 * @returns The verdict, after every small step a yield.
 */
export function* checkJson(bytes: Uint8Array): Generator<void, boolean> {
  /** What is open, the innermost last. */
  const open = new Bits();
  let expected = VALUE;
  let tokens = 0;
  for (let at = skipSpace(bytes, 0); at < bytes.length; at = skipSpace(bytes, at)) {
    if (++tokens % TOKENS === 0) yield;
    const byte = bytes[at] as number;
    if (expected === AFTER) {
      if (open.length === 0) return false;
      const isObject = open.last;
      at++;
      if (byte === COMMA) expected = isObject ? NAME : VALUE;
      else if (byte === (isObject ? CLOSE_OBJECT : CLOSE_LIST)) open.pop();
      else return false;
    } else if (
      (byte === CLOSE_OBJECT && expected === NAME_OR_END) || (byte === CLOSE_LIST && expected === VALUE_OR_END)
    ) {
      open.pop();
      at++;
      expected = AFTER;
    } else if (expected === NAME || expected === NAME_OR_END) {
      at = skipSpace(bytes, yield* stringEnd(bytes, at));
      if (bytes[at++] !== COLON) return false;
      expected = VALUE;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      open.push(byte === OPEN_OBJECT);
      at++;
      expected = byte === OPEN_OBJECT ? NAME_OR_END : VALUE_OR_END;
    } else {
      at = byte === QUOTE ? yield* stringEnd(bytes, at) : wordEnd(bytes, at);
      expected = AFTER;
    }
    if (at > bytes.length) return false;
  }
  return expected === AFTER && open.length === 0;
}

/** Beyond the end: there is no such token. */
const BROKEN = Infinity;

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SP || bytes[at] === LF || bytes[at] === CR || bytes[at] === HTAB) at++;
  return at;
}

function* stringEnd(bytes: Uint8Array, from: number): Generator<void, number> {
  if (bytes[from] !== QUOTE) return BROKEN;
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return BROKEN;
    if (byte === BACKSLASH) {
      const escape = bytes[++at];
      if (escape === 0x75) {
        for (let left = 4; left > 0; left--) if (hexDigit(bytes[++at]) < 0) return BROKEN;
      } else if (escape === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(escape))) return BROKEN;
    }
    if ((at - from) % CHARACTERS === 0) yield;
  }
  return BROKEN;
}

/** A number, `true`, `false` or `null`. */
function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isWordByte(bytes[at] as number)) at++;
  const word = textOf(bytes, from, at);
  return WORDS.includes(word) || NUMBER.test(word) ? at : BROKEN;
}

function isWordByte(byte: number): boolean {
  return digit(byte) >= 0 || (byte >= 0x61 && byte <= 0x7a) || byte === 0x45 || byte === 0x2b || byte === 0x2d ||
    byte === 0x2e;
}

/** A stack of bits: a text of nothing but brackets is a million deep. */
class Bits {
  length = 0;
  #bytes = new Uint8Array(64);

  get last(): boolean {
    return this.#bytes[this.length - 1] === 1;
  }

  push(bit: boolean): void {
    if (this.length === this.#bytes.length) {
      const larger = new Uint8Array(this.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.length++] = bit ? 1 : 0;
  }

  pop(): void {
    this.length--;
  }
}
