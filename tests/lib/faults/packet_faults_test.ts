import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { Fault, Faults } from "../../../lib/faults/fault.ts";
import { packetFaults } from "../../../lib/faults/packet_faults.ts";
import { type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import type { PacketSocket } from "../../../lib/net/packet_socket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { TestTime, turn } from "../../support/time.ts";
import { FakePackets, peer } from "./fake_packets.ts";
import { countsOf, fits } from "./statistics.ts";

interface Bench extends Disposable {
  readonly time: TestTime;
  readonly below: FakePackets;
  readonly faults: { -readonly [K in keyof Faults]: Faults[K] };
  readonly told: Fault[];
  /** Of sockets that were closed while datagrams were to leave. */
  readonly gone: Promise<void>[];
  readonly socket: PacketSocket;
  /** What was told, in short. */
  readonly record: string[];
  send(text: string, port?: number): Promise<number>;
  /** The next datagram received, as text. */
  next(): Promise<string>;
}

function bench(
  { out = {}, in: back = {}, seed = 1 }: { out?: Partial<FaultPlan>; in?: Partial<FaultPlan>; seed?: number },
): Bench {
  const time = new TestTime();
  const below = new FakePackets(() => time.now());
  const faults = { seed, out: { ...NO_FAULTS, ...out }, in: { ...NO_FAULTS, ...back }, cut: false };
  const told: Fault[] = [];
  const gone: Promise<void>[] = [];
  const socket = packetFaults(faults, (fault) => told.push(fault), time, (each) => gone.push(each))(below);
  return {
    time,
    below,
    faults,
    told,
    gone,
    socket,
    get record() {
      return told.map(({ flow, direction, kind, where, detail }) => `${flow} ${direction} ${kind} ${where}: ${detail}`);
    },
    send: (text, port = 7) => socket.send(encodeText(text), peer(port)),
    next: async () => decodeText((await socket.receive(new Uint8Array(100)))[0]),
    [Symbol.dispose]: () => {
      if (!below.closed && gone.length === 0) socket.close();
      // Those of what is still to leave.
      if (gone.length === 0) assertEquals(time.timers, 0);
    },
  };
}

Deno.test("a plan that does nothing passes a datagram on at once, and not as a copy", async () => {
  using it = bench({});
  const bytes = encodeText("hello");
  const sending = it.socket.send(bytes, peer(7));
  assertStrictEquals(it.below.sent[0]?.bytes, bytes);
  assertEquals(await sending, 5);
  const into = new Uint8Array(10);
  it.below.feed("answer");
  const [received, from] = await it.socket.receive(into);
  assertStrictEquals(received.buffer, into.buffer);
  assertEquals([decodeText(received), from], ["answer", peer(7)]);
  assertEquals(it.told, []);
});

Deno.test("loss: a datagram is lost, and its sender does not know", async () => {
  using it = bench({ out: { loss: 1 } });
  assertEquals(await it.send("hello"), 5);
  assertEquals([it.below.texts, it.record], [[], ["1 out loss 1: lost"]]);
});

Deno.test("corrupt: one bit is flipped, and the caller's bytes are left alone", async () => {
  using it = bench({ out: { corrupt: 1 } });
  const bytes = new Uint8Array(100);
  await it.socket.send(bytes, peer(7));
  await it.socket.send(new Uint8Array(), peer(7));
  const [damaged, empty] = it.below.sent;
  const bits = [...damaged?.bytes ?? []].map((byte) => byte.toString(2).replaceAll("0", "").length);
  assertEquals(bits.reduce((sum, count) => sum + count), 1);
  assertEquals([bytes.every((byte) => byte === 0), empty?.bytes.length, it.told.length], [true, 0, 1]);
  const [, bit, byte] = /^bit (\d) of byte (\d+) flipped$/.exec(it.told[0]?.detail ?? "") ?? [];
  assertEquals(damaged?.bytes[Number(byte)], 0x80 >> Number(bit));
});

Deno.test("truncate: the end is cut off, and what is shorter passes whole", async () => {
  using it = bench({ out: { truncate: 3 }, in: { truncate: 0 } });
  assertEquals([await it.send("hello"), await it.send("abc")], [5, 3]);
  it.below.feed("answer");
  assertEquals(await it.next(), "");
  assertEquals(it.below.texts, ["hel", "abc"]);
  assertEquals(it.record, ["1 out truncate 1: cut from 5 to 3 bytes", "1 in truncate 1: cut from 6 to 0 bytes"]);
});

Deno.test("duplicate: a datagram arrives twice", async () => {
  using it = bench({ out: { duplicate: 1 }, in: { duplicate: 1 } });
  await it.send("one");
  it.below.feed("two");
  assertEquals([it.below.texts, await it.next(), await it.next()], [["one", "one"], "two", "two"]);
  assertEquals(it.record, ["1 out duplicate 1: arrives twice", "1 in duplicate 1: arrives twice"]);
});

Deno.test("delay: everything comes later, and in order, also in; it begins when a datagram arrives, not when it is asked for", async () => {
  using it = bench({ out: { delay: 100.4 }, in: { delay: 50 } });
  await it.send("one");
  await it.send("two");
  const first = it.next();
  it.below.feed("a");
  await turn();
  it.below.feed("b");
  await it.time.pass(49);
  assertEquals(it.below.sent, []);
  await it.time.pass(1);
  assertEquals(await first, "a");
  it.below.feed("c");
  await it.time.pass(50);
  assertEquals([await it.next(), await it.next()], ["b", "c"]);
  await it.time.pass(1);
  assertEquals(it.below.sent.map(({ text, at }) => [text, at]), [["one", 101], ["two", 101]]);
  assertEquals(it.record, ["1 out delay 1: everything 100.4ms later", "1 in delay 1: everything 50ms later"]);
});

Deno.test("jitter: datagrams overtake each other, within the bounds", async () => {
  using it = bench({ out: { delay: 100, jitter: 50 } });
  const names = Array.from({ length: 200 }, (_, index) => String(index));
  for (const name of names) await it.send(name);
  await it.time.pass(200);
  assertEquals(it.below.texts.toSorted(), names.toSorted());
  assert(it.below.texts.join() !== names.join());
  const times = it.below.sent.map(({ at }) => at);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  assert(first >= 50 && first < 60 && last > 140 && last <= 150, `${first} to ${last}`);
});

Deno.test("reorder: a datagram comes after the next one, or after 100 ms", async () => {
  using it = bench({ out: { reorder: 1 } });
  for (const name of ["1", "2", "3", "4", "5"]) await it.send(name);
  assertEquals(it.below.texts, ["2", "1", "4", "3"]);
  await it.time.pass(99);
  assertEquals(it.below.texts.length, 4);
  await it.time.pass(1);
  assertEquals(it.below.texts, ["2", "1", "4", "3", "5"]);
  assertEquals(it.told.map(({ kind, where }) => `${kind} ${where}`), ["reorder 1", "reorder 3", "reorder 5"]);
});

Deno.test("reorder: the share is that of all datagrams", async () => {
  using it = bench({ out: { reorder: 0.2 } });
  for (let count = 0; count < 10_000; count++) await it.send("x");
  // Not two in a row: fewer swings than chance of its own has.
  assert(Math.abs(it.told.length - 2000) < 3 * 40, String(it.told.length));
});

Deno.test("rate: datagrams pass at that rate, one after the other, and what does not fit in the queue is lost", async () => {
  using it = bench({ out: { rate: 10_000, queue: 50 } });
  for (let count = 0; count < 60; count++) await it.socket.send(new Uint8Array(100), peer(7));
  assertEquals(it.told.length, 1 + 10);
  assertEquals(it.record.slice(0, 2), ["1 out rate 1: at most 10kB/s", "1 out queue 51: lost: 50 wait already"]);
  await it.time.pass(500);
  // 100 bytes in 10 ms.
  assertEquals(it.below.sent.map(({ at }) => at), Array.from({ length: 50 }, (_, index) => 10 * (index + 1)));
});

Deno.test("rate: within 5 % over a minute, with datagrams of any length", async () => {
  using it = bench({ out: { rate: 64_000, queue: 1000 } });
  for (let second = 0; second < 60; second++) {
    for (let count = 0; count < 200; count++) await it.socket.send(new Uint8Array(1 + second * count % 1400), peer(7));
    it.time.sleep(1000);
    await it.time.pass(0);
  }
  const bytes = it.below.sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert(Math.abs(bytes / 60 / 64_000 - 1) < 0.05, `${bytes / 60} bytes per second`);
});

Deno.test("cut: nothing passes either way until it is healed", async () => {
  using it = bench({});
  const waiting = it.next();
  it.faults.cut = true;
  await it.send("one");
  it.below.feed("a");
  await turn();
  it.faults.cut = false;
  await it.send("two");
  it.below.feed("b");
  assertEquals([it.below.texts, await waiting], [["two"], "b"]);
  assertEquals(it.record, ["1 out cut 1: lost", "1 in cut 1: lost"]);
});

Deno.test("a plan that is replaced counts from the next datagram on", async () => {
  using it = bench({});
  await it.send("one");
  it.faults.out = { ...NO_FAULTS, loss: 1 };
  await it.send("two");
  it.faults.out = { ...NO_FAULTS, delay: 20 };
  await it.send("three");
  it.faults.out = NO_FAULTS;
  await it.send("four");
  await it.time.pass(20);
  await it.send("five");
  assertEquals(it.below.texts, ["one", "four", "three", "five"]);
});

Deno.test("100,000 datagrams: loss by chi-square, singly and in pairs, and what arrives is what was not told as lost", async () => {
  using it = bench({ out: { loss: 0.1 }, seed: 13 });
  const total = 100_000;
  const bytes = new Uint8Array(1);
  for (let count = 0; count < total; count++) await it.socket.send(bytes, peer(7));
  const lost = new Array<number>(total).fill(0);
  for (const { where } of it.told) lost[where - 1] = 1;
  assertEquals(it.below.sent.length, total - it.told.length);
  assert(fits(countsOf(lost, 2), [0.9 * total, 0.1 * total]));
  const pairs = lost.flatMap((bit, index) => index % 2 === 0 ? [] : [2 * bit + (lost[index - 1] ?? 0)]);
  assert(fits(countsOf(pairs, 4), [0.81, 0.09, 0.09, 0.01].map((share) => share * total / 2)));
});

Deno.test("the same seed gives the same faults, whatever other flows do; another seed, others", async () => {
  const plan = { loss: 0.2, burst: 2, corrupt: 0.1, duplicate: 0.1, reorder: 0.1, delay: 10, jitter: 5 };
  const recordOf = async (seed: number, others: number): Promise<string[]> => {
    using it = bench({ out: plan, in: plan, seed });
    const reading = it.next().catch(() => "");
    for (let count = 0; count < 120; count++) {
      await it.send(`datagram ${count}`);
      it.below.feed(`answer ${count}`);
      for (let other = 0; other < others; other++) await it.send("x", 8 + other);
      if (count % 10 === 0) await it.time.pass(3 * others);
    }
    await it.time.pass(0);
    it.socket.close();
    await reading;
    return it.record.filter((line) => line.startsWith("1 ")).toSorted();
  };
  const record = await recordOf(7, 0);
  assert(record.length > 200, String(record.length));
  assertEquals(await recordOf(7, 0), record);
  assertEquals(await recordOf(7, 3), record);
  assert((await recordOf(8, 0)).join() !== record.join());
});

Deno.test("a changed share does not shift what else is drawn", async () => {
  const lossesOf = async (plan: Partial<FaultPlan>): Promise<number[]> => {
    using it = bench({ out: { loss: 0.2, ...plan } });
    for (let count = 0; count < 300; count++) await it.send("some text");
    return it.told.flatMap(({ kind, where }) => kind === "loss" ? [where] : []);
  };
  const losses = await lossesOf({});
  assertEquals(await lossesOf({ corrupt: 0.5, duplicate: 0.5, reorder: 0.5, jitter: 9, truncate: 2 }), losses);
});

Deno.test("a larger share damages what a smaller one does, in the same way, and more", async () => {
  const damagesOf = async (corrupt: number): Promise<string[]> => {
    using it = bench({ out: { corrupt } });
    for (let count = 0; count < 100; count++) await it.send("some text");
    return it.record;
  };
  const [some, more] = [await damagesOf(0.2), await damagesOf(0.6)];
  assert(some.length < more.length);
  assertEquals(some.filter((line) => !more.includes(line)), []);
});

Deno.test("no datagram gets past one whose timer is late, or past the line of a rate that is no limit any more", async () => {
  using it = bench({ out: { rate: 10_000 } });
  await it.socket.send(new Uint8Array(100), peer(7));
  it.time.sleep(20);
  await it.send("");
  await it.time.pass(0);
  assertEquals(it.below.sent.map(({ bytes }) => bytes.length), [100, 0]);
  await it.socket.send(new Uint8Array(200), peer(7));
  it.faults.out = NO_FAULTS;
  await it.send("behind");
  await it.time.pass(20);
  assertEquals(it.below.sent.map(({ bytes }) => bytes.length), [100, 0, 200, 6]);
});

Deno.test("errors pass through: those of a send at once or with the next one, those of a receive in order", async () => {
  using it = bench({ out: { duplicate: 1 }, in: { delay: 10 } });
  const refused = new Deno.errors.ConnectionRefused("refused");
  it.below.error = refused;
  assertStrictEquals(await assertRejects(() => it.send("one"), Deno.errors.ConnectionRefused), refused);
  it.faults.out = { ...NO_FAULTS, delay: 10 };
  await it.send("two").catch(() => {});
  await it.send("two");
  await it.time.pass(10);
  assertStrictEquals(await assertRejects(() => it.send("three"), Deno.errors.ConnectionRefused), refused);
  const first = it.socket.receive();
  it.below.fail(refused);
  assertStrictEquals(await assertRejects(() => first, Deno.errors.ConnectionRefused), refused);
  const second = it.next();
  it.below.feed("still there");
  await it.time.pass(10);
  assertEquals(await second, "still there");
});

Deno.test("what was sent before a close still leaves; what was to be received is dropped", async () => {
  using it = bench({ out: { delay: 10, reorder: 1 }, in: { delay: 10 } });
  await it.send("one");
  const waiting = it.socket.receive();
  it.below.feed("a");
  await turn();
  it.socket.close();
  await assertRejects(() => waiting, Deno.errors.Interrupted);
  await assertRejects(() => it.send("two"), Deno.errors.BadResource);
  await assertRejects(() => it.socket.receive(), Deno.errors.BadResource);
  assertThrows(() => it.socket.close(), Deno.errors.BadResource);
  assertEquals([it.below.closed, it.gone.length], [false, 1]);
  await it.time.pass(110);
  await it.gone[0];
  assertEquals([it.below.texts, it.below.closed], [["one"], true]);
});

Deno.test("a close waits for what is to leave for five seconds and its delay, and not at all for nothing", async () => {
  using slow = bench({ out: { delay: 1000, rate: 1 } });
  for (const text of ["four", "more"]) await slow.send(text);
  slow.socket.close();
  await slow.time.pass(5999);
  assertEquals([slow.below.texts, slow.below.closed], [["four"], false]);
  await slow.time.pass(1);
  await slow.gone[0];
  assertEquals([slow.below.texts, slow.below.closed], [["four"], true]);
  using idle = bench({ out: { delay: 10 }, in: { delay: 10 } });
  await idle.send("one");
  await idle.time.pass(10);
  idle.socket.close();
  assertEquals([idle.below.closed, idle.gone], [true, []]);
});

Deno.test("what is held back is bounded, and so is what nobody receives", async () => {
  using it = bench({ out: { delay: 1000 }, in: { truncate: 100 } });
  const bytes = new Uint8Array(65_000);
  for (let count = 0; count < 1100; count++) await it.socket.send(bytes, peer(7));
  assertEquals(it.told.filter(({ kind }) => kind === "queue").length, 1100 - Math.floor(64 * 1024 * 1024 / 65_000));
  for (let count = 0; count < 3000; count++) it.below.feed(String(count));
  assertEquals(await it.next(), "0");
  await turn();
  assertEquals(it.below.receives, 1025);
  for (let count = 1; count < 3000; count++) assertEquals(await it.next(), String(count));
});

Deno.test("of long datagrams that nobody receives, four mebibytes are kept", async () => {
  using it = bench({ in: { truncate: 65_000 } });
  for (let count = 0; count < 100; count++) it.below.feed(new Uint8Array(65_000));
  await it.next();
  await turn();
  // One was received, and the last was taken while there was still room.
  assertEquals(it.below.receives, 1 + Math.ceil(4 * 1024 * 1024 / 65_000));
});

Deno.test("what is held back is bounded for all sockets of a layer together, and a close gives its part back", async () => {
  const faults = { seed: 1, out: { ...NO_FAULTS, delay: 3_600_000 }, in: NO_FAULTS, cut: false };
  const time = new TestTime();
  let refused = 0;
  const layer = packetFaults(faults, ({ kind }) => refused += kind === "queue" ? 1 : 0, time);
  const bytes = new Uint8Array(65_000);
  const [one, other, third] = [layer(new FakePackets()), layer(new FakePackets()), layer(new FakePackets())];
  const fits = Math.floor(64 * 1024 * 1024 / bytes.length);
  for (let count = 0; count < fits; count++) await (count % 2 === 0 ? one : other).send(bytes, peer(7));
  await third.send(bytes, peer(7));
  assertEquals(refused, 1);
  one.close();
  for (let count = 0; count < Math.ceil(fits / 2); count++) await third.send(bytes, peer(7));
  assertEquals(refused, 1);
  other.close();
  third.close();
  assertEquals(time.timers, 0);
});

Deno.test("a close does not wait for what would be too late", async () => {
  using it = bench({ out: { delay: 3_600_000 } });
  await it.send("in an hour");
  it.socket.close();
  assertEquals([it.below.closed, it.gone.length, it.time.timers], [true, 0, 0]);
});

Deno.test("flows have the numbers of the socket below, or their own", async () => {
  using it = bench({ out: { loss: 1 } });
  await it.send("x", 5);
  await it.send("x", 6);
  await it.send("x", 5);
  assertEquals(it.told.map(({ flow, where }) => [flow, where]), [[1, 1], [2, 1], [1, 2]]);
  assertEquals([it.socket.flowOf?.(peer(6)), it.socket.flowOf?.(peer(9))], [2, 3]);
  const numbered = packetFaults(it.faults)(Object.assign(new FakePackets(), { flowOf: () => 42 }));
  assertEquals(numbered.flowOf?.(peer(5)), 42);
});
