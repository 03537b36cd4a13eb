/**
 * `lib/reader.ts`, `lib/refusal.ts` and `lib/net/tls_hello.ts`: lines, messages and chunks of a stream, beside a plain splitting of the whole.
 *
 * @module
 */
import { ProtocolError, TooLongError } from "../../../lib/errors.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { CLIENT_HELLO, TlsHelloDetector } from "../../../lib/net/tls_hello.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { ByteReader, type MessageRules } from "../../../lib/reader.ts";
import { MAX_REFUSAL, RefusalFilter, refusalIn, REFUSED } from "../../../lib/refusal.ts";
import { sourceOf } from "../../support/chunks.ts";
import { concat, latin1, utf8 } from "../engine/bytes.ts";
import { holds, overwrite, same, splits, type Target } from "../engine/target.ts";

const [LF, CR] = [10, 13];

interface Messages {
  readonly messages: readonly Uint8Array[];
  readonly tooLong: boolean;
}

/** What a reader must make of a stream, seen as a whole. */
function expected(input: Uint8Array, { max, keepEnd = false }: MessageRules): Messages {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < input.length;) {
    const newline = input.indexOf(LF, at);
    const end = newline < 0 ? input.length : newline > at && input[newline - 1] === CR ? newline - 1 : newline;
    if (end - at > max) return { messages, tooLong: true };
    messages.push(input.slice(at, keepEnd && newline >= 0 ? newline + 1 : end));
    at = newline < 0 ? input.length : newline + 1;
  }
  return { messages, tooLong: false };
}

async function messagesOf(pieces: readonly Uint8Array[], rules: MessageRules): Promise<Messages> {
  const share = new MemoryBudget(1 << 24).share();
  const reader = new ByteReader(sourceOf(pieces), share);
  const messages: Uint8Array[] = [];
  let consumed = 0;
  try {
    for (let message; (message = await reader.readMessage(rules)) !== null;) {
      messages.push(message.slice());
      consumed += reader.consumed;
      holds(message.length <= rules.max + 2, "a message is within its limit", () => String(message?.length));
    }
    same(consumed, reader.received, "what was taken is what was received");
    return { messages, tooLong: false };
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    return { messages, tooLong: true };
  } finally {
    share.release();
  }
}

async function chunksOf(pieces: readonly Uint8Array[], chunk: number | null): Promise<Uint8Array> {
  const reader = new ByteReader(sourceOf(pieces), null, chunk);
  const taken: Uint8Array[] = [];
  for (let bytes; (bytes = await reader.read()) !== null;) taken.push(bytes.slice());
  return concat(taken);
}

/** What a filter lets through is what came, but for a refusal at the end. */
function checkFilter(input: Uint8Array, pieces: readonly Uint8Array[], place: "only" | "last"): void {
  const filter = new RefusalFilter(place);
  const passed: Uint8Array[] = [];
  for (const piece of pieces) {
    passed.push(filter.push(piece).slice());
    holds(filter.held <= MAX_REFUSAL, "no more is held back than a refusal may be long", () => String(filter.held));
    overwrite(piece);
  }
  const [reason, cutReason] = [filter.reason({ cutOff: false }), filter.reason({ cutOff: true })];
  const data = concat(passed);
  const held = filter.flush().slice();
  same(concat([data, held]), input, "a filter loses nothing");
  const start = place === "only" ? 0 : input.subarray(0, -1).lastIndexOf(LF) + 1;
  const last = input.subarray(start);
  same(reason, last.length > 0 ? refusalIn(last) : null, `the refusal is found (${place})`);
  same(cutReason, last.at(-1) === LF ? reason : null, "of a stream that was cut off only a whole line counts");
  if (reason !== null) same(data, input.subarray(0, start), "what precedes a refusal is data");
}

/** The detector passes all of a stream on that does not begin as TLS does. */
async function checkHello(input: Uint8Array, pieces: readonly Uint8Array[]): Promise<void> {
  const detector = new TlsHelloDetector(sourceOf(pieces) as unknown as StreamSocket);
  const isHello = CLIENT_HELLO.every((byte, at) => input[at] === byte);
  const taken: Uint8Array[] = [];
  const into = new Uint8Array(64);
  try {
    for (let count; (count = await detector.read(into)) !== null;) taken.push(into.slice(0, count));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    holds(isHello, "only a TLS handshake is taken for one");
    return;
  }
  holds(!isHello, "a TLS handshake is found however it is split");
  same(concat(taken), input, "the detector passes everything on");
}

const RULES: readonly MessageRules[] = [{ max: 40, gap: 0 }, { max: 5000, gap: 0, keepEnd: true }];

export const reader: Target = {
  name: "reader",
  what: "lines, messages and chunks of a stream; refusals at its end; a TLS handshake at its start",
  max: 30_000,
  seeds: [
    ...[
      "",
      "one\ntwo\r\nthree",
      "\r\n\n\r\r\n",
      `${"x".repeat(40)}\r\n${"y".repeat(41)}\n`,
      `${"z".repeat(5000)}\r\n`.slice(-700),
    ],
    ...[
      `${REFUSED}full\n`,
      `bob: hi\n${REFUSED}you are banned\r\n`,
      `${REFUSED}${"x".repeat(MAX_REFUSAL)}\n`,
      REFUSED,
      `bob: ${REFUSED}x\n`,
    ],
    ...["\x16\x03\x01\x02\x00\x01", "\x16", "\x16\x02"],
  ].map(latin1),
  words: ["\n", "\r\n", "\r", "\0", REFUSED, "Cannot", "\x16\x03", "\xc3\xa9", "x".repeat(40), "y".repeat(4095)],
  make: (draw) =>
    utf8(
      draw.some(1, 10, () =>
        draw.pick(["a", "é", "\r", `${REFUSED}x`]).repeat(draw.size(draw.happens(0.005) ? 5001 : 42)) +
        draw.pick(["\n", "\n", "\r\n", "", "\r\r\n"])),
    ),
  async check(input) {
    const wholes = RULES.map((rules) => expected(input, rules));
    for (const pieces of splits(input)) {
      for (const [index, rules] of RULES.entries()) {
        same(
          await messagesOf(pieces, rules),
          wholes[index],
          `a stream has the same lines however it is split (max ${rules.max})`,
        );
      }
      same(await chunksOf(pieces, pieces.length % 2 === 0 ? null : 7), input, "chunks are the stream");
      await checkHello(input, pieces);
      checkFilter(input, pieces.map((piece) => piece.slice()), "only");
      checkFilter(input, pieces, "last");
    }
  },
};
