/**
 * The fields of a request that determine its body length and its connection (RFC 9112 6 and 9). Pure.
 *
 * @module
 */
import { isHost } from "./target.ts";
import type { Hosts } from "./hosts.ts";
import { malformed, Refusal } from "./refusal.ts";
import { digit, isName, listOf, lowerCased, textOf, withoutSpace } from "./syntax.ts";

/** Stands for the length of a chunked body. */
export const CHUNKED = -1;

/** The framing of a request. */
export interface Framing {
  /** Bytes of the body, or {@linkcode CHUNKED}. */
  readonly length: number;
  /** Whether the client requests a persistent connection. */
  readonly keepAlive: boolean;
  /** Whether the client waits for `100 (Continue)` before it sends the body (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean;
  /** The requested host with its port; `null` if it is the last accepted one, or if there is none. */
  readonly host: string | null;
  /** Whether `If-Match` or `If-None-Match` makes the answer depend on an entity tag (RFC 9110 13). */
  readonly conditional: boolean;
}

/** A request without a body, for the last accepted host, on a persistent HTTP/1.1 connection. */
const PLAIN: Framing = { length: 0, keepAlive: true, expectsContinue: false, host: null, conditional: false };

/** Collects the fields that determine the framing while a head is parsed. */
export class FramingFields {
  readonly #accepted: Hosts | null;
  #hosts = 0;
  #host: string | null = null;
  /** The Content-Length; -1 = none. */
  #length = -1;
  #codings: string | null = null;
  #contentTypes = 0;
  #connection = "";
  #expectation = "";
  #acceptedCodings = "";
  #conditional = false;

  /** @param accepted Knows the last accepted host. */
  constructor(accepted: Hosts | null = null) {
    this.#accepted = accepted;
  }

