/**
 * The characters HTTP is made of (RFC 9110 5.6, RFC 3986 2), as tables over bytes. Pure.
 *
 * @module
 */

/** Bytes with a name. */
export const HTAB = 9, LF = 10, CR = 13, SP = 32, QUOTE = 34, COMMA = 44, COLON = 58, SEMICOLON = 59, BACKSLASH = 92;

/** No bytes at all. */
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

/** `tchar`: what method and field names consist of (RFC 9110 5.6.2). */
export const TOKEN = tableOf(DIGITS, UPPER, LOWER, "!#$%&'*+-.^_`|~");
/** What a field value may contain: visible characters, space, tab and `obs-text` (RFC 9110 5.5). */
export const VALUE = tableOf([0x20, 0x7e], [0x80, 0xff], "\t");
/** What a request target may contain here: every visible ASCII character. Some are not in the grammar, but none can split the line. */
export const TARGET = tableOf([0x21, 0x7e]);
/** `reg-name` and IPv4 addresses, without percent-encoding (RFC 3986 3.2.2); a comma looks like two Host fields in one, so it is left out. */
export const HOST_NAME = tableOf(DIGITS, UPPER, LOWER, "-._~!$&'()*+;=");

/** A decimal digit's value; -1 when the byte is none. */
export function digit(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
}

/** A hexadecimal digit's value; -1 when the byte is none. */
export function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as text: ASCII as it is, UTF-8 where it is used, U+FFFD for what is neither. */
export function textOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return DECODER.decode(bytes.subarray(from, to));
}

/**
 * Tells whether a field name is `name`, in any case (RFC 9110 5.1).
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

/** Tells whether bytes are exactly this ASCII text. */
export function isExactly(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Tells whether the same bytes are in both. */
export function isSame(some: Uint8Array, others: Uint8Array): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) {
    if (some[index] !== others[index]) return false;
  }
  return true;
}

/** Text without the white space around it, which is spaces and tabs here; in linear time, unlike the obvious regular expression. */
export function withoutSpace(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB;
}

/** The members of a comma-separated list in lower case; empty ones are left out (RFC 9110 5.6.1.2). */
export function listOf(value: string): string[] {
  return value.toLowerCase().split(",").map(withoutSpace).filter((member) => member !== "");
}
