import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { NetEvent } from "../../../lib/events.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { CutOffError, Failure, ProtocolError } from "../../../lib/errors.ts";
import type { ConnectionOptions } from "../../../lib/stream/limits.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";

function setUp(
  options: ConnectionOptions = {},
): { socket: FakeSocket; connection: Connection; events: RecordedEvents } {
  const [socket, events] = [new FakeSocket("192.0.2.7", 4000, 7), new RecordedEvents()];
  return { socket, events, connection: new Connection(socket, { events, ...options }) };
}

const text = (bytes: Uint8Array | null): string | null => bytes === null ? null : decodeText(bytes);

Deno.test("Connection exposes its own and its peer's address", { permissions }, () => {
  const socket = new FakeSocket("::ffff:192.0.2.9", 80, 3);
  using connection = new Connection(socket);
  assertEquals([connection.peer, connection.hostname], ["192.0.2.9:80", "192.0.2.9"]);
  assertEquals([connection.local, connection.id, connection.closed], ["127.0.0.1:1", 3, false]);
});

Deno.test("Connection disables Nagle's algorithm, even if the peer has already reset (S20)", { permissions }, () => {
  const { socket, connection } = setUp();
  assertEquals(socket.calls, ["setNoDelay"]);
  connection.close();
  const gone = new FakeSocket();
  gone.setNoDelay = () => {
    throw new Deno.errors.NotConnected();
  };
  new Connection(gone).close();
  assertEquals(gone.calls, ["close"]);
});

Deno.test("Connection reads messages, lines and chunks, and emits an event for each", { permissions }, async () => {
  const { socket, connection, events } = setUp({ gap: 0 });
  socket.source.feed("one\r\ntwo\nthree\npiece");
  assertEquals(text(await connection.readMessage()), "one");
  assertEquals(text(await connection.readMessage({ keepEnd: true })), "two\n");
  assertEquals(text(await connection.readLine()), "three");
  assertEquals(text(await connection.read()), "piece");
  socket.source.end();
  assertEquals(await connection.read(), null);
  const received = { event: "received", id: 7, peer: "192.0.2.7:4000" } as const;
  assertEquals(events.all, [
    { ...received, bytes: 5, text: "one" },
    { ...received, bytes: 4, text: "two" },
    { ...received, bytes: 6, text: "three" },
    { ...received, bytes: 5, text: "piece" },
    { event: "eof", id: 7, peer: "192.0.2.7:4000" },
  ]);
  assertEquals(connection.bytesIn, 20);
  connection.close();
});

Deno.test(
  "what is sent and what is received agree on the line end: it is left out, but not where the events carry the data",
  {
    permissions,
  },
  async () => {
    const cases = [
      ["readMessage", "messages", "ping"],
      ["read", "messages", "ping"],
      ["read", "stream", "ping\r\n"],
    ] as const;
    for (const [read, data, told] of cases) {
      const { socket, connection, events } = setUp();
      connection.report.data = data;
      socket.source.feed("ping\r\n");
      await connection[read]();
      await connection.write("ping\r\n");
      assertEquals(events.all.map((event) => [event.event, "text" in event && event.text]), [
        ["received", told],
        ["sent", told],
      ]);
      connection.close();
    }
  },
);

Deno.test("Connection.read() reports a character split over two reads whole (S3)", { permissions }, async () => {
  const { socket, connection, events } = setUp();
  for (const byte of encodeText("é")) {
    socket.source.feed(Uint8Array.of(byte));
    assertEquals((await connection.read())?.length, 1);
  }
  assertEquals(events.all.map((event) => event.event === "received" && event.text), ["", "é"]);
  connection.close();
});

Deno.test("Connection writes everything, however short the socket's writes are (S13)", { permissions }, async () => {
  const { socket, connection, events } = setUp();
  socket.maxWrite = 1;
  await connection.write("Grüße\r\n");
  await connection.write(encodeText("more"));
  await connection.write("");
  assertEquals([socket.sent, connection.bytesOut], ["Grüße\r\nmore", 13]);
  assertEquals(events.all.map((event) => event.event === "sent" && [event.bytes, event.text]), [
    [9, "Grüße"],
    [4, "more"],
    [0, ""],
  ]);
  connection.close();
});

Deno.test("Connection emits no message events unless they are consumed", { permissions }, async () => {
  const { socket, connection, events } = setUp({ report: false });
  socket.source.feed("one\n");
  await connection.readMessage();
  await connection.write("two");
  connection.close();
  assertEquals(events.names, ["closed"]);
  const quiet = {
    detailed: false,
    all: [] as string[],
    emit: (event: { event: string }) => void quiet.all.push(event.event),
  };
  const other = setUp({ events: quiet });
  await other.connection.write("two");
  other.connection.close();
  assertEquals(quiet.all, []);
});

