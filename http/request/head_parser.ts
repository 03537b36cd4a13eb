/**
 * Parses request heads: the request line and the fields, up to the empty line (RFC 9112 2 to 5). Pure.
 *
 * Strict where leniency is dangerous: if two parsers disagree about a request, an attacker can smuggle one request inside another
 * (RFC 9112 11.2). Anything ambiguous is refused, with a sentence that names it.
 *
 * @module
 */
import { FramingFields } from "./framing.ts";
import { type HeadLimits, RequestHead } from "./head.ts";
import type { Hosts } from "./hosts.ts";
import { malformed, Refusal } from "./refusal.ts";
import { parseRequestLine, type RequestLine } from "./request_line.ts";
import { COLON, CR, HTAB, isExactly, LF, SP, TOKEN, VALUE } from "./syntax.ts";

/** A longer target is not cached: a client must not choose how much memory its idle connection holds. */
const LONG_TARGET = 256;

/**
 * Parses successive heads from bytes that arrive in pieces of any size. It examines each byte once or twice, however small the pieces
 * are.
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
  /** The end of the parsed lines, and of the bytes after them already searched for a line end; offsets from the head's start. */
  #parsed = 0;
  #searched = 0;
  #fields = 0;
  /** Empty lines before the request line. */
  #skipped = 0;
  #line: RequestLine | null = null;
  #isHead = false;
  /** The offset of the fields from the head's start: the bytes may have moved when parsing resumes. */
  #fieldsAt = 0;
  /** The last target: many clients request the same one again. */
  #target = "/";
  #framing: FramingFields;
  #consumed = 0;

  /** @param hosts Knows the last accepted host, which most requests name again. */
  constructor(limits: HeadLimits, hosts: Hosts | null = null) {
    this.#limits = limits;
    this.#framing = new FramingFields(hosts);
  }

  /** The length in bytes of the last complete head, including empty lines before it. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Whether the current head begins like that of a HEAD request, even if no more of it could be parsed. */
  get isHead(): boolean {
    return this.#isHead;
  }

  /** The request line of the current head; `null` as long as it is not parsed. */
  get line(): RequestLine | null {
    return this.#line;
  }

  /** Whether a head has begun. If not, all bytes so far were empty lines, which can be dropped. */
  get begun(): boolean {
    return this.#searched > 0;
  }

  /**
   * Continues to parse a head. Until it is complete, call again with the same bytes (at any offset) followed by more.
   *
   * @param bytes All received bytes of the head, from `start` on; bytes after the head may follow.
   * @param start Where the head starts.
   * @returns The head; the body or the next head starts {@linkcode HeadParser.consumed} bytes after `start`. `null` if the head is
   * incomplete.
   * @throws {Refusal} The request is malformed (400), too large (414, 431) or of another protocol version (505).
   */
  parse(bytes: Uint8Array, start: number): RequestHead | null {
    if (this.#searched > this.#parsed && bytes.indexOf(LF, start + this.#searched) < 0) return this.#wait(bytes, start);
    if (this.#line === null) {
      const first = this.#skipEmptyLines(bytes, start);
      this.#isHead = first >= 0 && isExactly(bytes, first, first + 5, "HEAD ");
      const line = first < 0 ? null : parseRequestLine(bytes, first, this.#target);
      if (line === null) return this.#wait(bytes, start);
      this.#line = line;
      if (line.version !== "HTTP/1.1" && !line.version.startsWith("HTTP/1.")) {
        throw new Refusal(505, "this server supports HTTP/1.1 and HTTP/1.0");
      }
      this.#advance(line.end - first, line.end - start, 414);
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
    { method, target, version }: RequestLine,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): RequestHead {
    const minor = version === "HTTP/1.0" ? 0 : 1;
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

  /** Marks a line as parsed and refuses it if it exceeds a limit. */
  #advance(line: number, head: number, status: 414 | 431): void {
    this.#parsed = this.#searched = head;
    if (line > this.#limits.maxLine) throw this.#tooLong(status);
    if (head > this.#limits.maxHead) throw new Refusal(431, `the head is longer than ${this.#limits.maxHead} bytes`);
  }

  #tooLong(status: number): Refusal {
    const line = status === 414 ? "request line" : "field";
    return new Refusal(status, `a ${line} is longer than ${this.#limits.maxLine} bytes`);
  }

  /** The current line is incomplete: refuses it if no further bytes can make it valid, and remembers how far it was searched. */
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
      // Without a space it is not a request line.
      if (this.#line !== null) throw this.#tooLong(431);
      throw bytes.subarray(line, line + maxLine).includes(SP) ? this.#tooLong(414) : malformed("not a request line");
    }
    if (this.#searched > maxHead) throw new Refusal(431, `the head is longer than ${maxHead} bytes`);
    return null;
  }

  /** Ignores empty lines before a request: old clients send one after a body (RFC 9112 2.2). Returns where it starts, -1 if unknown. */
  #skipEmptyLines(bytes: Uint8Array, start: number): number {
    let at = start + this.#skipped;
    while (at + 1 < bytes.length && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
    if (at - start > this.#limits.maxLine) throw malformed("nothing but empty lines");
    this.#skipped = this.#parsed = at - start;
    this.#searched = Math.max(this.#searched, this.#skipped);
    return at < bytes.length && !(bytes[at] === CR && at + 1 >= bytes.length) ? at : -1;
  }

  /** `field-name ":" OWS field-value OWS CRLF` (RFC 9112 5); returns where the next line starts, -1 if the line is incomplete. */
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

/** The reason why a field line does not start with a name and a colon. */
function nameProblem(bytes: Uint8Array, start: number, at: number): string {
  const byte = bytes[at];
  if (at === start && (byte === SP || byte === HTAB)) return "a line that starts with white space (obsolete folding)";
  if (at === start && byte === COLON) return "a field without a name";
  if (byte === SP || byte === HTAB) return "white space in or after a field name";
  if (byte === LF) return "a line ends with LF alone";
  if (byte === CR) return "a field line without a colon";
  return "an invalid character in a field name";
}
