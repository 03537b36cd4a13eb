/**
 * WebSocket by hand, as a server reads and writes it (RFC 6455 5, 7, 8). Pure.
 *
 * Bytes in, messages out; frames out. No extension is ever negotiated, and so none is read.
 *
 * @module
 */
import { sequenceLength } from "../lib/utf8.ts";
import { CloseCode, isForTheWire } from "./websocket/frame.ts";
import { CLOSE, CONTINUATION, FrameHead, PING, TEXT, WebSocketError } from "./websocket/frame_head.ts";

export { CloseCode, closeFrame, frame } from "./websocket/frame.ts";
export { WebSocketError } from "./websocket/frame_head.ts";

/** What a client sends: a message, whole again if it came in fragments (RFC 6455 5.4), or a control frame (5.5). */
export type WebSocketMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "ping" | "pong"; readonly bytes: Uint8Array }
  /** The code is 1005 if the frame has none (RFC 6455 7.1.5). */
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** The default limit on a message, in bytes of its payload. */
export const MAX_WEBSOCKET_MESSAGE = 65_536;

const NOTHING = new Uint8Array(0);
/** A short text in one piece is decoded from memory that all readers share: it is worth no buffer of its own. */
const SHARED = new Uint8Array(4096);
/** A byte order mark is a character like any other. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads frames out of bytes that arrive in pieces of any size, and puts fragments together.
 *
 * A frame fails as soon as no further bytes can make it valid. Of an unfinished message, no more is kept than has arrived.
 *
 * @example Usage
 * ```ts
 * import { FrameReader } from "./websocket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const reader = new FrameReader();
 * // "Hello" in one masked frame (RFC 6455 5.7), cut in two by the network.
 * const bytes = Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
 * assertEquals([...reader.push(bytes.subarray(0, 8))], []);
 * assertEquals([...reader.push(bytes.subarray(8))], [{ kind: "text", text: "Hello" }]);
 * ```
 */
export class FrameReader {
  readonly #max: number;
  readonly #head = new FrameHead();
  /** How much of the current frame's payload has arrived. */
  #arrived = 0;
  /** The opcode of the current message; `CONTINUATION` between messages. */
  #kind = CONTINUATION;
  /** The payload of the current message so far: the first `#size` bytes. */
  #bytes: Uint8Array = NOTHING;
  #size = 0;
  /** Up to where it is known to be UTF-8, if it is a text. */
  #checked = 0;
  /** The payload of the current control frame, which may come between fragments. */
  #control: Uint8Array = NOTHING;
  #fragments = 0;
  #over = false;

  /** @param max The most bytes in a message. */
  constructor(max = MAX_WEBSOCKET_MESSAGE) {
    this.#max = max;
  }

  /** How much memory the unfinished message takes, in bytes. */
  get held(): number {
    return this.#bytes.length;
  }

  /** How many frames so far have continued a message: they may be empty, so that any number of them completes none. */
  get fragments(): number {
    return this.#fragments;
  }

  /**
   * Reads the next bytes. Iterate to the end before they change; the messages do not refer to them.
   *
   * What precedes a broken frame is delivered first. After a close frame or an error, all bytes are ignored (RFC 6455 5.5.1, 7.1.7).
   *
   * @throws {WebSocketError} The client broke the protocol, or its message is too long.
   */
  *push(chunk: Uint8Array): Generator<WebSocketMessage, void, undefined> {
    const head = this.#head;
    let at = 0;
    try {
      while (!this.#over) {
        if (!head.complete) {
          at = head.read(chunk, at);
          if (!head.complete) return;
          this.#begin();
        }
        const from = at;
        at = Math.min(chunk.length, from + head.length - this.#arrived);
        const message = this.#payload(chunk, from, at);
        if (message !== null) yield message;
        // The payload is incomplete.
        if (head.complete) return;
      }
    } catch (error) {
      this.#over = true;
      this.#bytes = this.#control = NOTHING;
      throw error;
    }
  }

  /** Begins a frame: a message that is too long is refused by its head. */
  #begin(): void {
    const { opcode, length } = this.#head;
    this.#arrived = 0;
    if (opcode >= CLOSE) {
      this.#control = length === 0 ? NOTHING : new Uint8Array(length);
      return;
    }
    const continues = this.#kind !== CONTINUATION;
    if (opcode === CONTINUATION && !continues) {
      throw new WebSocketError(1002, "there is no message to continue (RFC 6455 5.4)");
    }
    if (opcode !== CONTINUATION && continues) {
      throw new WebSocketError(1002, "a message must not begin within another (RFC 6455 5.4)");
    }
    if (this.#size + length > this.#max) {
      throw new WebSocketError(1009, `a message has at most ${this.#max} bytes`);
    }
    if (continues) this.#fragments++;
    else this.#kind = opcode;
  }

