import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { Connection } from "../../../lib/stream/connection.ts";
import { TimedOutError } from "../../../lib/errors.ts";
import { FairGate } from "../../../lib/stream/fair.ts";
import type { ConnectionOptions } from "../../../lib/stream/limits.ts";
import { decodeText } from "../../../lib/text.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { TestTime, turn } from "../../support/time.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";

/** A connection over a fake socket, with a clock that the test advances. */
function setUp(options: ConnectionOptions = {}) {
  const [socket, events, time] = [new FakeSocket(), new RecordedEvents(), new TestTime()];
  return { socket, events, time, connection: new Connection(socket, { events, time, ...options }) };
}

const text = (bytes: Uint8Array | null): string | null => bytes === null ? null : decodeText(bytes);

Deno.test("a silent peer reaches the idle limit (S18)", { permissions }, async () => {
  const { socket, connection, time } = setUp({ timeout: 20 });
  const failing = assertRejects(() => connection.readMessage(), TimedOutError);
  await time.pass(19);
  assert(!socket.closed);
  await time.pass(1);
  const failure = await failing;
  assertEquals([failure.code, failure.message], [5, "Cannot read from 192.0.2.7:4000: no data for 0.02 s"]);
  assert(socket.closed);
  assertEquals(await assertRejects(() => connection.write("x"), TimedOutError), failure);
});

Deno.test("the idle limit cuts off an incomplete message, which does not pass for a whole one (S19)", {
  permissions,
}, async () => {
  const { socket, connection, time } = setUp({ timeout: 20, gap: 0 });
  socket.source.feed("half of a line");
  const failing = assertRejects(() => connection.readMessage(), TimedOutError);
  await time.pass(20);
  await failing;
});

Deno.test("each received byte restarts the idle limit", { permissions }, async () => {
  const { socket, connection, time } = setUp({ timeout: 11, gap: 0 });
  const reading = connection.readMessage();
  for (const byte of "thirty bytes, one every 10 ms\n") {
    await time.pass(10);
    socket.source.feed(byte);
  }
  assertEquals(text(await reading), "thirty bytes, one every 10 ms");
  connection.close();
});

Deno.test("the idle limit applies after a message that a pause has ended (S4, S18)", { permissions }, async () => {
  const { socket, connection, time } = setUp({ timeout: 30, gap: 5 });
  socket.source.feed("bare");
  assertEquals(text(await connection.readMessage()), "bare");
  const failing = assertRejects(() => connection.readMessage(), TimedOutError);
  await time.pass(30);
  await failing;
});

Deno.test("the idle limit does not run while it is our turn", { permissions }, async () => {
  for (const message of ["bare", "line\n"]) {
    const { socket, connection, time } = setUp({ timeout: 30, gap: 5 });
    socket.source.feed(message);
    assertEquals(text(await connection.readMessage()), message.trimEnd());
    await time.pass(3000);
    await connection.write("answered after some thought");
    assert(!connection.closed);
    connection.close();
  }
});

Deno.test("a peer that never reads reaches the stall limit (S11, S12)", { permissions }, async () => {
  const { socket, connection, time } = setUp({ stall: 20 });
  socket.stalled = true;
  const failing = assertRejects(() => connection.write("x"), TimedOutError);
  await time.pass(25);
  const failure = await failing;
  assertEquals([failure.code, failure.message], [5, "Cannot write to 192.0.2.7:4000: it has not read for 0.02 s"]);
  assert(socket.closed);
});

Deno.test("a write after the close leaves no timer behind", { permissions }, async () => {
  for (const wrote of [false, true]) {
    const { connection, time } = setUp({ stall: 20 });
    if (wrote) await connection.write("x");
    await time.pass(100);
    connection.close();
    await assertRejects(() => connection.write("y"), Error);
    assertEquals(time.timers, 0);
  }
});

Deno.test("finish() sends FIN, reads what the peer still sends, and closes", { permissions }, async () => {
  const { socket, connection } = setUp();
  await connection.write("answer\n");
  const finishing = connection.finish();
  await socket.source.readPending();
  assertEquals(socket.calls, ["setNoDelay", "closeWrite"]);
  socket.source.feed("x".repeat(5000));
  await socket.source.readPending();
  assert(!socket.closed);
  socket.source.end();
  await finishing;
  assertEquals([socket.sent, socket.calls.at(-1)], ["answer\n", "close"]);
});

