/**
 * The head of a frame from a client (RFC 6455 5.2). Pure.
 *
 * @module
 */

/** The opcodes (RFC 6455 11.8); control frames are those from `CLOSE` on. */
export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
/** The longest payload of a control frame (RFC 6455 5.5). */
export const MAX_CONTROL = 125;
/** The first bit of a frame: it is the last of its message. */
export const FIN = 0x80;
const RESERVED_BITS = 0x70, MASKED = 0x80;
/** Two bytes and the masking key; up to eight bytes of length come between them. */
const SHORTEST = 6, LONGEST = 14, KEY = 4;

/** The client broke the protocol: send it a close frame with the code, then end the connection (RFC 6455 7.1.7). */
export class WebSocketError extends Error {
  override name = "WebSocketError";

  /**
   * @param code 1002 = not the protocol, 1007 = not UTF-8, 1009 = too long (RFC 6455 7.4.1).
   * @param reason What is wrong, in our words; short enough for a close frame.
   */
  constructor(readonly code: 1002 | 1007 | 1009, reason: string) {
    super(reason);
  }
}

/** Collects heads from bytes that arrive in pieces, and refuses those that no client may send. */
export class FrameHead {
  readonly #bytes = new Uint8Array(LONGEST);
  #have = 0;
  #need = SHORTEST;
  /** The length of the payload. */
  length = 0;

  /** Whether the head is complete. */
  get complete(): boolean {
    return this.#have === this.#need;
  }

  get opcode(): number {
    return this.#start & 0x0f;
  }

  /** Whether the frame is the last of its message. */
  get isFinal(): boolean {
    return (this.#start & FIN) !== 0;
  }

  get #start(): number {
    return this.#bytes[0] as number;
  }

  /** Expects the next head; until its first bytes arrive, the last one can still be asked, and unmasks. */
  next(): void {
    this.#have = 0;
  }

  /**
   * Takes what belongs to the head.
   *
   * @returns Where the payload starts, if the head is complete; else the end of the bytes.
   * @throws {WebSocketError} 1002: no client may send this.
   */
  read(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#have < this.#need && at < chunk.length) {
      this.#bytes[this.#have++] = chunk[at++] as number;
      if (this.#have === 2) this.#checkStart();
      if (this.#have === this.#need - KEY) this.#readLength();
    }
    return at;
  }

  /**
   * Copies a piece of the payload and unmasks it (RFC 6455 5.3).
   *
   * @param offset Where the piece is in the payload.
   * @returns Whether all of it is ASCII.
   */
  unmask(chunk: Uint8Array, from: number, to: number, offset: number, into: Uint8Array, at: number): boolean {
    const key = this.#bytes.subarray(this.#need - KEY, this.#need);
    if (to - from >= LONG) {
      into.set(chunk.subarray(from, to), at);
      return xor(into, at, at + to - from, key, offset);
    }
    let seen = 0;
    for (let index = from, out = at, turn = offset; index < to; index++, out++, turn++) {
      seen |= into[out] = (chunk[index] as number) ^ (key[turn & 3] as number);
    }
    return seen < 0x80;
  }

  /** The first two bytes: flags, opcode, and how the length is written. */
  #checkStart(): void {
    const { opcode } = this;
    const second = this.#bytes[1] as number;
    const length = second & ~MASKED;
    if ((this.#start & RESERVED_BITS) !== 0) throw broken("the reserved bits must be 0 (RFC 6455 5.2)");
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
      throw broken(`the opcode ${opcode} is reserved (RFC 6455 5.2)`);
    }
    if ((second & MASKED) === 0) throw broken("a client must mask its frames (RFC 6455 5.1)");
    if (opcode >= CLOSE && !this.isFinal) throw broken("a control frame must not be fragmented (RFC 6455 5.5)");
    if (opcode >= CLOSE && length > MAX_CONTROL) {
      throw broken("the payload of a control frame has at most 125 bytes (RFC 6455 5.5)");
    }
    this.#need = SHORTEST + (length < 126 ? 0 : length === 126 ? 2 : 8);
  }

  /** 7 bits, 16 bits or 63 bits, the shortest form in which the length can be written. */
  #readLength(): void {
    const short = (this.#bytes[1] as number) & ~MASKED;
    this.length = short;
    if (short < 126) return;
    if (short === 127 && (this.#bytes[2] as number) >= 0x80) {
      throw broken("the first bit of a length must be 0 (RFC 6455 5.2)");
    }
    this.length = 0;
    for (let at = 2; at < this.#have; at++) this.length = this.length * 256 + (this.#bytes[at] as number);
    if (this.length < (short === 126 ? 126 : 65_536)) {
      throw broken("a length must be written in its shortest form (RFC 6455 5.2)");
    }
  }
}

/** From this length on, it pays to take four bytes at a time. */
const LONG = 64;
/** The key, turned so that it fits a word; and the same as a word, in the byte order of the machine. */
const TURNED = new Uint8Array(4);
const TURNED_WORD = new Int32Array(TURNED.buffer);

/**
 * Unmasks bytes in place: a gigabyte takes a tenth of a second, by single bytes five times that.
 *
 * @param offset Where they are in the payload.
 * @returns Whether all of them are ASCII.
 */
function xor(bytes: Uint8Array, from: number, to: number, key: Uint8Array, offset: number): boolean {
  const single = (start: number, end: number): number => {
    let seen = 0;
    for (let at = start; at < end; at++) {
      seen |= bytes[at] = (bytes[at] as number) ^ (key[(offset + at - from) & 3] as number);
    }
    return seen;
  };
  const first = from + (-(bytes.byteOffset + from) & 3);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, (to - first) >> 2);
  for (let index = 0; index < 4; index++) TURNED[index] = key[(offset + first - from + index) & 3] as number;
  const word = TURNED_WORD[0] as number;
  let seen = 0;
  for (let index = 0; index < words.length; index++) seen |= words[index] = (words[index] as number) ^ word;
  const rest = single(from, first) | single(first + words.byteLength, to);
  return (seen & 0x80808080) === 0 && rest < 0x80;
}

function broken(reason: string): WebSocketError {
  return new WebSocketError(1002, reason);
}
