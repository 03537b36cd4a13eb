/** Both transports over real loopback sockets, with faults that the test makes. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import type { FaultSink } from "../../../lib/faults/fault.ts";
import { type Layer, SocketLayer } from "../../../lib/net/layers.ts";
import { connectNode } from "../../../lib/net/node_socket.ts";
import type { PacketLayer, PacketSocket } from "../../../lib/net/packet_socket.ts";
import { quietTime } from "../../../lab/compare/measure.ts";
import { encodeMessage, numberOf } from "../../../lab/compare/message.ts";
import { recordTcp } from "../../../lab/compare/over_tcp.ts";
import { recordUdp } from "../../../lab/compare/over_udp.ts";
import { Recorder } from "../../../lab/compare/recorder.ts";
import { TestTime } from "../../support/time.ts";
import { numbers } from "./samples.ts";

const HERE = { hostname: "127.0.0.1", port: 0 };
const TCP = { listen: () => Deno.listen(HERE), connect: (at: Deno.ConnectOptions) => Deno.connect(at) };
const UDP = (): PacketSocket => Deno.listenDatagram({ transport: "udp", ...HERE });
const STREAM = { count: 30, interval: 0.5, size: 64 };
const { signal } = new AbortController();
const OPTIONS = { stream: STREAM, timeout: 5000, told: true, signal, quiet: 5000, spread: 0 };
const seen = ({ arrivals }: { arrivals: readonly { number: number }[] }): number[] =>
  arrivals.map(({ number }) => number);

Deno.test("over TCP everything arrives in order, and the record comes to its end", async () => {
  const record = await recordTcp(TCP, {}, OPTIONS);
  assertEquals(seen(record), numbers(30));
  assertEquals([record.sent, record.stopped, record.lost, record.damaged], [30, null, [], 0]);
  assert(record.opening >= 0 && record.arrivals.every(({ at }) => at >= 0));
});

Deno.test("over UDP everything arrives, and nothing waits for the silence that would prove it", async () => {
  const started = performance.now();
  const record = await recordUdp(UDP, null, OPTIONS);
  assertEquals(seen(record).toSorted((one, other) => one - other), numbers(30));
  assert(performance.now() - started < OPTIONS.quiet);
});

/** Loses every third datagram, doubles the first, and cuts the second short. */
const lossy = (tell: FaultSink): PacketLayer => (socket) => {
  let count = 0;
  return {
    addr: socket.addr,
    receive: (into) => socket.receive(into),
    close: () => socket.close(),
    send: async (bytes, to) => {
      const where = ++count;
      if (where % 3 === 0) {
        tell({ flow: 1, direction: "out", kind: "loss", where, detail: "" });
        return bytes.length;
      }
      if (where === 1) await socket.send(bytes, to);
      return await socket.send(where === 2 ? bytes.subarray(0, 10) : bytes, to);
    },
  };
};

Deno.test("over UDP the record has what was lost, doubled and damaged", async () => {
  const { lost, arrivals, damaged, sent } = await recordUdp(UDP, lossy, OPTIONS);
  const thirds = numbers(30).filter((number) => number % 3 === 0);
  assertEquals([lost, damaged, sent], [thirds, 1, 30]);
  const arrived = numbers(30).filter((number) => number % 3 !== 0 && number !== 2);
  assertEquals(seen({ arrivals }).toSorted((one, other) => one - other), [1, ...arrived]);
});

Deno.test("where only the kernel knows what is lost, silence ends a run over UDP", async () => {
  const record = await recordUdp(UDP, (_) => lossy(() => {}), { ...OPTIONS, told: false, quiet: 50 });
  assertEquals([record.lost, record.sent], [null, 30]);
});

/** A layer that calls `write` instead of the socket's own. */
const writing = (write: (below: Parameters<Layer>[0], bytes: Uint8Array) => Promise<number>): Layer => (socket) =>
  new class extends SocketLayer {
    override write(bytes: Uint8Array): Promise<number> {
      return write(this.below, bytes);
    }
  }(socket);

Deno.test("over TCP short writes and merged reads still make whole messages", async () => {
  const short = writing((below, bytes) => below.write(bytes.subarray(0, 7)));
  assertEquals(
    seen(await recordTcp(TCP, { sender: () => short }, { ...OPTIONS, stream: { ...STREAM, interval: 0 } })),
    numbers(30),
  );
});

Deno.test("what is sent again is told as the messages that have a byte in that segment", async () => {
  const tells = (where: number) => (tell: FaultSink): Layer => (socket) => {
    tell({ flow: 1, direction: "out", kind: "loss", where, detail: "" });
    return socket;
  };
  const lostAt = async (where: number, size: number): Promise<unknown> =>
    (await recordTcp(TCP, { sender: tells(where) }, { ...OPTIONS, stream: { count: 5, interval: 0, size } })).lost;
  assertEquals(await lostAt(2 * 1448, 1448), [3]);
  assertEquals(await lostAt(1448, 1000), [2, 3]);
  assertEquals(await lostAt(1448, 5000), [1]);
  assertEquals(await lostAt(0, 64), [1, 2, 3, 4, 5]);
});

