/**
 * `http/websocket.ts`: frames from clients, beside `ws`; and frames of our own, which `ws` must read.
 *
 * @module
 */
import {
  closeFrame,
  frame,
  FrameReader,
  MAX_WEBSOCKET_MESSAGE,
  WebSocketError,
  type WebSocketMessage,
} from "../../../http/websocket.ts";
import { isForTheWire } from "../../../http/websocket/frame.ts";
import { concat, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, overwrite, same, sameForAllSplits, type Target } from "../engine/target.ts";
import { readFrames, type SeenFrames } from "../second/ws.ts";

/** What was read, in a form that can be compared with what `ws` reads. */
interface Outcome {
  readonly messages: readonly WebSocketMessage[];
  readonly code: number;
  readonly why: string;
}

function read(pieces: readonly Uint8Array[], max: number): Outcome {
  const reader = new FrameReader(max);
  const messages: WebSocketMessage[] = [];
  try {
    for (const piece of pieces) {
      for (const message of reader.push(piece)) messages.push(message);
      holds(reader.held <= max, "no more of a message is kept than it may be long", () => String(reader.held));
      overwrite(piece);
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    holds(utf8(error.message).length <= 123, "a reason fits into a close frame", () => error.message);
    closeFrame(error.code, error.message);
    same([...reader.push(Uint8Array.of(0x81, 0x80, 0, 0, 0, 0))], [], "nothing is read after an error");
    return { messages, code: error.code, why: error.message };
  }
  return { messages, code: 0, why: "" };
}

function seen(message: WebSocketMessage): SeenFrames["messages"][number] {
  if (message.kind === "text") return { kind: "text", bytes: utf8(message.text) };
  if (message.kind === "close") return { kind: "close", code: message.code, reason: utf8(message.reason) };
  return message;
}

/** What this project refuses and `ws` takes, or takes longer to refuse. */
const STRICTER: readonly { readonly why: RegExp; readonly because: string }[] = [
  { why: /shortest form/, because: "RFC 6455 5.2: the minimal number of bytes must be used" },
  { why: /first bit of a length/, because: "RFC 6455 5.2: it is no length at all, and not one that is too long" },
  { why: /not UTF-8/, because: "it is refused as soon as it cannot become UTF-8 any more (RFC 6455 8.1)" },
];

async function compare(input: Uint8Array, ours: Outcome, max: number): Promise<void> {
  const theirs = await readFrames(input, { from: "client", max });
  const mine = ours.messages.map(seen);
  const stricter = STRICTER.some(({ why }) => why.test(ours.why));
  const common = stricter ? theirs.messages.slice(0, mine.length) : theirs.messages;
  same(mine, common, "the same messages as ws");
  if (stricter) return;
  // ws looks at the first bytes of a head, this reader at the whole of it.
  const rest = ours.code === 0 && theirs.code !== 0 ? read([concat([input, new Uint8Array(14)])], max) : ours;
  if (!STRICTER.some(({ why }) => why.test(rest.why))) {
    same(rest.code, theirs.code, `the same close code as ws (${ours.why || "none"}; ${theirs.why || "none"})`);
  }
}

/** A frame as a client sends it. */
export function masked(
  start: number,
  payload: Uint8Array,
  key: readonly number[],
  form: "short" | 16 | 64 = "short",
): Uint8Array {
  const { length } = payload;
  const wide = form === 64 || length > 65_535 ? 8 : form === 16 || length > 125 ? 2 : 0;
  const head = [start, 0x80 | (wide === 8 ? 127 : wide === 2 ? 126 : length)];
  for (let at = wide - 1; at >= 0; at--) head.push(Math.floor(length / 256 ** at) % 256);
  return concat([Uint8Array.from([...head, ...key]), payload.map((byte, at) => byte ^ (key[at & 3] ?? 0))]);
}

const TEXTS = [
  "",
  "a",
  "hello",
  "é€😀",
  "\ufeff",
  "\0",
  "x".repeat(125),
  "x".repeat(126),
  "é".repeat(63),
  "y".repeat(300),
];

function payloadOf(draw: Draw): Uint8Array {
  const kind = draw.below(10);
  if (kind < 5) return utf8(draw.pick(TEXTS));
  if (kind < 7) return utf8(draw.pick(TEXTS).repeat(draw.below(6)));
  const bytes = utf8(draw.pick(TEXTS).repeat(1 + draw.below(3)));
  if (kind < 9) return bytes.subarray(draw.below(bytes.length + 1));
  return draw.bytes(draw.size(300));
}

function make(draw: Draw): Uint8Array {
  const frames: Uint8Array[] = [];
  let open = false;
  for (let left = draw.between(1, 8); left > 0; left--) {
    const key = draw.happens(0.2) ? [0, 0, 0, 0] : [...draw.bytes(4)];
    if (draw.happens(0.25)) {
      const code = draw.pick([
        1000,
        1001,
        1002,
        1004,
        1005,
        1006,
        1015,
        999,
        2999,
        3000,
        4999,
        5000,
        draw.below(65_536),
      ]);
      const control = draw.pick([0x88, 0x89, 0x8a]);
      const payload = payloadOf(draw).subarray(0, draw.happens(0.9) ? 123 : 126);
      frames.push(
        masked(control, control === 0x88 ? concat([Uint8Array.of(code >> 8, code & 255), payload]) : payload, key),
      );
      continue;
    }
    const final = draw.happens(0.6);
    const opcode = open ? 0 : draw.pick([1, 1, 2]);
    open = !final;
    const payload = draw.happens(0.004) ? new Uint8Array(65_536 + draw.between(-2, 2)).fill(0x61) : payloadOf(draw);
    frames.push(masked((final ? 0x80 : 0) | opcode, payload, key, draw.happens(0.95) ? "short" : draw.pick([16, 64])));
  }
  return concat(frames);
}

const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1013, 3000, 4999];

