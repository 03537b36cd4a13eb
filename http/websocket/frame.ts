/**
 * Frames from the server (RFC 6455 5.2), and the codes of close frames (7.4). Pure.
 *
 * @module
 */
import { cutStart } from "../../lib/utf8.ts";
import { BINARY, CLOSE, FIN, MAX_CONTROL, PING, PONG, TEXT } from "./frame_head.ts";

const OPCODES = { text: TEXT, binary: BINARY, ping: PING, pong: PONG };
const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

/** The codes of close frames (RFC 6455 7.4.1, and IANA's registry for 1013). */
export const CloseCode = {
  normal: 1000,
  /** The server stops. */
  goingAway: 1001,
  protocolError: 1002,
  /** Data of a kind that this side does not take. */
  unsupported: 1003,
  /** Stands for a close frame without a code (7.1.5). */
  none: 1005,
  notUtf8: 1007,
  /** The other side is not welcome. */
  policy: 1008,
  tooLong: 1009,
  tryAgainLater: 1013,
} as const;

/**
 * A whole frame, not masked (RFC 6455 5.1).
 *
 * @param payload A text as a string, or as bytes that are known to be UTF-8.
 * @throws {RangeError} The payload of a ping or pong is longer than 125 bytes.
 *
 * @example Usage
 * ```ts
 * import { frame } from "./frame.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(frame("text", "Hello"), Uint8Array.of(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f)); // RFC 6455 5.7
 * ```
 */
export function frame(kind: keyof typeof OPCODES, payload: string | Uint8Array): Uint8Array {
  return frameOf(OPCODES[kind], typeof payload === "string" ? ENCODER.encode(payload) : payload);
}

/**
 * A close frame (RFC 6455 5.5.1).
 *
 * @param code 1005 stands for none: a close frame without a code is answered with one.
 * @param reason Cut after 123 bytes, between characters.
 * @throws {RangeError} The code must not be sent.
 */
export function closeFrame(code: number, reason = ""): Uint8Array {
  if (code === CloseCode.none) return frameOf(CLOSE, NOTHING);
  if (!isForTheWire(code)) throw new RangeError(`Cannot send the close code ${code}: it is reserved (RFC 6455 7.4)`);
  const text = ENCODER.encode(reason).subarray(0, MAX_CONTROL - 2);
  const payload = new Uint8Array(2 + cutStart(text));
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text.subarray(0, payload.length - 2), 2);
  return frameOf(CLOSE, payload);
}

/** Whether a close frame may have a code: one that is defined, registered or private (RFC 6455 7.4, and IANA's registry). */
export function isForTheWire(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== CloseCode.none && code !== 1006;
}

function frameOf(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  if (opcode >= CLOSE && length > MAX_CONTROL) {
    throw new RangeError(`Cannot send a control frame: its payload has ${length} bytes, ${MAX_CONTROL} are allowed`);
  }
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const bytes = new Uint8Array(2 + extended + length);
  bytes[0] = FIN | opcode;
  bytes[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  for (let at = 1 + extended, rest = length; at > 1; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  bytes.set(payload, 2 + extended);
  return bytes;
}