  /** Takes a piece of a payload; returns what it completes, if anything. */
  #payload(chunk: Uint8Array, from: number, to: number): WebSocketMessage | null {
    const head = this.#head;
    const offset = this.#arrived;
    this.#arrived += to - from;
    const frameEnds = this.#arrived === head.length;
    if (frameEnds) head.next();
    if (head.opcode >= CLOSE) {
      head.unmask(chunk, from, to, offset, this.#control, offset);
      return frameEnds ? this.#endControl() : null;
    }
    const ends = frameEnds && head.isFinal;
    if (ends && this.#kind === TEXT && this.#size + offset === 0 && head.length <= SHARED.length) {
      const isAscii = head.unmask(chunk, from, to, 0, SHARED, 0);
      const bytes = SHARED.subarray(0, head.length);
      this.#kind = CONTINUATION;
      return { kind: "text", text: isAscii && head.length <= SHORT ? fromAscii(bytes) : decode(bytes) };
    }
    this.#makeRoom(to - from);
    const isAscii = head.unmask(chunk, from, to, offset, this.#bytes, this.#size);
    if (isAscii && this.#checked === this.#size) this.#checked += to - from;
    this.#size += to - from;
    if (ends) return this.#endMessage();
    if (this.#kind === TEXT && this.#checked < this.#size) this.#checkText();
    return null;
  }

  #endMessage(): WebSocketMessage {
    const bytes = this.#bytes.length === this.#size ? this.#bytes : this.#bytes.subarray(0, this.#size);
    const kind = this.#kind;
    this.#kind = CONTINUATION;
    this.#bytes = NOTHING;
    this.#size = this.#checked = 0;
    return kind === TEXT ? { kind: "text", text: decode(bytes) } : { kind: "binary", bytes };
  }

  #endControl(): WebSocketMessage {
    const bytes = this.#control;
    const { opcode } = this.#head;
    this.#control = NOTHING;
    if (opcode !== CLOSE) return { kind: opcode === PING ? "ping" : "pong", bytes };
    this.#over = true;
    const [high, low] = bytes;
    if (high === undefined) return { kind: "close", code: CloseCode.none, reason: "" };
    if (low === undefined) throw new WebSocketError(1002, "a close frame has half a code (RFC 6455 5.5.1)");
    const code = high * 256 + low;
    if (!isForTheWire(code)) throw new WebSocketError(1002, `the close code ${code} must not be sent (RFC 6455 7.4)`);
    return { kind: "close", code, reason: decode(bytes.subarray(2)) };
  }

  /** Doubles the buffer, so that a message in many pieces is copied a few times only; one in a single piece fits exactly. */
  #makeRoom(more: number): void {
    const needed = this.#size + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, Math.min(2 * this.#bytes.length, this.#max)));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }

  /** Fails if the text so far cannot become UTF-8, even inside a frame (RFC 6455 8.1). It looks at each character once. */
  #checkText(): void {
    const bytes = this.#bytes.subarray(0, this.#size);
    let at = this.#checked;
    while (at < bytes.length) {
      const length = sequenceLength(bytes, at);
      if (length === 0) throw notUtf8();
      if (at + length > bytes.length) break;
      at += length;
    }
    this.#checked = at;
  }
}

/** A call of the decoder costs more than to decode a short text. */
const SHORT = 48;

function fromAscii(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

function decode(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw notUtf8();
  }
}

function notUtf8(): WebSocketError {
  return new WebSocketError(1007, "the text is not UTF-8 (RFC 6455 8.1)");
}
