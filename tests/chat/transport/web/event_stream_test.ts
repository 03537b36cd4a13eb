import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventStream } from "../../../../chat/transport/web/event_stream.ts";
import { Framing, lineEvents } from "../../../../chat/transport/web/framed.ts";
import { Refusal } from "../../../../http/request/refusal.ts";
import { CutOffError } from "../../../../lib/errors.ts";
import { Connection } from "../../../../lib/stream/connection.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { TestTime, turn } from "../../../support/time.ts";
import { SlowSocket } from "./support.ts";

function opened(lines = ""): { raw: SlowSocket; stream: EventStream; time: TestTime } {
  const raw = new SlowSocket();
  const time = new TestTime();
  return { raw, time, stream: new EventStream(new Connection(raw), { lines, framing: new Framing(lineEvents), time }) };
}

const textOf = async (stream: EventStream): Promise<string> => decodeText(await stream.read() ?? new Uint8Array(0));

Deno.test("lines are read in order: those of the URL, then what is posted; each post waits for its turn", async () => {
  const { stream } = opened("/nick alice\n");
  const first = stream.post(encodeText("one\n"));
  const second = stream.post(encodeText("two\n"));
  assertEquals([await textOf(stream), await textOf(stream)], ["/nick alice\n", "one\n"]);
  assertEquals(await first, true);
  const reading = textOf(stream);
  assertEquals([await reading, await second], ["two\n", true]);
  const waiting = textOf(stream);
  assertEquals(await stream.post(encodeText("three\n")), true);
  assertEquals([await waiting, stream.bytesIn], ["three\n", 26]);
  stream.close();
});

Deno.test("what nobody reads any more is told to who posted it", async () => {
  const { stream } = opened("x\n");
  const posted = stream.post(encodeText("too late\n"));
  stream.close();
  assertEquals([await posted, await stream.post(encodeText("later still\n"))], [false, false]);
});

Deno.test("of a client that is slowed down, few requests wait", async () => {
  const { stream } = opened("x\n");
  await stream.read();
  const posted = Array.from({ length: 8 }, () => stream.post(encodeText("waits\n")));
  assertEquals(assertThrows(() => stream.post(encodeText("too many\n")), Refusal).status, 429);
  await stream.read();
  posted.push(stream.post(encodeText("fits again\n")));
  stream.close();
  assertEquals(await Promise.all(posted), [true, ...Array(8).fill(false)]);
});

Deno.test("the client ends the stream by closing, or by sending anything; a reset is a loss", async () => {
  for (const more of ["", "GET / HTTP/1.1\r\n\r\n"]) {
    const { raw, stream } = opened("x\n");
    await stream.read();
    const reading = stream.read();
    if (more === "") raw.source.end();
    else raw.source.feed(more);
    assertEquals(await reading, null);
    stream.close();
  }
  const { raw, stream } = opened("x\n");
  await stream.read();
  const failed = assertRejects(() => stream.read(), CutOffError);
  raw.source.fail(new Deno.errors.ConnectionReset());
  await failed;
  stream.close();
});

Deno.test("a comment every 15 s, and not behind a stalled write", async () => {
  const { raw, stream, time } = opened();
  await stream.write(encodeText("= q5T0 6\n"));
  await stream.write(encodeText("#7 alice: hi\n"));
  await time.pass(30_000);
  assertEquals(raw.sent, "data: = q5T0 6\n\nid: q5T0-7\ndata: #7 alice: hi\n\n:\n\n:\n\n");
  raw.hold();
  const stalled = stream.write(encodeText("x\n"));
  await time.pass(30_000);
  raw.release();
  await stalled;
  await turn();
  stream.close();
  assertEquals([raw.sent.endsWith(":\n\n:\n\ndata: x\n\n"), time.timers], [true, 0]);
});
