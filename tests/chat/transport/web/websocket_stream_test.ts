import { assert, assertEquals, assertRejects } from "@std/assert";
import { FrameError, SilentError } from "../../../../chat/transport/member_stream.ts";
import { Framing, textFrames } from "../../../../chat/transport/web/framed.ts";
import { WebSocketStream } from "../../../../chat/transport/web/websocket_stream.ts";
import { Connection } from "../../../../lib/stream/connection.ts";
import { CutOffError, type ProtocolError, TooLongError } from "../../../../lib/errors.ts";
import { MemoryBudget } from "../../../../lib/memory.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { concat } from "../../../support/chunks.ts";
import { TestTime, turn } from "../../../support/time.ts";
import {
  BINARY,
  clientFrame,
  CLOSE,
  closePayload,
  CONTINUATION,
  PING,
  PONG,
  TEXT,
} from "../../../support/websocket.ts";
import { SlowSocket } from "./support.ts";

/** A WebSocket over a socket in memory, after its handshake. */
function opened(options: { first?: Uint8Array; lines?: string; memory?: MemoryBudget } = {}): {
  raw: SlowSocket;
  stream: WebSocketStream;
  time: TestTime;
} {
  const raw = new SlowSocket();
  const time = new TestTime();
  const { first = new Uint8Array(0), lines = "", memory } = options;
  const connection = new Connection(raw);
  return {
    raw,
    time,
    stream: new WebSocketStream(connection, { first, lines, framing: new Framing(textFrames), memory, time }),
  };
}

/** What has been written, as hexadecimal digits. */
const sent = (raw: SlowSocket): string => raw.bytes.toHex();
const textOf = async (stream: WebSocketStream): Promise<string> => decodeText(await stream.read() ?? new Uint8Array(0));

Deno.test("a message is a line; one with line ends is several, and a fragmented one is one", async () => {
  const { raw, stream } = opened();
  raw.source.feed(concat(clientFrame(TEXT, "one"), clientFrame(TEXT, "two\nthree"), clientFrame(TEXT, "")));
  assertEquals(await textOf(stream), "one\ntwo\nthree\n\n");
  raw.source.feed(clientFrame(TEXT, "fo", { more: true }));
  raw.source.feed(clientFrame(CONTINUATION, "ur"));
  assertEquals(await textOf(stream), "four\n");
  stream.close();
});

Deno.test("frames that came with the handshake are read, after the lines of the URL", async () => {
  const { stream } = opened({ first: clientFrame(TEXT, "hello"), lines: "/nick alice\n" });
  assertEquals([await textOf(stream), await textOf(stream)], ["/nick alice\n", "hello\n"]);
  stream.close();
});

Deno.test("lines go out as messages, in one write", async () => {
  const { raw, stream } = opened();
  await stream.write(encodeText("a\nbc\n"));
  assertEquals(sent(raw), "81016181026263");
  stream.close();
});

for (
  const [what, bytes, code] of [
    ["a binary message", clientFrame(BINARY, "x"), 1003],
    ["a frame without a mask", clientFrame(TEXT, "x", { key: null }), 1002],
    ["reserved bits", clientFrame(TEXT, "x", { reserved: 4 }), 1002],
    ["a reserved opcode", clientFrame(3, "x"), 1002],
    ["text that is not UTF-8", clientFrame(TEXT, Uint8Array.of(0xff)), 1007],
    ["a message of 64 KiB and a byte", clientFrame(TEXT, "", { announced: 65_537n }), 1009],
    ["a close frame with half a code", clientFrame(CLOSE, "x"), 1002],
  ] as const
) {
  Deno.test(`${what} ends with ${code}, after the messages before it in the same read`, async () => {
    const { raw, stream } = opened();
    raw.source.feed(concat(clientFrame(TEXT, "before"), bytes, clientFrame(TEXT, "after")));
    assertEquals(await textOf(stream), "before\n");
    const error: ProtocolError = await assertRejects(() => stream.read(), code === 1009 ? TooLongError : FrameError);
    await stream.write(encodeText(`${code === 1009 ? "Cannot serve you: too long" : error.message}\n`));
    const before = raw.bytes.length;
    await stream.closeWrite();
    assertEquals([raw.bytes[before], new DataView(raw.bytes.buffer, before + 2).getUint16(0)], [0x88, code]);
    stream.close();
  });
}

Deno.test("a close frame is answered with its code, and nothing follows it", async () => {
  const { raw, stream } = opened();
  raw.source.feed(clientFrame(CLOSE, closePayload(4321, "bye")));
  assertEquals(await stream.read(), null);
  await stream.write(encodeText("too late\n"));
  await stream.closeWrite();
  await stream.closeWrite();
  assertEquals(sent(raw), "880210e1");
  stream.close();
});

Deno.test("a close frame without a code is answered by one without a code", async () => {
  const { raw, stream } = opened();
  raw.source.feed(clientFrame(CLOSE));
  assertEquals(await stream.read(), null);
  await stream.closeWrite();
  assertEquals(sent(raw), "8800");
  stream.close();
});