Deno.test("finish() after a pause continues with the pending read", { permissions }, async () => {
  const { socket, connection } = setUp({ gap: 5 });
  socket.source.feed("bare");
  assertEquals(text(await connection.readMessage()), "bare");
  socket.source.end();
  await connection.finish();
  assert(socket.closed);
});

Deno.test("finish() stops reading from a peer that never stops writing (S12)", { permissions }, async () => {
  const { socket, connection } = setUp();
  let received = 0;
  socket.read = (into) => {
    received += into.length;
    return Promise.resolve(into.length);
  };
  await connection.finish();
  assert(socket.closed && received < 2_000_000, String(received));
});

Deno.test("finish() reads up to the given number of bytes", { permissions }, async () => {
  const { socket, connection } = setUp();
  socket.source.feed("x".repeat(20));
  const finishing = deadline(connection.finish({ bytes: 21 }), 5000);
  await turn();
  assert(!socket.closed);
  socket.source.feed("x");
  await finishing;
  assert(socket.closed);
});

Deno.test("finish() just closes if the peer is gone or never closes", { permissions }, async () => {
  const gone = setUp();
  gone.socket.closeWrite = () => Promise.reject(new Deno.errors.NotConnected());
  await gone.connection.finish();
  assert(gone.socket.closed);

  const silent = setUp();
  const finishing = silent.connection.finish({ time: 30 });
  await silent.time.pass(29);
  assert(!silent.socket.closed);
  await silent.time.pass(1);
  await finishing;
  assert(silent.socket.closed);
});

Deno.test(
  "finish() limits a FIN that cannot be sent yet like a write (17)",
  { permissions },
  async () => {
    for (const stall of [0, 200]) {
      const { socket, connection, time } = setUp({ stall });
      const out = Promise.withResolvers<void>();
      const close = socket.close.bind(socket);
      socket.closeWrite = () => out.promise;
      socket.close = () => {
        close();
        out.reject(new Deno.errors.Interrupted());
      };
      const finishing = connection.finish({ time: 10 });
      await time.pass(stall === 0 ? 9 : 199);
      assert(!socket.closed);
      await time.pass(1);
      assert(socket.closed);
      await finishing;
    }
  },
);

Deno.test("drain() closes an idle connection, and its read returns null", { permissions }, async () => {
  const { socket, connection, events, time } = setUp();
  const reading = connection.readMessage();
  await socket.source.readPending();
  connection.drain();
  await time.pass(100);
  assertEquals(await reading, null);
  assert(socket.closed);
  assertEquals([await connection.read(), events.names], [null, ["closed"]]);
});

Deno.test("drain() serves a request that had already arrived", { permissions }, async () => {
  const { socket, connection, time } = setUp();
  const reading = connection.readMessage();
  await socket.source.readPending();
  connection.drain();
  socket.source.feed("just in time\n");
  assertEquals(text(await reading), "just in time");
  await connection.write("answer\n");
  assertEquals([await connection.readMessage(), socket.sent, socket.closed], [null, "answer\n", false]);
  await time.pass(1000);
  assert(!connection.closed, "the handler has the last word");
  connection.close();
});

Deno.test("drain() lets an incomplete message finish, and those that arrived with it", { permissions }, async () => {
  const { socket, connection, time } = setUp({ gap: 0 });
  const reading = connection.readMessage();
  socket.source.feed("fir");
  await turn();
  connection.drain();
  await time.pass(1000);
  socket.source.feed("st\nsecond\n");
  assertEquals([text(await reading), text(await connection.readMessage())], ["first", "second"]);
  assertEquals([await connection.readMessage(), connection.closed], [null, false]);
  connection.close();
});

Deno.test("drain() leaves no timer behind when a closed connection is read", { permissions }, async () => {
  const { connection, time } = setUp();
  connection.drain();
  connection.close();
  await connection.read().catch(() => {});
  assertEquals(time.timers, 0);
});

Deno.test("drain() does not close a connection while its handler works", { permissions }, async () => {
  const { socket, connection, time } = setUp();
  socket.source.feed("request\n");
  await connection.readMessage();
  connection.drain();
  await time.pass(1000);
  await connection.write("answer\n");
  assertEquals([socket.sent, await connection.readMessage()], ["answer\n", null]);
  connection.close();
});

/** A gate with 200 connections open, and a bell that rings when the test says so. */
function crowdedGate(): { gate: FairGate; ring: () => void } {
  const rung = Promise.withResolvers<void>();
  const gate = new FairGate({ ring: () => rung.promise, close: () => {} });
  for (let count = 0; count < 200; count++) gate.enter();
  while (gate.pass() === null);
  return { gate, ring: rung.resolve };
}

