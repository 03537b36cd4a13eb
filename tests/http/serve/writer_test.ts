import { assertEquals, assertRejects } from "@std/assert";
import { textAnswer } from "../../../http/answer/answer.ts";
import { Clock } from "../../../http/serve/clock.ts";
import type { AnswerBytes } from "../../../http/answer/bytes.ts";
import { AnswerWriter } from "../../../http/serve/writer.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { TimedOutError } from "../../../lib/errors.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { FakeSocket } from "../../lib/fakes.ts";

const permissions = "none";
const HEAD_OPTIONS = { keepAlive: true, minor: 1, date: new Uint8Array(0) } as const;

/** A writer over a fake socket, with a clock that the test sets. */
function setUp() {
  const [socket, clock, outboxes] = [new FakeSocket(), new Clock([]), [] as AnswerBytes[]];
  // A whole number, so that differences are exact.
  clock.now = 1000;
  const memory = new MemoryBudget(1e6);
  const writer = new AnswerWriter(new Connection(socket), { outboxes, clock, stallTime: 1000, memory });
  return { socket, clock, outboxes, memory, writer };
}

Deno.test("AnswerWriter queues answers and writes them in one write", { permissions }, async () => {
  const { socket, writer } = setUp();
  const writes: number[] = [];
  const { write } = socket;
  socket.write = (bytes) => {
    writes.push(bytes.length);
    return write.call(socket, bytes);
  };
  assertEquals([writer.send(textAnswer(200, "one"), HEAD_OPTIONS, false), writer.waiting, socket.sent], [3, true, ""]);
  assertEquals(writer.send(textAnswer(200, "two"), HEAD_OPTIONS, true), 0);
  await writer.flush();
  assertEquals([writes.length, writer.waiting, writer.busy], [1, false, false]);
  const [, first = "", second = ""] = socket.sent.split(/HTTP\/1\.1 200 OK\r\n/);
  assertEquals([first.endsWith("\r\n\r\none"), second.endsWith("Content-Length: 3\r\n\r\n")], [true, true]);
});

Deno.test(
  "AnswerWriter returns its outbox to the pool when idle, and releases the memory of a grown one",
  { permissions },
  async () => {
    const { outboxes, memory, writer } = setUp();
    writer.send(textAnswer(200, "small"), HEAD_OPTIONS, false);
    writer.releaseOutbox();
    assertEquals(outboxes.length, 0, "bytes are still queued");
    await writer.flush();
    writer.releaseOutbox();
    assertEquals(outboxes.length, 1);
    writer.send(textAnswer(200, "x".repeat(40_000)), HEAD_OPTIONS, false);
    assertEquals([outboxes.length, memory.used > 0], [0, true]);
    writer.end();
    assertEquals([outboxes.length, memory.used], [0, 0]);
  },
);

Deno.test("AnswerWriter sends a streamed body in chunks, and fails if its length is not the announced one", {
  permissions,
}, async () => {
  const { socket, writer } = setUp();
  const body = (length: number | null) => ({
    length,
    async *pieces() {
      yield new TextEncoder().encode("ab");
      yield new Uint8Array(0);
      yield new TextEncoder().encode("c");
    },
  });
  assertEquals(await writer.send({ status: 200, fields: "", body: body(null) }, HEAD_OPTIONS, false), 3);
  await writer.flush();
  assertEquals(socket.sent.split("\r\n\r\n").slice(1).join("\r\n\r\n"), "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  const sending = writer.send({ status: 200, fields: "", body: body(4) }, HEAD_OPTIONS, false);
  await assertRejects(() => Promise.resolve(sending), Error, "Cannot send the body: it has 3 bytes instead of 4");
});

Deno.test(
  "AnswerWriter disconnects a client that reads nothing",
  { permissions },
  async () => {
    const { socket, clock, writer } = setUp();
    /** Advances the clock by one tick. */
    const pass = (ms: number): void => {
      clock.now += ms;
      writer.onTick();
    };
    socket.stalled = true;
    const failed = assertRejects(() => writer.probe(), TimedOutError, "it has not read for 1 s");
    writer.onTick();
    assertEquals(writer.busy, true);
    pass(1499);
    assertEquals(socket.closed, false);
    pass(1);
    assertEquals(socket.closed, true);
    await failed;
  },
);