  /**
   * Records a field if it determines the framing.
   *
   * @param start Where its name starts.
   * @param colon Where its name ends.
   * @param from Where its value starts, without white space.
   * @param to Where its value ends.
   * @throws {Refusal} The field is malformed or contradicts another.
   */
  note(bytes: Uint8Array, start: number, colon: number, from: number, to: number): void {
    switch (colon - start) {
      case 2:
        if (isName(bytes, start, colon, "te")) {
          this.#acceptedCodings = joined(this.#acceptedCodings, textOf(bytes, from, to));
        }
        break;
      case 4:
        if (isName(bytes, start, colon, "host")) this.#noteHost(bytes, from, to);
        break;
      case 6:
        if (isName(bytes, start, colon, "expect")) {
          this.#expectation = joined(this.#expectation, textOf(bytes, from, to));
        }
        break;
      case 8:
        if (isName(bytes, start, colon, "if-match")) this.#conditional = true;
        break;
      case 10:
        if (isName(bytes, start, colon, "connection")) {
          this.#connection = joined(this.#connection, textOf(bytes, from, to));
        }
        break;
      case 12:
        if (isName(bytes, start, colon, "content-type") && ++this.#contentTypes > 1) throw repeatedType();
        break;
      case 13:
        if (isName(bytes, start, colon, "if-none-match")) this.#conditional = true;
        break;
      case 14:
        if (isName(bytes, start, colon, "content-length")) this.#contentLength(bytes, from, to);
        break;
      case 17:
        if (isName(bytes, start, colon, "transfer-encoding")) {
          this.#codings = this.#codings === null
            ? textOf(bytes, from, to)
            : `${this.#codings},${textOf(bytes, from, to)}`;
        }
        break;
    }
  }

  /**
   * Returns the framing after the last field, and resets itself for the next head.
   *
   * @param minor 0 or 1, for HTTP/1.0 or HTTP/1.1.
   * @throws {Refusal} The fields contradict each other or request something unsupported.
   */
  settle(minor: 0 | 1): Framing {
    if (minor === 1 && this.#hosts === 0) throw malformed("no Host field (RFC 9112 3.2)");
    this.#hosts = this.#contentTypes = 0;
    // The fast path: almost every request under load.
    if (
      minor === 1 && this.#length < 0 && this.#codings === null && this.#connection === "" &&
      this.#expectation === "" && this.#acceptedCodings === "" && this.#host === null && !this.#conditional
    ) return PLAIN;
    const host = this.#host;
    this.#host = null;
    const length = this.#codings === null ? Math.max(0, this.#length) : this.#transferCoding(this.#codings, minor);
    const options = this.#connection === "" ? [] : listOf(this.#connection);
    const keepAlive = !options.includes("close") && (minor === 1 || options.includes("keep-alive"));
    // HTTP/1.0 has no 1xx answers: the expectation of such a client is ignored (RFC 9110 10.1.1).
    const expects = minor === 1 && this.#expectation !== "";
    if (expects && !listOf(this.#expectation).every((expectation) => expectation === "100-continue")) {
      throw new Refusal(417, "the only supported expectation is 100-continue");
    }
    if (minor === 1 && this.#acceptedCodings !== "") checkAcceptedCodings(this.#acceptedCodings);
    const conditional = this.#conditional;
    this.#conditional = false;
    this.#length = -1;
    this.#codings = null;
    this.#connection = this.#expectation = this.#acceptedCodings = "";
    return { length, keepAlive, expectsContinue: expects && length !== 0, host, conditional };
  }

  #noteHost(bytes: Uint8Array, from: number, to: number): void {
    if (++this.#hosts > 1) throw malformed("more than one Host field (RFC 9112 3.2)");
    if (this.#accepted?.isLast(bytes, from, to) === true) return;
    if (!isHost(bytes, from, to)) {
      throw malformed("a Host that is not a name or address with an optional port (RFC 9110 7.2)");
    }
    this.#host = textOf(bytes, from, to);
  }

  /**
   * `1*DIGIT`, once: two lengths, or a list of them, allow request smuggling (RFC 9112 6.3). So do leading zeros, though the grammar has
   * them: a parser that reads them as octal finds another end.
   */
  #contentLength(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length >= 0) throw malformed("more than one Content-Length");
    let length = from < to ? 0 : -1;
    for (let at = from; at < to && length >= 0; at++) {
      const value = digit(bytes[at]);
      length = value < 0 ? -1 : length * 10 + value;
    }
    if (length < 0) throw malformed("a Content-Length that is not all digits");
    if (to - from > 1 && digit(bytes[from]) === 0) throw malformed("a Content-Length with a leading zero");
    if (!Number.isSafeInteger(length)) throw malformed("a Content-Length that is too large");
    this.#length = length;
  }

  /** `chunked` alone: this server cannot decode other codings below it (RFC 9112 6.1). */
  #transferCoding(value: string, minor: 0 | 1): number {
    if (minor === 0) throw malformed("Transfer-Encoding in HTTP/1.0, which does not have it (RFC 9112 6.1)");
    if (this.#length >= 0) throw malformed("Content-Length together with Transfer-Encoding (RFC 9112 6.1)");
    const codings = lowerCased(value).split(",").map(withoutSpace);
    if (!codings.every((coding) => CODING.test(coding))) {
      throw malformed("a Transfer-Encoding that is not a list of codings");
    }
    const names = codings.map(nameOfCoding);
    const first = names.indexOf("chunked");
    if (first >= 0 && first < names.length - 1) {
      throw malformed("a Transfer-Encoding in which chunked is not last or occurs twice");
    }
    if (first >= 0 && codings[first] !== "chunked") throw malformed("chunked with a parameter (RFC 9112 7.1)");
    if (names.length > 1 || first < 0) throw new Refusal(501, "the only supported transfer coding is chunked");
    return CHUNKED;
  }
}

/** A transfer coding in lower case, perhaps with parameters (RFC 9112 7). */
const CODING = /^[!#$%&'*+\-.^_`|~\da-z]+(?:[ \t]*;[\t -~]*)?$/;
/** The registered codings (RFC 9112 12.3), and what else may stand in `TE` (RFC 9110 10.1.4). */
const KNOWN_CODINGS = ["chunked", "compress", "deflate", "gzip", "identity", "trailers", "x-compress", "x-gzip"];

function nameOfCoding(coding: string): string {
  return withoutSpace(coding.split(";", 1)[0] ?? "");
}

/**
 * `TE` names the codings that the client accepts in the answer. A server may ignore it, and this one sends nothing but `chunked`. To
 * refuse a name that nobody has registered goes beyond RFC 9110 10.1.4: its sender has probably mistaken `TE` for `Transfer-Encoding`, and
 * then the body would end elsewhere.
 */
function checkAcceptedCodings(list: string): void {
  if (listOf(list).every((coding) => KNOWN_CODINGS.includes(nameOfCoding(coding)))) return;
  throw new Refusal(501, "an unknown transfer coding in TE (RFC 9110 10.1.4)");
}

/**
 * One type only (RFC 9110 8.3): of two, one parser takes the first and another the last. Two that agree are refused as well: a recipient
 * may join them (RFC 9110 5.3), and `a/b, a/b` is no type any more.
 */
function repeatedType(): Refusal {
  return malformed("more than one Content-Type (RFC 9110 8.3)");
}

function joined(list: string, value: string): string {
  return list === "" ? value : `${list},${value}`;
}
