/**
 * Answers, and how they are written to the wire (RFC 9112 4, RFC 9110 6.6.1). Pure.
 *
 * @module
 */
import { encodeText, escapeControls } from "../../lib/text.ts";
import { type AnswerBytes, type Ascii, ascii } from "./bytes.ts";
import type { RefusalFields } from "../request/refusal.ts";

/** A body that is generated while it is sent. */
export interface BodyStream {
  /** Its length in bytes, if known in advance; `null` = it is sent in chunks. */
  readonly length: number | null;
  /** Generates the pieces; called once, and not for HEAD. Each piece is sent before the next one is requested. */
  pieces(): AsyncIterable<Uint8Array>;
}

/**
 * Text in parts, some of them encoded in advance. ASCII only, so that the length is known before the rest is encoded: write other
 * characters as character references.
 */
export class AsciiParts {
  readonly parts: readonly Ascii[];
  readonly length: number;

  constructor(parts: readonly Ascii[]) {
    this.parts = parts;
    let length = 0;
    for (const part of parts) length += part.length;
    this.length = length;
  }
}

/** A body that shows the head of its own answer; {@linkcode writeMirroredHead} makes it. */
export class MirrorBody {
  /**
   * @param length A guess, which the head is first written with; any number will do.
   * @param make Makes the body for a head, and for the length that the head announces.
   */
  constructor(readonly length: number, readonly make: (head: Uint8Array, length: number) => AsciiParts) {}
}

/** An answer without `Date`, `Content-Length`, `Transfer-Encoding` and `Connection`, which {@linkcode writeHead} adds. */
export interface Answer {
  readonly status: number;
  /** Concatenated field lines, as {@linkcode fieldLine} makes them. */
  readonly fields: Ascii;
  readonly body: Uint8Array | AsciiParts | BodyStream | MirrorBody;
  /** Whether its resource has evaluated the conditions of the request. */
  readonly evaluated?: true;
}

/** An error to answer with; a `Refusal` is one. */
export interface HttpError {
  readonly status: number;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it, for clients that get no page. */
  readonly hint?: string;
  readonly fields?: RefusalFields;
}

const PHRASES: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};

/** The reason phrase of a status, as IANA registers it (RFC 9110 16.2.3); "Unknown" if it is not registered. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? "Unknown";
}

/**
 * A field line.
 *
 * @throws {TypeError} The name or the value has a character that could end the line: client data must not be able to split an answer
 * (RFC 9110 5.5).
 */
export function fieldLine(name: string, value: string): string {
  if (!/^[\w-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
    throw new TypeError(`Cannot send the field ${name}: it has a control or non-ASCII character`);
  }
  return `${name}: ${value}\r\n`;
}

const TEXT = fieldLine("Content-Type", "text/plain; charset=utf-8");
const TEXT_ALONE = ascii(TEXT);

/** A plain-text answer; ASCII only. */
export function textAnswer(status: number, text: string, fields = ""): Answer & { readonly body: AsciiParts } {
  return { status, fields: fields === "" ? TEXT_ALONE : TEXT + fields, body: new AsciiParts([text]) };
}

/**
 * An error as one line of text. The reason may quote text that the peer chose, such as its certificate's issuer, so it is sent as UTF-8
 * with control characters escaped.
 */
export function refusalAnswer(error: HttpError): Answer & { readonly body: Uint8Array } {
  const { status, message } = error;
  const body = encodeText(`${status} ${reasonPhrase(status)}: ${escapeControls(message)}\n`);
  return { status, fields: TEXT + errorFields(error), body };
}

/** The field lines that belong to an error. */
export function errorFields({ fields = {} }: HttpError): string {
  const { allow, retryAfter, upgrade } = fields;
  return (allow === undefined ? "" : fieldLine("Allow", allow.join(", "))) +
    (retryAfter === undefined ? "" : fieldLine("Retry-After", `${retryAfter}`)) +
    (upgrade === undefined ? "" : upgradeLines(upgrade));
}

/** `Upgrade` is for the next hop only, so `Connection` names it (RFC 9110 7.8, RFC 6455 4.4). */
function upgradeLines({ protocol, version }: { protocol: string; version: string }): string {
  return fieldLine("Upgrade", protocol) + fieldLine("Connection", "Upgrade") +
    fieldLine("Sec-WebSocket-Version", version);
}

/** Whether answers with a status have no body, not even an empty one (RFC 9112 6.3). */
export function isBodiless(status: number): boolean {
  return status === 101 || status === 204 || status === 304;
}

/** What the head of an answer needs besides the answer. */
export interface HeadOptions {
  /** The client's HTTP/1 minor version. */
  readonly minor: 0 | 1;
  /** Whether the connection stays open. */
  readonly keepAlive: boolean;
  /** The `Date` field, by {@linkcode dateLine}. */
  readonly date: Ascii;
}

/** The `Date` field for a time (RFC 9110 6.6.1). */
export function dateLine(time: number): string {
  return fieldLine("Date", new Date(time).toUTCString());
}

const CONTENT_LENGTH = ascii("Content-Length: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
const CLOSE = ascii("Connection: close\r\n");
const KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
const STATUS_LINES = new Map<number, Uint8Array>();

function statusLine(status: number): Uint8Array {
  const line = STATUS_LINES.get(status) ?? ascii(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`);
  STATUS_LINES.set(status, line);
  return line;
}

/** Writes the head of an answer. `Connection` says what is not the default: keep-alive to an HTTP/1.0 client, close to a newer one. */
export function writeHead(
  outbox: AnswerBytes,
  { status, body, fields }: Pick<Answer, "status" | "fields"> & { readonly body: { readonly length: number | null } },
  { minor, keepAlive, date }: HeadOptions,
): void {
  outbox.bytes(statusLine(status));
  outbox.text(date);
  outbox.text(fields);
  if (!isBodiless(status)) {
    if (body.length !== null) {
      outbox.bytes(CONTENT_LENGTH);
      outbox.text(`${body.length}\r\n`);
    } else if (minor === 1) {
      outbox.bytes(CHUNKED);
    }
  }
  if (!keepAlive) outbox.bytes(CLOSE);
  else if (minor === 0) outbox.bytes(KEEP_ALIVE);
  outbox.text("\r\n");
}

/**
 * Writes the head of an answer whose body shows it, and returns that body. What is shown is what was written: the body is made from the
 * bytes in the outbox. The head has the body's length and the body has the head, so they are made again until the lengths agree. They
 * do after a few rounds, because a longer number never makes a shorter body.
 */
export function writeMirroredHead(
  outbox: AnswerBytes,
  { status, fields, body }: Answer & { readonly body: MirrorBody },
  options: HeadOptions,
): AsciiParts {
  const start = outbox.length;
  for (let { length } = body;;) {
    writeHead(outbox, { status, fields, body: { length } }, options);
    const made = body.make(outbox.from(start), length);
    if (made.length === length) return made;
    outbox.cut(start);
    length = made.length;
  }
}

/** Writes a body that is complete in memory. */
export function writeBody(outbox: AnswerBytes, body: Uint8Array | AsciiParts): void {
  if (body instanceof Uint8Array) return outbox.bytes(body);
  for (const part of body.parts) outbox.text(part);
}
