/**
 * Writes and checks JSON in small steps. Pure.
 *
 * @module
 */
import { BACKSLASH, COLON, COMMA, CR, digit, hexDigit, HTAB, LF, QUOTE, SP, textOf } from "../request/syntax.ts";

/** How many characters are escaped at a time; each can become six. */
const SLICE = 4096;

/** Writes a text as a JSON string, in pieces. */
export function* jsonString(text: string): Generator<string> {
  if (text.length <= SLICE) return yield JSON.stringify(text);
  yield '"';
  for (let at = 0; at < text.length;) {
    let end = at + SLICE;
    // Do not split a surrogate pair.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end++;
    yield JSON.stringify(text.slice(at, end)).slice(1, -1);
    at = end;
  }
  yield '"';
}

/** Writes an object, in pieces, indented like `JSON.stringify(…, null, 2)` at level one. */
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

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** What may follow. */
const VALUE = 0, VALUE_OR_END = 1, NAME = 2, NAME_OR_END = 3, AFTER = 4;
const OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LITERALS = ["true", "false", "null"];
/** The length of a step: tokens, or characters of a string. */
const TOKENS = 256;
const CHARACTERS = 16 * 1024;

/**
 * Whether bytes are one JSON text (RFC 8259), without building the value, which could take fifty times the memory. Yields after every
 * small step.
 *
 * @param bytes Valid UTF-8.
 */
export function* checkJson(bytes: Uint8Array): Generator<void, boolean> {
  /** The open containers, innermost last; `true` for an object. */
  const open = new BitStack();
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
      at = byte === QUOTE ? yield* stringEnd(bytes, at) : literalEnd(bytes, at);
      expected = AFTER;
    }
    if (at > bytes.length) return false;
  }
  return expected === AFTER && open.length === 0;
}

/** The end of an invalid token: beyond the end of the text. */
const INVALID = Infinity;

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SP || bytes[at] === LF || bytes[at] === CR || bytes[at] === HTAB) at++;
  return at;
}

function* stringEnd(bytes: Uint8Array, from: number): Generator<void, number> {
  if (bytes[from] !== QUOTE) return INVALID;
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return INVALID;
    if (byte === BACKSLASH) {
      const escape = bytes[++at];
      if (escape === 0x75) {
        for (let left = 4; left > 0; left--) if (hexDigit(bytes[++at]) < 0) return INVALID;
      } else if (escape === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(escape))) return INVALID;
    }
    if ((at - from) % CHARACTERS === 0) yield;
  }
  return INVALID;
}

/** A number, `true`, `false` or `null`. */
function literalEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isLiteralByte(bytes[at] as number)) at++;
  const literal = textOf(bytes, from, at);
  return LITERALS.includes(literal) || NUMBER.test(literal) ? at : INVALID;
}

function isLiteralByte(byte: number): boolean {
  return digit(byte) >= 0 || (byte >= 0x61 && byte <= 0x7a) || byte === 0x45 || byte === 0x2b || byte === 0x2d ||
    byte === 0x2e;
}

/** A stack of bits: a text of only brackets nests a million deep. */
class BitStack {
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
