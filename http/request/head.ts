/**
 * The head of a request: its request line and fields. Pure.
 *
 * @module
 */
import type { Framing } from "./framing.ts";
import { COLON, CR, isName, LF, textOf, withoutSpace } from "./syntax.ts";

/** Size limits of a head; a larger one is refused with 414 or 431. */
export interface HeadLimits {
  /** Bytes of the request line, and of one field line. */
  readonly maxLine: number;
  /** Bytes of the whole head. */
  readonly maxHead: number;
  /** Fields of a head, and of the trailers. */
  readonly maxFields: number;
}

/** A request head, as a view of bytes that are valid until the next read, or longer after {@linkcode RequestHead.keep}. */
export class RequestHead {
  #bytes: Uint8Array;
  #from: number;
  #to: number;
  #fieldsAt: number;
  #text: string | null = null;

  /**
   * @param bytes The head is from `from` to `to` in them.
   * @param method Case-sensitive.
   * @param target The request target as it was sent.
   * @param minor 0 or 1 for HTTP/1.0 or HTTP/1.1; a higher minor version is served as 1.1 (RFC 9110 2.5).
   * @param framing The length of the body and the persistence of the connection.
   * @param fieldsAt The offset of the first field in `bytes`.
   */
  constructor(
    bytes: Uint8Array,
    from: number,
    to: number,
    readonly method: string,
    readonly target: string,
    readonly minor: 0 | 1,
    readonly framing: Framing,
    fieldsAt: number,
  ) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.#fieldsAt = fieldsAt;
  }

  /** The head as it was received, including the empty line at its end. */
  get raw(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** Its length in bytes. */
  get size(): number {
    return this.#to - this.#from;
  }

  /** The head as text; decoded once. */
  get text(): string {
    return this.#text ??= textOf(this.#bytes, this.#from, this.#to);
  }

  /** The values of a field in the order received (RFC 9110 5.3); `name` in lower case. */
  values(name: string): string[] {
    const values: string[] = [];
    for (const { from, colon, to } of this.#lines()) {
      if (isName(this.#bytes, from, colon, name)) values.push(this.#value(colon, to));
    }
    return values;
  }

  /** The value of a field, several joined as a list; `null` if there is none. */
  field(name: string): string | null {
    const values = this.values(name);
    return values.length === 0 ? null : values.join(", ");
  }

  /** All fields, in their original spelling. */
  *fields(): Generator<[name: string, value: string]> {
    for (const { from, colon, to } of this.#lines()) {
      yield [textOf(this.#bytes, from, colon), this.#value(colon, to)];
    }
  }

  #value(colon: number, to: number): string {
    return withoutSpace(textOf(this.#bytes, colon + 1, to));
  }

  /** The offsets of each field line: its start, colon and end. */
  *#lines(): Generator<{ from: number; colon: number; to: number }> {
    for (let from = this.#fieldsAt; this.#bytes[from] !== CR;) {
      const next = this.#bytes.indexOf(LF, from) + 1;
      yield { from, colon: this.#bytes.indexOf(COLON, from), to: next - 2 };
      from = next;
    }
  }

  /** The same request as a GET: HEAD is answered like GET, with the same Content-Length (RFC 9110 9.3.2). */
  asGet(): RequestHead {
    const cut = this.method.length - "GET".length;
    const raw = this.raw.slice(cut);
    raw.set([0x47, 0x45, 0x54]);
    const { target, minor, framing } = this;
    return new RequestHead(raw, 0, raw.length, "GET", target, minor, framing, this.#fieldsAt - this.#from - cut);
  }

  /** Copies the bytes, so that the head outlives the next read. */
  keep(): void {
    const from = this.#from;
    this.#bytes = this.raw.slice();
    this.#from = 0;
    this.#to -= from;
    this.#fieldsAt -= from;
  }
}
