/**
 * Where llhttp and this project's parser are known to differ, and why that is right. Anything else is a finding.
 *
 * @module
 */
import type { Refusal } from "../../../http/request/refusal.ts";

/** A request that was taken, as far as it matters here. */
export interface Taken {
  readonly method: string;
  /** All of it, a character a byte. */
  readonly text: string;
  readonly trailers: readonly string[];
}

/**
 * What this project refuses and llhttp takes, by what the client is told. llhttp leaves to its caller what a request means: hosts,
 * expectations, codings, limits.
 */
export const STRICTER: readonly { readonly refusal: RegExp; readonly because: string }[] = [
  { refusal: /^505 /, because: "llhttp takes the request lines of HTTP/0.9 and 2.0 too, which nobody can answer here" },
  { refusal: /^400 (no|more than one) Host/, because: "RFC 9112 3.2 demands 400" },
  { refusal: /^400 a Host that is not a name/, because: "RFC 9112 3.2 demands 400" },
  {
    refusal: /^400 an absolute target with an invalid host/,
    because: "RFC 9110 4.2.1, 4.2.4: no empty host, no user information",
  },
  { refusal: /^400 a CONNECT target that is not/, because: "RFC 9112 3.2.3: host and port, and nothing else" },
  { refusal: /^400 the target \* with a method other than OPTIONS/, because: "RFC 9112 3.2.4" },
  { refusal: /^400 a target that is neither a path nor an absolute http URL/, because: "RFC 9112 3.2 has four forms" },
  { refusal: /^400 .* in the target, where it must be written %/, because: "RFC 3986 2: characters that no URI has" },
  { refusal: /^400 a fragment \(#\) in the target/, because: "RFC 9110 7.1: no fragment is sent" },
  { refusal: /^400 a % in the target without two hexadecimal digits/, because: "RFC 3986 2.1; parsers differ on it" },
  { refusal: /^400 a bracket in the path/, because: "RFC 3986 3.3" },
  { refusal: /^400 a request line without HTTP\/1.1 at its end/, because: "llhttp takes it for HTTP/0.9" },
  { refusal: /^400 the request line does not start with a method/, because: "llhttp skips a CR alone before it" },
  { refusal: /^400 the request line does not end with/, because: "RFC 9112 3: one space before the version" },
  { refusal: /^400 an empty target/, because: "RFC 9112 3: one space before the target" },
  { refusal: /^400 a Transfer-Encoding that is not a list/, because: "RFC 9112 6.1; llhttp looks at its last word" },
  {
    refusal: /^400 (chunked with a parameter|a Transfer-Encoding in which chunked is not last)/,
    because:
      "RFC 9112 6.3, 7.1; llhttp refuses that too, but where the client asks for an upgrade: it reads no body then",
  },
  {
    refusal: /^400 Content-Length together with Transfer-Encoding/,
    because: "llhttp refuses that too, but for an empty Transfer-Encoding, which it ignores",
  },
  { refusal: /^417 /, because: "RFC 9110 10.1.1: the caller of llhttp answers this" },
  { refusal: /^501 an unknown transfer coding in TE/, because: "its sender mistook TE for Transfer-Encoding" },
  {
    refusal: /^501 the only supported transfer coding is chunked/,
    because: "llhttp leaves other codings to its caller",
  },
  { refusal: /^400 Transfer-Encoding in HTTP\/1.0/, because: "RFC 9112 6.1: the framing is faulty" },
  { refusal: /^400 more than one Content-Type/, because: "RFC 9110 8.3: recipients differ on which counts" },
  { refusal: /^400 a chunk size line that is not hexadecimal/, because: "RFC 9112 7.1.1: an extension has a name" },
  { refusal: /^400 a chunk size with its extensions/, because: "llhttp has no limit: it keeps nothing of them" },
  { refusal: /^400 a Content-Length with a leading zero/, because: "a parser that reads octal finds another end" },
  { refusal: /^400 a Content-Length that is too large/, because: "no length beyond what a double holds exactly" },
  { refusal: /^4(13|14|31) /, because: "llhttp leaves limits to its caller" },
];

/** Chunk extensions with white space where the grammar has it. */
const SPACED_EXTENSION = /\r\n[\da-f]+(?:[ \t]*;[^\r]*)?(?:[ \t];|;[ \t]|[ \t]=|=[ \t])[^\r]*\r\n/i;

/** What llhttp refuses and this project takes. */
export const MORE_LENIENT: readonly {
  readonly why: RegExp;
  readonly applies: (taken: Taken, methods: readonly string[]) => boolean;
  readonly because: string;
}[] = [
  {
    why: /^HPE_INVALID_METHOD/,
    applies: ({ method }, methods) => !methods.includes(method),
    because: "any token is a method (RFC 9110 9.1), which is then answered with 501; llhttp has a list",
  },
  {
    why: /^HPE_INVALID_VERSION/,
    applies: ({ text }) => /^(?:\r\n)*[^\r]* HTTP\/1\.[2-9]\r\n/.test(text),
    because: "a higher minor version is served as the highest that is known (RFC 9110 2.5)",
  },
  {
    why: /^HPE_(INVALID_CHUNK_SIZE: Invalid character in chunk size|STRICT: Invalid character in chunk extensions)/,
    applies: ({ text }) => SPACED_EXTENSION.test(text),
    because:
      "a recipient must take white space around ; and = of a chunk extension (BWS, RFC 9112 7.1.1, RFC 9110 5.6.3)",
  },
  {
    why: /^HPE_INVALID_(TRANSFER_ENCODING|CONTENT_LENGTH)/,
    applies: ({ text }) => /^(transfer-encoding:[ \t]*chunked|content-length:[ \t]*\d+)[ \t]*\t[ \t]*\r$/im.test(text),
    because: "a tab after a value is white space (RFC 9110 5.5, 5.6.3); to llhttp it is a part of it",
  },
  {
    why: /^HPE_INVALID_(CONTENT_LENGTH|TRANSFER_ENCODING)/,
    applies: ({ trailers }) => trailers.some((line) => /^(content-length|transfer-encoding):/i.test(line)),
    because: "trailers are kept apart and never frame a message (RFC 9110 6.5.1)",
  },
];

type Fields = readonly (readonly [name: string, value: string])[];

/** Where both take a request and keep its connection, or close it, differently. */
export const OTHER_PERSISTENCE: readonly {
  readonly applies: (fields: Fields, trailers: Fields) => boolean;
  readonly because: string;
}[] = [
  {
    applies: (fields) => fields.some(([name, value]) => name.toLowerCase() === "connection" && value.includes("\t")),
    because: "a tab around a member of a list is white space (RFC 9110 5.6.3); to llhttp it is a part of it",
  },
  {
    applies: (_, trailers) => trailers.some(([name]) => /^(proxy-)?connection$/i.test(name)),
    because: "trailers are kept apart (RFC 9110 6.5.1)",
  },
  {
    applies: (fields) => fields.some(([name]) => name.toLowerCase() === "proxy-connection"),
    because: "Proxy-Connection is no field of HTTP (RFC 9112 C.2.2)",
  },
];

/**
 * Whether llhttp is known to end this request with its head where this project waits for a body: where the client asks for an upgrade and
 * a tab follows `chunked`. That is white space (RFC 9110 5.5); to llhttp it is another coding, and it reads no body before an upgrade.
 */
export function isKnownEarlyEnd(fields: Fields): boolean {
  const has = (wanted: string, value: RegExp): boolean =>
    fields.some(([name, text]) => name.toLowerCase() === wanted && value.test(text));
  return has("upgrade", /./) && has("transfer-encoding", /\t/);
}

/** Whether it is known that this project refuses this. */
export function isKnownRefusal(refusal: Refusal): boolean {
  return STRICTER.some(({ refusal: reason }) => reason.test(`${refusal.status} ${refusal.message}`));
}

/** Whether it is known that llhttp refuses this. */
export function isKnownLeniency(why: string, taken: Taken, methods: readonly string[]): boolean {
  return MORE_LENIENT.some((known) => known.why.test(why) && known.applies(taken, methods));
}
