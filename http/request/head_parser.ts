/**
 * Request heads out of bytes: the request line and the fields, up to the empty line (RFC 9112 2 to 5). Pure.
 *
 * Strict where leniency is dangerous: two parsers that read one request in two ways let an attacker hide a request in another
 * (RFC 9112 11.2). What is ambiguous is refused, with a sentence that says what.
 *
 * @module
 */
import { FramingFields } from "./framing.ts";
import { type HeadLimits, RequestHead } from "./head.ts";
import type { Hosts } from "./hosts.ts";
import { malformed, Refusal } from "./refusal.ts";
import { parseRequestLine, type RequestLine } from "./request_line.ts";
import { COLON, CR, HTAB, LF, SP, TOKEN, VALUE } from "./syntax.ts";

/** A target above this is not remembered: a connection at rest holds no memory that it could choose. */
const LONG_TARGET = 256;

/**
 * Reads one head after the other out of bytes that come in pieces of any size. Each byte is looked at once or twice, however
 * small the pieces are.
 *
 * @example Usage
 * ```ts
 * import { HeadParser } from "./head_parser.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const parser = new HeadParser({ maxLine: 8192, maxHead: 65536, maxFields: 100 });
 * const bytes = new TextEncoder().encode("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
 * assertEquals(parser.parse(bytes.subarray(0, 20), 0), null); // there is more to come
 * const head = parser.parse(bytes, 0);
 * assertEquals([head?.method, head?.target, head?.field("host")], ["GET", "/hello", "localhost"]);
 * ```
 */
export class HeadParser {
  #limits: HeadLimits;
  /** How far the lines are parsed, and how far the bytes after them were searched for a line end; from the head's start. */
  #parsed = 0;
  #searched = 0;
  #fields = 0;
  /** Empty lines before the request line. */
  #skipped = 0;
  #line: RequestLine | null = null;
  /** Where the fields begin, from the head's start: a head that is taken up again may lie elsewhere by then. */
  #fieldsAt = 0;
  /** The last target: many a client asks for the same again. */
  #target = "/";
  #framing: FramingFields;
  #consumed = 0;

  /** @param hosts Knows the host that was accepted last: most requests name that again. */
  constructor(limits: HeadLimits, hosts: Hosts | null = null) {
    this.#limits = limits;
    this.#framing = new FramingFields(hosts);
  }

  /** How many bytes from `start` on the last complete head took, empty lines before it included. */
  get consumed(): number {
    return this.#consumed;
  }

  /** The method of the head under way; "" when it is not known yet. */
  get method(): string {
    return this.#line?.method ?? "";
  }

  /** Whether a head has begun: some of it is there. If not, everything so far was empty lines, which nobody needs any more. */
  get begun(): boolean {
    return this.#searched > 0;
  }