Deno.test("the last line says why we close: 1008 refused, 1001 shutting down, 1000 else", async () => {
  for (
    const [line, code, reason] of [
      ["Cannot serve you: the operator has banned you", 1008, "the operator has banned you"],
      ["* the server is shutting down", 1001, "the server is shutting down"],
      ["Goodbye! Closing connection.", 1000, ""],
    ] as const
  ) {
    const { raw, stream } = opened();
    await stream.write(encodeText(`* before\n${line}\n`));
    const before = raw.bytes.length;
    await stream.closeWrite();
    const frame = raw.bytes.slice(before);
    assertEquals([new DataView(frame.buffer).getUint16(2), decodeText(frame.subarray(4))], [code, reason]);
    stream.close();
  }
});

Deno.test("the end without a close frame is a loss", async () => {
  const { raw, stream } = opened();
  raw.source.feed(clientFrame(TEXT, "half").subarray(0, 5));
  raw.source.end();
  await assertRejects(() => stream.read(), CutOffError, "without a close frame");
  stream.close();
});

Deno.test("pings are answered between lines; of several behind a stalled write, the last", async () => {
  const { raw, stream } = opened();
  raw.source.feed(clientFrame(PING, "a"));
  const reading = stream.read();
  await turn();
  assertEquals(sent(raw), "8a0161");
  raw.hold();
  const writing = stream.write(encodeText("x\n"));
  raw.source.feed(concat(clientFrame(PING, "b"), clientFrame(PING, "c")));
  await turn();
  raw.source.feed(clientFrame(TEXT, "done"));
  await reading;
  raw.release();
  await writing;
  await turn();
  assertEquals(sent(raw), "8a0161" + "810178" + "8a0163");
  stream.close();
});

Deno.test("a ping every 20 s; a client that answers is kept, one that misses two is given up", async () => {
  const { raw, stream, time } = opened();
  const reading = stream.read();
  await time.pass(20_000);
  assertEquals(sent(raw), "8900");
  raw.source.feed(clientFrame(PONG));
  await time.pass(40_000);
  assertEquals(sent(raw), "8900".repeat(3));
  const failed = assertRejects(() => reading, SilentError, "answered no ping for 40 s");
  await time.pass(20_000);
  await failed;
  stream.close();
  assertEquals(time.timers, 0);
});

Deno.test("a client that is not read for a while, because it is slowed down, has missed no ping meanwhile", async () => {
  const { raw, stream, time } = opened();
  raw.source.feed(clientFrame(TEXT, "one"));
  assertEquals(await textOf(stream), "one\n");
  await time.pass(100_000);
  assertEquals(sent(raw), "8900".repeat(5));
  const reading = stream.read();
  await time.pass(20_000);
  raw.source.feed(clientFrame(TEXT, "two"));
  assertEquals(decodeText(await reading ?? new Uint8Array(0)), "two\n");
  stream.close();
});

Deno.test("a client that sends nothing but pings is slowed down", async () => {
  const { raw, stream } = opened();
  for (let count = 0; count < 10; count++) {
    raw.source.feed(concat(...Array.from({ length: 100 }, () => clientFrame(PING))));
  }
  const reading = stream.read();
  reading.catch(() => {});
  for (let count = 0; count < 50; count++) await turn();
  const answered = raw.bytes.length / 2;
  // The burst of 200, in whole reads; the rest waits.
  assert(answered > 0 && raw.source.left > 0, `${answered} answered, ${raw.source.left} reads left`);
  stream.close();
  await reading.catch(() => {});
});

Deno.test("a client that sends nothing but empty fragments is slowed down; a message in many pieces is not", async () => {
  const { raw, stream } = opened();
  const pieces = Array.from("x".repeat(1000), (byte) => clientFrame(CONTINUATION, byte, { more: true }));
  raw.source.feed(concat(clientFrame(TEXT, "", { more: true }), ...pieces, clientFrame(CONTINUATION, "")));
  assertEquals((await textOf(stream)).length, 1001);
  raw.source.feed(clientFrame(TEXT, "", { more: true }));
  const empty = concat(...Array.from({ length: 1000 }, () => clientFrame(CONTINUATION, "", { more: true })));
  for (let count = 0; count < 40; count++) raw.source.feed(empty);
  const reading = stream.read();
  reading.catch(() => {});
  for (let count = 0; count < 100; count++) await turn();
  assert(raw.source.left > 10, `${raw.source.left} reads left`);
  stream.close();
  await reading.catch(() => {});
});

Deno.test("an incomplete long message counts against the memory of all connections", async () => {
  const memory = new MemoryBudget(16 * 1024);
  const { raw, stream } = opened({ memory });
  raw.source.feed(clientFrame(TEXT, "x".repeat(60_000)).subarray(0, 40_000));
  const error = await assertRejects(() => stream.read(), FrameError);
  assertEquals(error.message, "Cannot serve you: the server has no memory for the line; try again later");
  stream.close();
  assertEquals(memory.used, 0);
});