Deno.test("Connection checks for each message whether its events are consumed", { permissions }, async () => {
  const all: string[] = [];
  const events = { detailed: false, emit: (event: NetEvent): unknown => all.push(event.event) };
  const { socket, connection } = setUp({ events });
  await connection.write("one");
  events.detailed = true;
  socket.source.feed("two\n");
  await connection.readMessage();
  events.detailed = false;
  await connection.write("three");
  connection.close();
  assertEquals(all, ["received"]);
});

Deno.test("Connection.close() ends pending operations, once, and reports the totals", { permissions }, async () => {
  const { socket, connection, events } = setUp();
  const reading = assertRejects(() => connection.readMessage(), Failure);
  await socket.source.readPending();
  connection.close();
  connection.close();
  connection[Symbol.dispose]();
  const failure = await reading;
  assertEquals([failure.code, failure.message], [1, "Cannot read from 192.0.2.7:4000: closed on this side"]);
  await assertRejects(() => connection.write("x"), Failure, "Cannot write to 192.0.2.7:4000: closed on this side");
  assertEquals(socket.calls, ["setNoDelay", "close"]);
  assertEquals(events.names, ["closed"]);
  assert(connection.closed);
});

Deno.test(
  "Connection reports a reset, and how much of a message had arrived (S9, S10)",
  { permissions },
  async () => {
    for (const [before, tail] of [["", ""], ["half", ", 4 bytes into a message"]] as const) {
      const { socket, connection } = setUp();
      if (before !== "") socket.source.feed(before);
      socket.source.fail(new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)"));
      const failure = await assertRejects(() => connection.readMessage(), CutOffError);
      assertEquals(failure.message, `Cannot read from 192.0.2.7:4000: connection reset by the peer${tail}`);
      assertEquals([failure.code, failure.cause instanceof Deno.errors.ConnectionReset], [6, true]);
      connection.close();
    }
  },
);

Deno.test("Connection reports a write to a peer that is gone (S9)", { permissions }, async () => {
  const { socket, connection } = setUp();
  socket.writeError = new Deno.errors.BrokenPipe();
  const failure = await assertRejects(() => connection.write("x"), CutOffError);
  assertEquals(failure.message, "Cannot write to 192.0.2.7:4000: the peer no longer reads");
  socket.writeError = new Error("Odd (os error 5)");
  assertEquals((await assertRejects(() => connection.write("x"), Failure)).code, 1);
  connection.close();
});

Deno.test(
  "Connection refuses a message above its limit and leaves the rest to the caller (S6)",
  { permissions },
  async () => {
    const { socket, connection } = setUp({ maxMessage: 5 });
    socket.source.feed("123456\n");
    assertEquals((await assertRejects(() => connection.readMessage(), ProtocolError)).code, 8);
    await connection.write("too long\n");
    assertEquals(socket.sent, "too long\n");
    connection.close();
  },
);

Deno.test("Connection.closeWrite() half-closes, and succeeds if the peer is gone", { permissions }, async () => {
  const { socket, connection } = setUp();
  await connection.closeWrite();
  socket.source.feed("still here\n");
  assertEquals(text(await connection.readLine()), "still here");
  socket.closeWrite = () => Promise.reject(new Deno.errors.NotConnected());
  await connection.closeWrite();
  socket.closeWrite = () => Promise.reject(new Error("Odd"));
  await assertRejects(() => connection.closeWrite(), Failure, "Cannot half-close 192.0.2.7:4000: Odd");
  connection.close();
});

Deno.test("Connection closes when its signal is aborted, before and during a read", { permissions }, async () => {
  const reason = new Error("stopped");
  const aborted = setUp({ signal: AbortSignal.abort(reason) });
  assert(aborted.connection.closed && aborted.socket.closed);
  assertEquals(await assertRejects(() => aborted.connection.readLine(), Error), reason);

  const controller = new AbortController();
  const { socket, connection } = setUp({ signal: controller.signal });
  const reading = assertRejects(() => connection.read(), Error);
  await socket.source.readPending();
  controller.abort(reason);
  assertEquals(await reading, reason);
  assertEquals(await assertRejects(() => connection.write("x"), Error), reason);
});

Deno.test("Connection removes its abort listener when it is closed", { permissions }, () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener);
  const { connection } = setUp({ signal });
  assertEquals(listeners.size, 1);
  connection.close();
  assertEquals(listeners.size, 0);
});

Deno.test("Connection.ready() waits for something to read and consumes nothing", { permissions }, async () => {
  const { socket, connection } = setUp({ gap: 0 });
  const ready = connection.ready();
  socket.source.feed("word\n");
  await ready;
  assertEquals(text(await connection.readMessage()), "word");
  const broken = connection.ready();
  socket.source.fail(new Deno.errors.ConnectionReset());
  await broken;
  assertStringIncludes((await assertRejects(() => connection.read(), CutOffError)).message, "reset by the peer");
  connection.close();
});
