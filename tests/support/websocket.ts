/**
 * Frames as a client sends them, right and wrong (RFC 6455 5.2).
 *
 * @module
 */
import { concat } from "./chunks.ts";

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