Deno.test("a connection that is reset ends the run, with the reason in the record", async () => {
  let count = 0;
  const resetting = writing((below, bytes) => {
    if (++count === 10) below.reset();
    return below.write(bytes);
  });
  const record = await recordTcp({ ...TCP, connect: connectNode }, { sender: () => resetting }, OPTIONS);
  assert(record.sent < 30 && record.arrivals.length < 30);
  assertMatch(record.stopped ?? "", /connection failed/);
});

Deno.test("a stream that stands still ends after the time limit", async () => {
  let count = 0;
  // As a socket's own, the write ends when the socket is closed.
  const held = Promise.withResolvers<number>();
  const sender = (): Layer => (socket) => {
    const layer = writing((below, bytes) => ++count > 3 ? held.promise : below.write(bytes))(socket);
    const close = layer.close.bind(layer);
    layer.close = () => {
      held.reject(new Deno.errors.BadResource());
      close();
    };
    return layer;
  };
  const record = await recordTcp(TCP, { sender }, { ...OPTIONS, timeout: 60 });
  assertEquals([record.sent, record.arrivals.length, record.stopped], [3, 3, "nothing arrived for 0.06 s"]);
});

Deno.test("a stream does not stand still as long as there is something to send", async () => {
  const swallowing = writing((_, bytes) => Promise.resolve(bytes.length));
  const slow = { ...OPTIONS, stream: { count: 5, interval: 30, size: 64 }, timeout: 60 };
  const record = await recordTcp(TCP, { sender: () => swallowing }, slow);
  // The end of the stream passes.
  assertEquals([record.sent, record.stopped], [5, "the stream ended before its last message"]);
});

Deno.test("a stream that ends early is told", async () => {
  let count = 0;
  const ending = writing(async (below, bytes) => {
    if (++count === 5) await below.closeWrite();
    return count >= 5 ? bytes.length : await below.write(bytes);
  });
  const record = await recordTcp(TCP, { sender: () => ending }, { ...OPTIONS, stream: { ...STREAM, interval: 20 } });
  assertEquals([record.arrivals.length, record.stopped], [4, "the stream ended before its last message"]);
});

Deno.test("a signal ends both, and its reason is thrown", async () => {
  const controller = new AbortController();
  const slow = { ...OPTIONS, stream: { ...STREAM, interval: 10_000 }, timeout: 0, quiet: 0, signal: controller.signal };
  const both = [recordTcp(TCP, {}, slow), recordUdp(UDP, null, slow)];
  const ends = both.map((run) => assertRejects(() => run, Error, "stop"));
  controller.abort(new Error("stop"));
  await Promise.all(ends);
});

Deno.test("a connection that nobody answers ends with the time limit", async () => {
  const silent = (at: Deno.ConnectOptions): Promise<Deno.TcpConn> =>
    new Promise((_, reject) => at.signal?.addEventListener("abort", () => reject(at.signal?.reason)));
  const run = recordTcp({ ...TCP, connect: silent }, {}, { ...OPTIONS, timeout: 30 });
  await assertRejects(() => run, Failure, "Cannot connect over TCP: no answer in 0.03 s");
});

Deno.test("the sender keeps to the times when messages are due, and does not hurry after the late ones' interval", async () => {
  const time = new TestTime();
  const recorder = new Recorder("udp", { ...OPTIONS, stream: { count: 4, interval: 10, size: 64 }, time });
  const at: number[] = [];
  const sending = recorder.sendAll((number) => {
    at.push(time.now());
    // The second takes 25 ms: the third is late, the fourth is not.
    if (number === 2) time.sleep(15);
    return Promise.resolve();
  });
  await time.pass(100);
  await sending;
  assertEquals(at, [0, 10, 25, 30]);
  assertEquals(time.timers, 0);
});

Deno.test("numberOf() takes only what encodeMessage() made", () => {
  for (const number of [1, 99, 10_000]) {
    for (const size of [16, 100, 65_507]) {
      const bytes = encodeMessage(number, size);
      assertEquals([bytes.length, numberOf(bytes, size)], [size, number]);
      assertEquals(numberOf(bytes.subarray(1), size), null);
    }
  }
  const bytes = encodeMessage(42, 32);
  for (let bit = 0; bit < 32 * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assertEquals(numberOf(flipped, 32), null, `bit ${bit}`);
  }
});

Deno.test("quietTime() covers what the faults explain, and is never longer than the time limit", () => {
  const stream = { count: 10, interval: 10, size: 1000 };
  assertEquals(quietTime(NO_FAULTS, stream, 0), 510);
  assertEquals(quietTime({ ...NO_FAULTS, delay: 100, jitter: 50 }, stream, 0), 810);
  assertEquals(quietTime({ ...NO_FAULTS, rate: 100_000 }, stream, 0), 1510);
  assertEquals(quietTime({ ...NO_FAULTS, rate: 100_000 }, stream, 1000), 1000);
});
