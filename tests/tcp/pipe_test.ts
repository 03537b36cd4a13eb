import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { Connection } from "../../lib/stream/connection.ts";
import { CutOffError, Failure } from "../../lib/errors.ts";
import { DataOutput } from "../../lib/console/output.ts";
import { NO_EVENTS } from "../../lib/events.ts";
import { Input } from "../../tcp/input.ts";
import { pipe } from "../../tcp/pipe.ts";
import { decodeText } from "../../lib/text.ts";
import { FakeSink, FakeSocket, FedSource } from "../lib/fakes.ts";
import { RecordedEvents } from "../support/sockets.ts";
import { TestTime, turn } from "../support/time.ts";

const permissions = "none";

/** A running pipe over a fake socket, with an input that the test feeds. */
function setUp(message: string | null = "default\n") {
  const [socket, sink, time, typed] = [new FakeSocket(), new FakeSink(), new TestTime(), new FedSource()];
  const connection = new Connection(socket, { gap: 0 });
  const output = new DataOutput(sink, { terminal: false });
  const piping = pipe(connection, new Input(typed, { time }), output, { message, json: false, events: NO_EVENTS });
  return { socket, sink, time, piping, typed };
}

Deno.test("pipe() passes bytes both ways, and half-closes at the end of its input", { permissions }, async () => {
  const { socket, sink, piping, typed } = setUp();
  typed.feed("out");
  socket.source.feed("in\x00\xff");
  typed.end();
  await turn();
  assertEquals([socket.sent, socket.calls.at(-1), sink.text], ["out", "closeWrite", "in\x00\xff"]);
  socket.source.feed("after");
  socket.source.end();
  assertMatch(await piping, /^Done: 3 B out, 10 B in, \S+ m?s, \S+ k?B\/s; 192\.0\.2\.7:4000 closed$/);
});

Deno.test("pipe() sends its message if the input is empty", { permissions }, async () => {
  const { socket, piping, typed } = setUp();
  typed.end();
  await turn();
  socket.source.end();
  await piping;
  assertEquals(socket.sent, "default\n");
});

Deno.test("pipe() keeps sending to a peer that half-closed first, until the input is silent for a second", {
  permissions,
}, async () => {
  const { socket, time, piping, typed } = setUp();
  socket.source.end();
  for (const piece of ["one", "two", "three"]) {
    await time.pass(990);
    typed.feed(piece);
  }
  await time.pass(990);
  let done = false;
  piping.then(() => done = true);
  await turn();
  assertEquals(done, false);
  await time.pass(100);
  await piping;
  assertEquals([socket.sent, time.timers], ["onetwothree", 0]);
});

Deno.test(
  "pipe() counts the time until the last byte, also if the peer half-closed first",
  { permissions },
  async () => {
    const { socket, time, piping, typed } = setUp();
    socket.source.end();
    await turn();
    await delay(50);
    typed.feed("late");
    await time.pass(1050);
    const [, milliseconds] = /^Done: 4 B out, 0 B in, ([\d.]+) ms, /.exec(await piping) ?? [];
    assert(Number(milliseconds) >= 49, milliseconds);
  },
);

Deno.test(
  "pipe() reads the peer's last bytes before it reports that a write failed",
  { permissions },
  async () => {
    const { socket, sink, piping, typed } = setUp();
    const failing = assertRejects(() => piping, CutOffError);
    socket.writeError = new Deno.errors.BrokenPipe();
    typed.feed("too late");
    socket.source.feed("no more, please\n");
    socket.source.end();
    await failing;
    assertEquals(sink.text, "no more, please\n");
  },
);

Deno.test("pipe() without a message ends nothing if the input is empty", { permissions }, async () => {
  const { socket, piping, typed } = setUp(null);
  typed.end();
  await turn();
  socket.source.feed("still received");
  await turn();
  assertEquals(socket.calls, ["setNoDelay"]);
  socket.source.end();
  await piping;
  assertEquals([socket.sent, socket.calls.at(-1)], ["", "close"]);
});

Deno.test("pipe() says that it only waits for the peer, unless it asks for an answer or the peer has ended", {
  permissions,
}, async () => {
  for (
    const [message, endedFirst, told] of [[null, false, true], ["default\n", false, false], [
      null,
      true,
      false,
    ]] as const
  ) {
    const [socket, typed, events] = [new FakeSocket(), new FedSource(), new RecordedEvents()];
    const output = new DataOutput(new FakeSink(), { terminal: false });
    const piping = pipe(new Connection(socket), new Input(typed), output, { message, json: false, events });
    typed.feed("out");
    await turn();
    if (endedFirst) socket.source.end();
    await turn();
    typed.end();
    await turn();
    socket.source.end();
    await piping;
    assertEquals([socket.calls.includes("closeWrite"), events.names], [true, told ? ["notice"] : []]);
  }
});

Deno.test("Input reads one chunk ahead, into another buffer, and reports the error of that read in its turn", {
  permissions,
}, async () => {
  const typed = new FedSource();
  const [input, { signal }] = [new Input(typed), new AbortController()];
  typed.feed("first");
  const first = await input.read(signal);
  typed.feed("second");
  await turn();
  assertEquals([typed.reads, decodeText(first ?? new Uint8Array())], [2, "first"]);
  const second = await input.read(signal);
  typed.fail(new Error("unplugged"));
  await turn();
  assertEquals(decodeText(second ?? new Uint8Array()), "second");
  for (let again = 0; again < 2; again++) {
    await assertRejects(() => input.read(signal), Failure, "Cannot read standard input: unplugged");
  }
  assertEquals(typed.reads, 3);
});

Deno.test("pipe() leaves what it did not read of its input for the next connection", { permissions }, async () => {
  const [typed, time] = [new FedSource(), new TestTime()];
  const input = new Input(typed, { time });
  const output = new DataOutput(new FakeSink(), { terminal: false });
  const options = { message: null, json: false, events: NO_EVENTS };
  for (const text of ["for the first", "for the second"]) {
    const socket = new FakeSocket();
    const piping = pipe(new Connection(socket), input, output, options);
    await turn();
    typed.feed(text);
    await turn();
    socket.source.end();
    await time.pass(1050);
    await piping;
    assertEquals(socket.sent, text);
  }
  // One read is always pending; the second pipe took over that of the first.
  assertEquals(typed.reads, 3);
});

Deno.test(
  "pipe() tells of no chunk, unless with --json: then its events carry the data",
  { permissions },
  async () => {
    for (const json of [false, true]) {
      const [socket, typed, events] = [new FakeSocket(), new FedSource(), new RecordedEvents()];
      const output = new DataOutput(new FakeSink(), { terminal: false });
      const connection = new Connection(socket, { events });
      const piping = pipe(connection, new Input(typed), output, { message: null, json, events });
      typed.feed("out");
      typed.end();
      socket.source.feed("in");
      await turn();
      socket.source.end();
      await piping;
      assertEquals(events.names, [...(json ? ["received", "sent"] : []), "notice", "eof", "closed"]);
    }
  },
);