  /**
   * Goes on with a head. Call it again with more bytes behind the same ones (at any offset) until the head is complete.
   *
   * @param bytes All that was received of the head, from `start` to the end, and perhaps more behind it.
   * @param start Where the head starts.
   * @returns The head; the next one or the body starts {@linkcode HeadParser.consumed} bytes behind `start`. `null` when there is not
   * enough yet.
   * @throws {Refusal} The request is malformed (400), too large (414, 431) or of another protocol version (505).
   */
  parse(bytes: Uint8Array, start: number): RequestHead | null {
    if (this.#searched > this.#parsed && bytes.indexOf(LF, start + this.#searched) < 0) return this.#wait(bytes, start);
    if (this.#line === null) {
      const first = this.#skipEmptyLines(bytes, start);
      const line = first < 0 ? null : parseRequestLine(bytes, first, this.#target);
      if (line === null) return this.#wait(bytes, start);
      this.#advance(line.end - first, line.end - start, 414);
      this.#line = line;
      if (line.target.length <= LONG_TARGET) this.#target = line.target;
      this.#fieldsAt = line.end - start;
    }
    for (let at = start + this.#parsed; at < bytes.length;) {
      if (bytes[at] === CR) {
        if (at + 1 >= bytes.length) break;
        if (bytes[at + 1] !== LF) throw malformed("a CR without LF");
        return this.#complete(this.#line, bytes, start, at + 2);
      }
      const next = this.#fieldLine(bytes, at);
      if (next < 0) break;
      this.#advance(next - at, next - start, 431);
      if (++this.#fields > this.#limits.maxFields) throw new Refusal(431, `more than ${this.#limits.maxFields} fields`);
      at = next;
    }
    return this.#wait(bytes, start);
  }

  #complete(
    { method, target, minor }: RequestLine,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): RequestHead {
    const head = new RequestHead(
      bytes,
      start + this.#skipped,
      end,
      method,
      target,
      minor,
      this.#framing.settle(minor),
      start + this.#fieldsAt,
    );
    this.#consumed = end - start;
    this.#parsed = this.#searched = this.#skipped = 0;
    this.#fields = 0;
    this.#line = null;
    return head;
  }

  /** Notes a line as parsed and refuses one above the limits. */
  #advance(line: number, head: number, status: 414 | 431): void {
    this.#parsed = this.#searched = head;
    if (line > this.#limits.maxLine) throw this.#tooLong(status);
    if (head > this.#limits.maxHead) throw new Refusal(431, `the head is longer than ${this.#limits.maxHead} bytes`);
  }

  #tooLong(status: number): Refusal {
    const line = status === 414 ? "request line" : "field";
    return new Refusal(status, `a ${line} is longer than ${this.#limits.maxLine} bytes`);
  }

  /** There is no whole line more: refuses what can never become one, and remembers how far it looked. */
  #wait(bytes: Uint8Array, start: number): null {
    const { maxLine, maxHead } = this.#limits;
    const line = start + this.#parsed;
    for (let at = start + this.#searched; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (VALUE[byte] === 0 && byte !== CR && byte !== LF) throw malformed("a control character in the head");
      if (byte !== LF && at > line && bytes[at - 1] === CR) throw malformed("a CR without LF");
    }
    this.#searched = bytes.length - start;
    if (this.#searched === this.#skipped) this.#parsed = this.#searched = this.#skipped = 0;
    if (bytes.length - line > maxLine) {
      // Without a space in it this is no request line at all.
      if (this.#line !== null) throw this.#tooLong(431);
      throw bytes.subarray(line, line + maxLine).includes(SP) ? this.#tooLong(414) : malformed("no request line");
    }
    if (this.#searched > maxHead) throw new Refusal(431, `the head is longer than ${maxHead} bytes`);
    return null;
  }

  /** At least one empty line before a request is ignored: old clients send one after a body (RFC 9112 2.2). */
  #skipEmptyLines(bytes: Uint8Array, start: number): number {
    let at = start + this.#skipped;
    while (at + 1 < bytes.length && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
    if (at - start > this.#limits.maxLine) throw malformed("nothing but empty lines");
    this.#skipped = this.#parsed = at - start;
    this.#searched = Math.max(this.#searched, this.#skipped);
    return at < bytes.length && !(bytes[at] === CR && at + 1 >= bytes.length) ? at : -1;
  }

  /** `field-name ":" OWS field-value OWS CRLF` (RFC 9112 5); returns where the next line starts, -1 when cut off. */
  #fieldLine(bytes: Uint8Array, start: number): number {
    const end = bytes.length;
    let at = start;
    while (at < end && TOKEN[bytes[at] as number] === 1) at++;
    if (at >= end) return -1;
    if (at === start || bytes[at] !== COLON) throw malformed(nameProblem(bytes, start, at));
    const name = at;
    let from = at + 1;
    while (from < end && (bytes[from] === SP || bytes[from] === HTAB)) from++;
    at = from;
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (at + 1 >= end) return -1;
    if (bytes[at] !== CR) {
      throw malformed(bytes[at] === LF ? "a line ends with LF alone" : "a control character in a field value");
    }
    if (bytes[at + 1] !== LF) throw malformed("a CR without LF");
    let to = at;
    while (to > from && (bytes[to - 1] === SP || bytes[to - 1] === HTAB)) to--;
    this.#framing.note(bytes, start, name, from, to);
    return at + 2;
  }
}

/** Why a field line does not start with a name and a colon. */
function nameProblem(bytes: Uint8Array, start: number, at: number): string {
  const byte = bytes[at];
  if (at === start && (byte === SP || byte === HTAB)) return "a line that starts with white space (obsolete folding)";
  if (at === start && byte === COLON) return "a field without a name";
  if (byte === SP || byte === HTAB) return "white space in or after a field name";
  if (byte === LF) return "a line ends with LF alone";
  if (byte === CR) return "a field line without a colon";
  return "a character in a field name that is not allowed";
}
