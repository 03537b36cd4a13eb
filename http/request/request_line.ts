/**
 * The first line of a request (RFC 9112 3). Pure.
 *
 * @module
 */
import { malformed } from "./refusal.ts";
import { CR, digit, isExactly, LF, SP, TARGET, textOf, TOKEN } from "./syntax.ts";

/** A parsed request line. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** `HTTP/1.1`, or another version of this form. */
  readonly version: string;
  /** Where the next line starts. */
  readonly end: number;
}

/** The first byte of a TLS connection: the type of its first record (RFC 8446 5.1). */
const TLS_HANDSHAKE = 22;
const HASH = 0x23, DELETE = 0x7f;
/** `HTTP/1.1 CRLF` */
const VERSION_LENGTH = 10;

/**
 * Reads `method SP request-target SP HTTP-version CRLF`.
 *
 * @param bytes The line begins at `start`.
 * @param expected A likely target, which then need not be decoded.
 * @returns `null` if the line is incomplete and valid so far.
 * @throws {Refusal} It is not a request line (400).
 *
 * @example Usage
 * ```ts
 * import { parseRequestLine } from "./request_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("GET /a?b HTTP/1.0\r\n");
 * assertEquals(parseRequestLine(bytes, 0), { method: "GET", target: "/a?b", version: "HTTP/1.0", end: bytes.length });
 * ```
 */
export function parseRequestLine(bytes: Uint8Array, start: number, expected = "/"): RequestLine | null {
  const end = bytes.length;
  let at = start;
  while (at < end && TOKEN[bytes[at] as number] === 1) at++;
  if (at >= end) return null;
  if (at === start || bytes[at] !== SP) throw malformed(notAMethod(bytes[start]));
  const targetAt = ++at;
  while (at < end && TARGET[bytes[at] as number] === 1) at++;
  if (at >= end) return null;
  if (bytes[at] === CR || bytes[at] === LF) throw malformed("a request line without HTTP/1.1 at its end");
  if (bytes[at] !== SP) throw malformed(notInATarget(bytes[at] as number));
  if (at === targetAt) throw malformed("an empty target");
  const versionAt = at + 1;
  if (end < versionAt + VERSION_LENGTH) return bytes.indexOf(LF, versionAt) < 0 ? null : badVersion();
  const version = parseVersion(bytes, versionAt);
  const method = isExactly(bytes, start, targetAt - 1, "GET") ? "GET" : textOf(bytes, start, targetAt - 1);
  const target = isExactly(bytes, targetAt, at, expected) ? expected : textOf(bytes, targetAt, at);
  return { method, target, version, end: versionAt + VERSION_LENGTH };
}

/** The name is case-sensitive, and both numbers are one digit (RFC 9112 2.3). */
function parseVersion(bytes: Uint8Array, at: number): string {
  const major = digit(bytes[at + 5]);
  const minor = digit(bytes[at + 7]);
  const wellFormed = isExactly(bytes, at, at + 5, "HTTP/") && major >= 0 && minor >= 0 && bytes[at + 6] === 0x2e &&
    bytes[at + 8] === CR && bytes[at + 9] === LF;
  if (!wellFormed) return badVersion();
  return major === 1 && minor === 1 ? "HTTP/1.1" : textOf(bytes, at, at + 8);
}

function badVersion(): never {
  throw malformed("the request line does not end with a space, HTTP/1.1 and CR LF");
}

/** A browser's address bar, or a careless program, sends some of these as they are. */
function notInATarget(byte: number): string {
  if (byte === HASH) return "a fragment (#) in the target, which is for the client only (RFC 9110 7.1)";
  const code = byte.toString(16).toUpperCase().padStart(2, "0");
  const name = byte > SP && byte < DELETE ? `the character ${String.fromCharCode(byte)}` : `the byte 0x${code}`;
  return `${name} in the target, where it must be written %${code} (RFC 3986 2.1)`;
}

function notAMethod(first: number | undefined): string {
  return first === TLS_HANDSHAKE
    ? "a TLS handshake, but this port speaks HTTP without TLS: its URL starts with http, not https"
    : "the request line does not start with a method and a space";
}