/** The first head, by hand: `ws` takes lengths that are longer than they need to be. */
function checkFirstHead(input: Uint8Array, { code }: Outcome): void {
  const form = (input[1] ?? 0) & 0x7f;
  const size = form === 126 ? 2 : form === 127 ? 8 : 0;
  if (size === 0 || input.length < 2 + size) return;
  const length = input.subarray(2, 2 + size).reduce((sum, byte) => sum * 256 + byte, 0);
  if (length < (size === 2 ? 126 : 65_536)) {
    holds(code === 1002, "a length is written in its shortest form", () => `${length}`);
  }
}

/** Our own frames, read by `ws`. */
async function checkOwn(input: Uint8Array): Promise<void> {
  const code = CODES[(input[0] ?? 0) % CODES.length] ?? 1000;
  const rest = input.subarray(1);
  // With characters of every length at the place where a reason is cut.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rest) + "é€😀".repeat((input[1] ?? 0) % 20);
  const control = rest.subarray(0, 125);
  const frames = [frame("text", text), frame("binary", rest), frame("ping", control), frame("pong", control)];
  same(isForTheWire(code), true, "a code that is defined may be sent");
  frames.push(closeFrame(code, text));
  const { messages, code: error, why } = await readFrames(concat(frames), { from: "server", max: 1_048_576 });
  same(error, 0, `ws takes our frames (${why})`);
  const sent = [
    { kind: "text", bytes: utf8(text) },
    { kind: "binary", bytes: rest },
    { kind: "ping", bytes: control },
    { kind: "pong", bytes: control },
  ];
  same(messages.length, 5, "ws reads every frame");
  same(messages.slice(0, 4), sent, "ws reads what was sent");
  const close = messages[4];
  if (close?.kind === "close") {
    same(close.code, code, "ws reads the code that was sent");
    const reason = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(close.reason);
    holds(text.startsWith(reason) && close.reason.length <= 123, "a reason is cut between characters");
  }
}

export const websocket: Target = {
  name: "websocket",
  what: "frames of clients, whole messages, close codes; beside ws, which also reads our own frames",
  max: 200_000,
  seeds: [
    masked(0x81, utf8("Hello"), [0x37, 0xfa, 0x21, 0x3d]),
    concat([
      masked(0x01, utf8("é").subarray(0, 1), [1, 2, 3, 4]),
      masked(0x89, utf8("p"), [5, 6, 7, 8]),
      masked(0x80, utf8("é").subarray(1), [9, 9, 9, 9]),
    ]),
    concat([
      masked(0x82, new Uint8Array(126), [1, 1, 1, 1]),
      masked(0x88, Uint8Array.of(3, 232, 98, 121, 101), [0, 0, 0, 0]),
    ]),
    masked(0x81, utf8("x".repeat(200)), [0, 0, 0, 0], 64),
  ],
  words: [
    "\x81\x80",
    "\x88\x80\0\0\0\0",
    "\x89\x80\0\0\0\0",
    "\x00\x80\0\0\0\0",
    "\x80\x80\0\0\0\0",
    "\xfe",
    "\xff",
    "\x7f",
    "\x7e",
    "\x8b",
    "\xc1",
    "\x83",
  ],
  make,
  async check(input) {
    sameForAllSplits(input, (pieces) => {
      const { messages, code } = read(pieces, 150);
      return { messages, code };
    });
    const ours = read([input.slice()], MAX_WEBSOCKET_MESSAGE);
    checkFirstHead(input, ours);
    await compare(input, ours, MAX_WEBSOCKET_MESSAGE);
    await checkOwn(input.subarray(0, 70_000));
  },
};