Deno.test("a connection is counted at its gate while it is open", { permissions }, () => {
  let closes = 0;
  const gate = new FairGate({ ring: () => new Promise(() => {}), close: () => closes++ });
  const connections = Array.from({ length: 100 }, () => new Connection(new FakeSocket(), { gate }));
  assertEquals(closes, 0);
  connections[0]?.close();
  connections[0]?.close();
  assertEquals(closes, 1);
  for (const connection of connections) connection.close();
});

Deno.test(
  "in a crowd, a read waits for its turn: not the first, nor the next ones of a message",
  { permissions },
  async () => {
    const { gate, ring } = crowdedGate();
    const { socket, connection, time } = setUp({ gate, timeout: 1000 });
    const first = connection.readMessage({ gap: 0 });
    assertEquals(socket.source.reads, 1);
    socket.source.feed("one, in two ");
    await turn();
    assertEquals(socket.source.reads, 2);
    socket.source.feed("pieces\n");
    assertEquals(text(await first), "one, in two pieces");
    const second = connection.readMessage();
    await time.pass(10_000);
    assertEquals([socket.source.reads, connection.closed], [2, false], "it waits, and that is no idleness of the peer");
    ring();
    socket.source.feed("two\n");
    assertEquals(text(await second), "two");
    connection.close();
  },
);

Deno.test("in a crowd, a message that comes byte by byte has to wait for its turn too", { permissions }, async () => {
  const { gate, ring } = crowdedGate();
  const { socket, connection } = setUp({ gate });
  const reading = connection.readMessage({ gap: 0 });
  for (let count = 0; count < 200; count++) {
    socket.source.feed("x");
    await Promise.resolve();
    await Promise.resolve();
  }
  await turn();
  const { reads } = socket.source;
  assert(reads > 10 && reads < 20, `${reads}`);
  ring();
  socket.source.feed("\n");
  assertEquals(text(await reading), "x".repeat(200));
  connection.close();
});

Deno.test("in a crowd, the peer's idle time begins with its turn", { permissions }, async () => {
  const { gate, ring } = crowdedGate();
  const { socket, connection, time } = setUp({ gate, timeout: 1000 });
  socket.source.feed("one\n");
  await connection.readMessage();
  const second = assertRejects(() => connection.readMessage(), TimedOutError);
  await time.pass(5000);
  ring();
  await turn();
  await time.pass(999);
  assertEquals(connection.closed, false);
  await time.pass(1001);
  await second;
});

Deno.test("in a crowd, a connection can be closed or drained while it waits", { permissions }, async () => {
  const { gate, ring } = crowdedGate();
  const [closed, drained] = [setUp({ gate }), setUp({ gate })];
  for (const { socket, connection } of [closed, drained]) {
    socket.source.feed("one\n");
    await connection.readMessage();
  }
  const failing = assertRejects(() => closed.connection.readMessage(), Error);
  const ending = drained.connection.readMessage();
  closed.connection.close();
  drained.connection.drain();
  await drained.time.pass(200);
  assertEquals([closed.socket.closed, drained.socket.closed], [true, true]);
  ring();
  await failing;
  assertEquals(await ending, null);
  assertEquals([closed.socket.source.reads, drained.socket.source.reads], [1, 1]);
});

Deno.test("a crowd is served where no bell is permitted", { permissions }, async () => {
  const gate = new FairGate();
  const sockets = Array.from({ length: 200 }, () => new FakeSocket());
  const connections = sockets.map((socket) => new Connection(socket, { gate }));
  for (const word of ["hello", "again"]) {
    for (const socket of sockets) socket.source.feed(`${word}\n`);
    assertEquals((await Promise.all(connections.map((one) => one.readMessage()))).map(text), sockets.map(() => word));
  }
  const waiting = connections.map((one) => one.read());
  for (const connection of connections) connection.drain();
  assertEquals(await Promise.all(waiting), sockets.map(() => null));
});

Deno.test("Connection[Symbol.asyncDispose]() waits until TLS has said goodbye", { permissions }, async () => {
  const gone = Promise.withResolvers<void>();
  const socket = Object.assign(new FakeSocket(), { gone: gone.promise });
  let disposed = false;
  const disposing = new Connection(socket)[Symbol.asyncDispose]().then(() => disposed = true);
  await turn();
  assertEquals([socket.closed, disposed], [true, false]);
  gone.resolve();
  await disposing;
});
