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
const ENDING = { keepAlive: true, minor: 1, date: new Uint8Array(0) } as const;

/** A writer over a fake socket, with a clock that the test sets. */
function setUp() {
  const [socket, clock, outboxes] = [new FakeSocket(), new Clock([]), [] as AnswerBytes[]];
  const memory = new MemoryBudget(1e6);
  const writer = new AnswerWriter(new Connection(socket), { outboxes, clock, stallTime: 1000, memory });
  return { socket, clock, outboxes, memory, writer };
}

Deno.test("AnswerWriter gathers answers and writes them at once", { permissions }, async () => {
  const { socket, writer } = setUp();
  const writes: number[] = [];
  const { write } = socket;
  socket.write = (bytes) => {
    writes.push(bytes.length);
    return write.call(socket, bytes);
  };
  assertEquals([writer.send(textAnswer(200, "one"), ENDING, "GET"), writer.waiting, socket.sent], [3, true, ""]);
  assertEquals(writer.send(textAnswer(200, "two"), ENDING, "HEAD"), 0);
  await writer.flush();
  assertEquals([writes.length, writer.waiting, writer.busy], [1, false, false]);
  const [, first = "", second = ""] = socket.sent.split(/HTTP\/1\.1 200 OK\r\n/);
  assertEquals([first.endsWith("\r\n\r\none"), second.endsWith("Content-Length: 3\r\n\r\n")], [true, true]);
});

Deno.test(
  "AnswerWriter passes its outbox on at rest, and gives the memory of a grown one back",
  { permissions },
  async () => {
    const { outboxes, memory, writer } = setUp();
    writer.send(textAnswer(200, "small"), ENDING, "GET");
    writer.rest();
    assertEquals(outboxes.length, 0, "something waits");
    await writer.flush();
    writer.rest();
    assertEquals(outboxes.length, 1);
    writer.send(textAnswer(200, "x".repeat(40_000)), ENDING, "GET");
    assertEquals([outboxes.length, memory.used > 0], [0, true]);
    writer.end();
    assertEquals([outboxes.length, memory.used], [0, 0]);
  },
);

Deno.test("AnswerWriter sends a streamed body in chunks, and says where it does not keep to its length", {
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
  assertEquals(await writer.send({ status: 200, fields: "", body: body(null) }, ENDING, "GET"), 3);
  await writer.flush();
  assertEquals(socket.sent.split("\r\n\r\n").slice(1).join("\r\n\r\n"), "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  const sending = writer.send({ status: 200, fields: "", body: body(4) }, ENDING, "GET");
  await assertRejects(() => Promise.resolve(sending), Error, "Cannot send the body: it has 3 bytes instead of 4");
});

Deno.test(
  "AnswerWriter gives up a client that reads nothing",
  { permissions },
  async () => {
    const { socket, clock, writer } = setUp();
    /** Lets time pass, and looks at it. */
    const pass = (ms: number): void => {
      clock.now += ms;
      writer.look();
    };
    socket.stalled = true;
    const failed = assertRejects(() => writer.probe(), TimedOutError, "it has not read for 1 s");
    writer.look();
    assertEquals(writer.busy, true);
    pass(1499);
    assertEquals(socket.closed, false);
    pass(1);
    assertEquals(socket.closed, true);
    await failed;
  },
);
