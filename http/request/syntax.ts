/**
 * The character classes of HTTP (RFC 9110 5.6, RFC 3986 2) as tables over bytes. Pure.
 *
 * @module
 */

/** Named bytes. */
export const HTAB = 9, LF = 10, CR = 13, SP = 32, QUOTE = 34, COMMA = 44, COLON = 58, SEMICOLON = 59, BACKSLASH = 92;

/** An empty array. */
export const NOTHING: Uint8Array = new Uint8Array(0);

function tableOf(...allowed: (string | readonly [number, number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const entry of allowed) {
    if (typeof entry === "string") { for (const character of entry) table[character.charCodeAt(0)] = 1; }
    else table.fill(1, entry[0], entry[1] + 1);
  }
  return table;
}

const DIGITS = [0x30, 0x39] as const;
const UPPER = [0x41, 0x5a] as const;
const LOWER = [0x61, 0x7a] as const;

/** `tchar`: the characters of methods and field names (RFC 9110 5.6.2). */
export const TOKEN = tableOf(DIGITS, UPPER, LOWER, "!#$%&'*+-.^_`|~");
/** The characters of a field value: visible characters, space, tab and `obs-text` (RFC 9110 5.5). */
export const VALUE = tableOf([0x20, 0x7e], [0x80, 0xff], "\t");
/** The characters of a request target (RFC 9112 3.2, RFC 3986 3.3, 3.4): not `#`, and none that must be percent-encoded. */
export const TARGET = tableOf(DIGITS, UPPER, LOWER, "-._~!$&'()*+,;=:@/?%[]");
/** `reg-name` and IPv4 addresses without percent-encoding (RFC 3986 3.2.2), and without the comma, which looks like two Host fields. */
export const HOST_NAME = tableOf(DIGITS, UPPER, LOWER, "-._~!$&'()*+;=");

/** A decimal digit's value; -1 if the byte is not a digit. */
export function digit(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
}

/** A hexadecimal digit's value; -1 if the byte is not a digit. */
export function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes UTF-8; invalid bytes become U+FFFD. */
export function textOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return DECODER.decode(bytes.subarray(from, to));
}

/**
 * Whether a field name is `name`, case-insensitively (RFC 9110 5.1).
 *
 * @param name In lower case.
 */
export function isName(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[from + index] as number;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== name.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether bytes are exactly this ASCII text. */
export function isExactly(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether both hold the same bytes. */
export function isSame(some: Uint8Array, others: Uint8Array): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) {
    if (some[index] !== others[index]) return false;
  }
  return true;
}

/** Trims spaces and tabs, in linear time, unlike the obvious regular expression. */
export function withoutSpace(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB;
}

/**
 * Lower-cases the letters of ASCII only, for comparing tokens from the wire. `toLowerCase` would turn the Kelvin sign (U+212A) into a
 * `k`: a parser that compares bytes does not take `chun\u212aed` for `chunked`, so we must not either.
 */
export function lowerCased(text: string): string {
  return NOT_ASCII.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();
}

const NOT_ASCII = /[\x80-\uffff]/;

/** The members of a comma-separated list in lower case, without empty ones (RFC 9110 5.6.1.2). */
export function listOf(value: string): string[] {
  return lowerCased(value).split(",").map(withoutSpace).filter((member) => member !== "");
}
