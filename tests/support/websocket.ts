/**
 * Frames as a client sends them, right and wrong (RFC 6455 5.2).
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { decodeText } from "../../lib/text.ts";
import { concat } from "./chunks.ts";
import { RawClient } from "./sockets.ts";

/** The opcodes. */
export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** How a frame differs from a whole, masked one. */
export interface FrameOptions {
  /** More fragments follow. */
  readonly more?: boolean;
  /** The reserved bits: 4, 2 and 1 are RSV1 to RSV3. */
  readonly reserved?: number;
  /** The masking key; `null` = not masked. */
  readonly key?: readonly [number, number, number, number] | null;
  /** The form of the length in bits, instead of the shortest. */
  readonly form?: 7 | 16 | 64;
  /** The length that the head announces, instead of the payload's. */
  readonly announced?: bigint;
}

/** A frame from a client; text is sent as UTF-8. */
export function clientFrame(opcode: number, payload: string | Uint8Array = "", options: FrameOptions = {}): Uint8Array {
  const { more = false, reserved = 0, key = [0x37, 0xfa, 0x21, 0x3d] } = options;
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const length = options.announced ?? BigInt(bytes.length);
  const form = options.form ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const head = new DataView(new ArrayBuffer(form === 7 ? 2 : form === 16 ? 4 : 10));
  head.setUint8(0, (more ? 0 : 0x80) | reserved << 4 | opcode);
  const mark = key === null ? 0 : 0x80;
  head.setUint8(1, mark | (form === 7 ? Number(length) : form === 16 ? 126 : 127));
  if (form === 16) head.setUint16(2, Number(length));
  if (form === 64) head.setBigUint64(2, length);
  const start = new Uint8Array(head.buffer);
  if (key === null) return concat(start, bytes);
  return concat(start, Uint8Array.from(key), bytes.map((byte, at) => byte ^ (key[at % 4] ?? 0)));
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ""): Uint8Array {
  const text = typeof reason === "string" ? new TextEncoder().encode(reason) : reason;
  return concat(Uint8Array.of(code >> 8, code & 0xff), text);
}

/** A handshake; `fields` are more field lines. */
export function handshake(path = "/websocket", fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n`;
}

/** A frame from a server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** A client that sends exactly what a test tells it, and checks that the frames of the server are whole and not masked. */
export class WebSocketPeer implements Disposable {
  #left: Uint8Array = new Uint8Array(0);

  constructor(readonly client: RawClient) {}

  /** Connects and opens a WebSocket; what `together` has is sent in the same write as the handshake. */
  static async open(port: number, path?: string, together: Uint8Array = new Uint8Array(0)): Promise<WebSocketPeer> {
    const peer = new WebSocketPeer(await RawClient.connect(port));
    await peer.client.send(concat(new TextEncoder().encode(handshake(path)), together));
    let end = -1;
    while (end < 0) {
      if (!await peer.#more()) throw new AssertionError(`no answer: ${decodeText(peer.#left)}`);
      end = decodeText(peer.#left).indexOf("\r\n\r\n");
    }
    const answer = decodeText(peer.#left.subarray(0, end));
    if (!answer.startsWith("HTTP/1.1 101 ")) throw new AssertionError(decodeText(peer.#left));
    peer.#left = peer.#left.subarray(end + 4);
    return peer;
  }

  send(bytes: Uint8Array): Promise<void> {
    return this.client.send(bytes);
  }

  /** The next frame; `null` at the end of the stream. */
  async next(): Promise<ServerFrame | null> {
    for (;;) {
      const bytes = this.#left;
      const [start = 0, second = 0] = bytes;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const head = second < 126 ? 2 : second === 126 ? 4 : 10;
      if (bytes.length >= head) {
        if ((start & 0xf0) !== 0x80 || second > 127) throw new AssertionError(`a wrong head: ${start} ${second}`);
        const length = second < 126 ? second : second === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
        if (bytes.length >= head + length) {
          this.#left = bytes.subarray(head + length);
          return { opcode: start & 0x0f, payload: bytes.slice(head, head + length) };
        }
      }
      if (!await this.#more()) {
        if (bytes.length > 0) throw new AssertionError("the stream ended within a frame");
        return null;
      }
    }
  }

  /** All frames up to the end of the stream. */
  async rest(): Promise<ServerFrame[]> {
    const frames: ServerFrame[] = [];
    for (let got; (got = await this.next()) !== null;) frames.push(got);
    return frames;
  }

  async #more(): Promise<boolean> {
    const bytes = await this.client.read();
    if (bytes !== null) this.#left = concat(this.#left, bytes);
    return bytes !== null;
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** A frame in a short form that can be compared: `text hi`, `pong`, `close 1000`. The reason of a close frame is left out. */
export function shownFrame({ opcode, payload }: ServerFrame): string {
  const text = payload.length > 200 ? `${payload.length} bytes` : decodeText(payload);
  if (opcode === CLOSE) {
    const [high = 0, low = 0] = payload;
    return payload.length === 0 ? "close" : `close ${high * 256 + low}`;
  }
  const kind = opcode === TEXT ? "text" : opcode === BINARY ? "binary" : opcode === PING ? "ping" : "pong";
  return text === "" ? kind : `${kind} ${text}`;
}
