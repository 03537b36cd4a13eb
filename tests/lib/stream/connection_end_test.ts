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

/** A connection over a fake socket, in a time that passes when the test says so. */
function setUp(options: ConnectionOptions = {}) {
  const [socket, events, time] = [new FakeSocket(), new RecordedEvents(), new TestTime()];
  return { socket, events, time, connection: new Connection(socket, { events, time, ...options }) };
}

const text = (bytes: Uint8Array | null): string | null => bytes === null ? null : decodeText(bytes);

Deno.test("a peer that says nothing reaches the idle limit (S18)", { permissions }, async () => {
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

Deno.test("the idle limit cuts a message in the middle: what has come is not taken for a whole one (S19)", {
  permissions,
}, async () => {
  const { socket, connection, time } = setUp({ timeout: 20, gap: 0 });
  socket.source.feed("half of a line");
  const failing = assertRejects(() => connection.readMessage(), TimedOutError);
  await time.pass(20);
  await failing;
});

Deno.test("each byte that comes begins the idle limit anew", { permissions }, async () => {
  const { socket, connection, time } = setUp({ timeout: 11, gap: 0 });
  const reading = connection.readMessage();
  for (const byte of "thirty bytes, one every 10 ms\n") {
    await time.pass(10);
    socket.source.feed(byte);
  }
  assertEquals(text(await reading), "thirty bytes, one every 10 ms");
  connection.close();
});

Deno.test("the idle limit holds after a message that a pause has ended (S4, S18)", { permissions }, async () => {
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
  socket.stuck = true;
  const failing = assertRejects(() => connection.write("x"), TimedOutError);
  await time.pass(25);
  const failure = await failing;
  assertEquals([failure.code, failure.message], [5, "Cannot write to 192.0.2.7:4000: it has not read for 0.02 s"]);
  assert(socket.closed);
});

Deno.test("finish() sends FIN, reads what the peer still says, and closes", { permissions }, async () => {
  const { socket, connection } = setUp();
  await connection.write("answer\n");
  const finishing = connection.finish();
  await socket.source.asked();
  assertEquals(socket.calls, ["setNoDelay", "closeWrite"]);
  socket.source.feed("x".repeat(5000));
  await socket.source.asked();
  assert(!socket.closed);
  socket.source.end();
  await finishing;
  assertEquals([socket.sent, socket.calls.at(-1)], ["answer\n", "close"]);
});

Deno.test("finish() after a pause goes on with the read under way", { permissions }, async () => {
  const { socket, connection } = setUp({ gap: 5 });
  socket.source.feed("bare");
  assertEquals(text(await connection.readMessage()), "bare");
  socket.source.end();
  await connection.finish();
  assert(socket.closed);
});

Deno.test("finish() does not read for ever from a peer that writes for ever (S12)", { permissions }, async () => {
  const { socket, connection } = setUp();
  let received = 0;
  socket.read = (into) => {
    received += into.length;
    return Promise.resolve(into.length);
  };
  await connection.finish();
  assert(socket.closed && received < 2_000_000, String(received));
});

Deno.test("finish() reads on as far as it is told", { permissions }, async () => {
  const { socket, connection } = setUp();
  socket.source.feed("x".repeat(20));
  const finishing = deadline(connection.finish({ bytes: 21 }), 5000);
  await turn();
  assert(!socket.closed);
  socket.source.feed("x");
  await finishing;
  assert(socket.closed);
});

Deno.test("finish() of a peer that is gone, or that stays for ever, just closes", { permissions }, async () => {
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
  "finish() gives an end that cannot go out yet the time of a write, and no more (17)",
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

Deno.test("drain() closes a connection at rest, and its read says null", { permissions }, async () => {
  const { socket, connection, events, time } = setUp();
  const reading = connection.readMessage();
  await socket.source.asked();
  connection.drain();
  await time.pass(100);
  assertEquals(await reading, null);
  assert(socket.closed);
  assertEquals([await connection.read(), events.names], [null, ["closed"]]);
});

Deno.test("drain() lets a request in that had arrived already", { permissions }, async () => {
  const { socket, connection, time } = setUp();
  const reading = connection.readMessage();
  await socket.source.asked();
  connection.drain();
  socket.source.feed("just in time\n");
  assertEquals(text(await reading), "just in time");
  await connection.write("answer\n");
  assertEquals([await connection.readMessage(), socket.sent, socket.closed], [null, "answer\n", false]);
  await time.pass(1000);
  assert(!connection.closed, "the handler has the last word");
  connection.close();
});

Deno.test("drain() lets a message under way end, and those that came with it", { permissions }, async () => {
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

Deno.test("drain() leaves a connection alone whose handler works", { permissions }, async () => {
  const { socket, connection, time } = setUp();
  socket.source.feed("request\n");
  await connection.readMessage();
  connection.drain();
  await time.pass(1000);
  await connection.write("answer\n");
  assertEquals([socket.sent, await connection.readMessage()], ["answer\n", null]);
  connection.close();
});

Deno.test("a connection counts at its gate while it is open", { permissions }, () => {
  const gate = new FairGate();
  const connections = Array.from({ length: 129 }, () => new Connection(new FakeSocket(), { gate }));
  assert(gate.crowded);
  connections[0]?.close();
  connections[0]?.close();
  assert(!gate.crowded);
  for (const connection of connections) connection.close();
});

Deno.test("a read in a crowd waits for its turn, then goes on", { permissions }, async () => {
  const gate = new FairGate();
  const sockets = Array.from({ length: 200 }, () => new FakeSocket());
  const connections = sockets.map((socket) => new Connection(socket, { gate }));
  for (const socket of sockets) socket.source.feed("hello\n");
  assertEquals((await Promise.all(connections.map((one) => one.readMessage()))).map(text), sockets.map(() => "hello"));
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
