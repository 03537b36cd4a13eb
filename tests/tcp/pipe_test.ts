import { assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../../lib/stream/connection.ts";
import { CutOffError } from "../../lib/errors.ts";
import { DataOutput } from "../../lib/console/output.ts";
import { Input, pipe } from "../../tcp/pipe.ts";
import { FakeSink, FakeSocket } from "../lib/fakes.ts";
import { TestTime, turn } from "../support/time.ts";

const permissions = "none";

/** A running pipe over a fake socket, with an input that the test feeds. */
function setUp() {
  const [socket, sink, time] = [new FakeSocket(), new FakeSink(), new TestTime()];
  const { readable, writable } = new TransformStream<Uint8Array>();
  const connection = new Connection(socket, { gap: 0 });
  const output = new DataOutput(sink, { terminal: false });
  const piping = pipe(connection, new Input(readable, time), "default\n", output);
  const writer = writable.getWriter();
  const type = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  return { socket, sink, time, piping, type, endInput: () => writer.close(), connection };
}

Deno.test("pipe() passes bytes both ways, and half-closes at the end of its input", { permissions }, async () => {
  const { socket, sink, piping, type, endInput, connection } = setUp();
  await type("out");
  socket.source.feed("in\x00\xff");
  await endInput();
  await turn();
  assertEquals([socket.sent, socket.calls.at(-1), sink.text], ["out", "closeWrite", "in\x00\xff"]);
  socket.source.feed("after");
  socket.source.end();
  assertEquals(await piping, "Done: 3 B out, 10 B in; 192.0.2.7:4000 closed");
  connection.close();
});

Deno.test("pipe() sends its message if the input is empty", { permissions }, async () => {
  const { socket, piping, endInput, connection } = setUp();
  await endInput();
  await turn();
  socket.source.end();
  await piping;
  assertEquals(socket.sent, "default\n");
  connection.close();
});

Deno.test("pipe() keeps sending to a peer that half-closed first, until the input is silent for a second", {
  permissions,
}, async () => {
  const { socket, time, piping, type, connection } = setUp();
  socket.source.end();
  for (const piece of ["one", "two", "three"]) {
    await time.pass(990);
    await type(piece);
  }
  await time.pass(990);
  let done = false;
  piping.then(() => done = true);
  await turn();
  assertEquals(done, false);
  await time.pass(100);
  await piping;
  assertEquals([socket.sent, time.timers], ["onetwothree", 0]);
  connection.close();
});

Deno.test(
  "pipe() reads the peer's last bytes before it reports that a write failed",
  { permissions },
  async () => {
    const { socket, sink, piping, type, connection } = setUp();
    const failing = assertRejects(() => piping, CutOffError);
    socket.writeError = new Deno.errors.BrokenPipe();
    await type("too late");
    socket.source.feed("no more, please\n");
    socket.source.end();
    await failing;
    assertEquals(sink.text, "no more, please\n");
    connection.close();
  },
);
