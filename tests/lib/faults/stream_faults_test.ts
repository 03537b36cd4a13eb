import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { encodeText } from "../../../lib/text.ts";
import { turn } from "../../support/time.ts";
import { StreamBench } from "./fake_stream.ts";

Deno.test("a plan that does nothing passes bytes on at once", async () => {
  using it = new StreamBench({});
  const writing = it.socket.write(encodeText("hello"));
  assertEquals([it.below.sent, await writing], ["hello", 5]);
  it.below.source.feed("answer");
  assertEquals(await it.read(), "answer");
  await it.socket.closeWrite();
  it.below.source.end();
  assertEquals([await it.read(), it.below.calls, it.told], [null, ["closeWrite"], []]);
});

Deno.test("delay: bytes come later, in order, their end too", async () => {
  using it = new StreamBench({ out: { delay: 100 }, in: { delay: 50 } });
  await it.write("one");
  await it.time.pass(10);
  await it.write("two");
  await it.socket.closeWrite();
  const reading = it.read();
  it.below.source.feed("a");
  await turn();
  it.below.source.feed("b");
  it.below.source.end();
  await it.time.pass(49);
  assertEquals(it.below.record, []);
  await it.time.pass(1);
  assertEquals([await reading, await it.read(), await it.read(), await it.read()], ["a", "b", null, null]);
  await it.time.pass(40);
  assertEquals([it.below.record, it.below.calls], [["one@100"], []]);
  await it.time.pass(10);
  assertEquals([it.below.record, it.below.calls], [["one@100", "two@110"], ["closeWrite"]]);
  assertEquals(it.record, ["out delay 0: everything 100ms later", "in delay 0: everything 50ms later"]);
});

Deno.test("delay in: it begins when bytes arrive, though nobody reads yet", async () => {
  using it = new StreamBench({ in: { delay: 50 } });
  const reading = it.read(1);
  it.below.source.feed("abc");
  await it.time.pass(50);
  assertEquals(await reading, "a");
  it.below.source.feed("def");
  await it.time.pass(50);
  assertEquals([await it.read(), await it.read()], ["bc", "def"]);
});

Deno.test("jitter: a stream stays in order, and each segment has its own", async () => {
  using it = new StreamBench({ out: { delay: 100, jitter: 50 } });
  const bytes = Uint8Array.from({ length: 20 * 1448 }, (_, index) => index);
  await it.write(bytes);
  await it.time.pass(150);
  const { writes } = it.below;
  assertEquals(writes.flatMap(({ bytes }) => [...bytes]), [...bytes]);
  assert(writes.length > 3 && writes.length < 20, String(writes.length));
  assertEquals(it.told.filter(({ kind }) => kind === "jitter").map(({ where }) => where / 1448), [...Array(20).keys()]);
});

Deno.test("rate: within 5 % over ten seconds, out and in, and a writer has to wait", async () => {
  using it = new StreamBench({ out: { rate: 100_000 }, in: { rate: 50_000 } });
  let [sent, received] = [0, 0];
  const writing = (async () => {
    for (const bytes = new Uint8Array(10_000);;) sent += await it.socket.write(bytes);
  })().catch(() => {});
  const reading = (async () => {
    for (const buffer = new Uint8Array(65_536);;) received += await it.socket.read(buffer) ?? 0;
  })().catch(() => {});
  for (let count = 0; count < 100; count++) it.below.source.feed(new Uint8Array(65_536));
  // Timers that fire late, as they do, must not lower the rate.
  for (let step = 0; step < 200; step++) {
    it.time.sleep(25);
    await it.time.pass(25);
  }
  const passed = it.below.writes.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert(Math.abs(passed / 10 / 100_000 - 1) < 0.05, `out: ${passed / 10} bytes per second`);
  assert(sent - passed <= 110_000, `${sent - passed} bytes wait`);
  assert(Math.abs(received / 10 / 50_000 - 1) < 0.05, `in: ${received / 10} bytes per second`);
  it.socket.reset();
  await Promise.all([writing, reading]);
});

Deno.test("slow read: it takes no more than it gives, so that the peer has to wait", async () => {
  using it = new StreamBench({ in: { slowRead: 1000 } });
  it.below.source.feed(new Uint8Array(5000));
  for (let count = 0; count < 10; count++) {
    const reading = it.read();
    // What passes within 40 ms passes at once, at first.
    await it.time.pass(count < 2 ? 0 : 20);
    assertEquals((await reading)?.length, 20);
  }
  assertEquals([it.below.source.reads, it.below.source.room, it.time.now()], [10, 20, 160]);
});

Deno.test("split: into pieces of N bytes of the stream, in writes of their own, a millisecond apart", async () => {
  using it = new StreamBench({ out: { split: 3 }, in: { split: 2 } });
  await it.write("abcdefgh");
  await it.time.pass(5);
  await it.write("ij");
  await it.time.pass(5);
  assertEquals(it.below.record, ["abc@0", "def@1", "gh@2", "i@5", "j@6"]);
  assertEquals(it.below.calls, ["setNoDelay"]);
  it.below.source.feed("abc");
  assertEquals([await it.read(), await it.read()], ["ab", "c"]);
  it.below.source.feed("def");
  assertEquals([await it.read(), await it.read(1), await it.read(1)], ["d", "e", "f"]);
  assertEquals(it.record, [
    "out split 3: split after 3 bytes",
    "out split 6: split after 3 bytes",
    "out split 9: split after 3 bytes",
    "in split 2: split after 2 bytes",
    "in split 4: split after 2 bytes",
  ]);
});

Deno.test("split: inside every character of more than one byte, however it was written", async () => {
  using it = new StreamBench({ out: { split: "utf8" } });
  const bytes = encodeText("aé漢b😀");
  await it.write(bytes.subarray(0, 4));
  await it.write(bytes.subarray(4));
  await it.time.pass(20);
  const pieces = it.below.writes.map(({ bytes }) => bytes.toHex());
  assertEquals(pieces, ["61c3", "a9e6", "bc", "a262f0", "9f", "98", "80"]);
});

Deno.test("split: at random, but at the same bytes", async () => {
  const cutsOf = async (size: number): Promise<number[]> => {
    using it = new StreamBench({ out: { split: "random" } });
    const bytes = new Uint8Array(2000);
    for (let at = 0; at < bytes.length; at += size) await it.write(bytes.subarray(at, at + size));
    await turn();
    await it.time.pass(500);
    return it.told.map(({ where }) => where);
  };
  const cuts = await cutsOf(2000);
  assert(cuts.length > 5, cuts.join());
  assertEquals(await cutsOf(7), cuts);
});

Deno.test("split: single bytes are a millisecond apart, but of many, not all are", async () => {
  using it = new StreamBench({ out: { split: 1 } });
  await it.write(new Uint8Array(8192));
  await it.time.pass(1200);
  assertEquals(it.below.writes.length, 8192);
  using short = new StreamBench({ out: { split: 1 } });
  await short.write(new Uint8Array(200));
  await short.time.pass(200);
  assertEquals(short.below.writes.map(({ at }) => at), [...Array(200).keys()]);
});

Deno.test("coalesce: what is written within the time goes out in one write", async () => {
  using it = new StreamBench({ out: { coalesce: 20 }, in: { coalesce: 20 } });
  const reading = it.read();
  for (const word of ["one ", "two ", "three "]) {
    await it.write(word);
    it.below.source.feed(word);
    await it.time.pass(8);
  }
  assertEquals(await reading, "one two three ");
  await it.write("four");
  await it.time.pass(20);
  assertEquals(it.below.record, ["one two three @20", "four@44"]);
});

Deno.test("loss: the segment and all behind it come a timeout later, which doubles", async () => {
  using it = new StreamBench({ out: { loss: 0.5, delay: 10 }, seed: 5 });
  for (let count = 0; count < 8; count++) {
    await it.write(new Uint8Array(1448));
    await it.time.pass(3000);
  }
  const late = it.below.writes.map(({ at }, index) => at - 3000 * index - 10);
  const times = it.told.flatMap(({ kind, detail }) => kind === "loss" ? [detail] : []);
  const allowed = [0, 220, 660, 1540, 3300];
  assert(late.every((time) => allowed.some((one) => Math.abs(one - time) < 0.001)), late.join());
  assertEquals(times.length, late.filter((time) => time > 0).length);
  assert(late.includes(220) && late.includes(660), late.join());
});

Deno.test("loss: with three later segments under way it is a round trip only, and otherwise a timeout", async () => {
  const lateOf = async (segments: number): Promise<number> => {
    // The first segment of this seed is lost once.
    using it = new StreamBench({ out: { loss: 0.01, delay: 10 }, seed: FIRST_LOST });
    await it.write(new Uint8Array(1448 * segments));
    await it.time.pass(1000);
    return it.below.writes[0]?.at ?? NaN;
  };
  assertEquals([await lateOf(4), await lateOf(3)], [10 + 20, 10 + 220]);
});

/** A seed with which the first segment of the first connection is lost, once. */
const FIRST_LOST = 177;

Deno.test("loss: a later write can be what tells the sender of a loss", async () => {
  using it = new StreamBench({ out: { loss: 0.01, delay: 10 }, seed: FIRST_LOST });
  await it.write(new Uint8Array(1448));
  await it.time.pass(50);
  await it.write(new Uint8Array(1448 * 3));
  await it.time.pass(1000);
  assertEquals(it.below.writes[0]?.at, 10 + 50 + 20);
});

Deno.test("loss of everything stands still until it is closed", async () => {
  using it = new StreamBench({ out: { loss: 1 } });
  await it.write("hello");
  await it.time.pass(3_600_000);
  assertEquals([it.below.sent, it.time.timers], ["", 0]);
});

Deno.test("stall: after N bytes nothing passes, for a time or until the end", async () => {
  using it = new StreamBench({ out: { stallAfter: 3, stallFor: 200 }, in: { stallAfter: 2 } });
  await it.write("abcdef");
  await it.socket.closeWrite();
  await it.time.pass(199);
  assertEquals(it.below.record, ["abc@0"]);
  await it.time.pass(1);
  assertEquals([it.below.record, it.below.calls], [["abc@0", "def@200"], ["closeWrite"]]);
  it.below.source.feed("abc");
  assertEquals(await it.read(), "ab");
  const reading = it.read();
  await it.time.pass(10_000);
  it.socket.close();
  await assertRejects(() => reading, Deno.errors.BadResource);
  assertEquals(it.record, ["out stallAfter 3: nothing passes for 200 ms", "in stallAfter 2: nothing more passes"]);
});

Deno.test("half-close: the peer sees the end after N bytes, and later bytes are swallowed", async () => {
  using it = new StreamBench({ out: { halfCloseAfter: 3 }, in: { halfCloseAfter: 4 } });
  await it.write("abcdef");
  await it.write("ghi");
  await turn();
  assertEquals([it.below.sent, it.below.calls], ["abc", ["closeWrite"]]);
  await it.socket.closeWrite();
  it.below.source.feed("abcdef");
  assertEquals([await it.read(), await it.read(), await it.read()], ["abcd", null, null]);
  it.below.source.feed("more");
  it.below.source.end();
  await turn();
  assertEquals(it.below.calls, ["closeWrite"]);
  assertEquals(it.record, [
    "out halfCloseAfter 3: the stream ends after 3 bytes",
    "in halfCloseAfter 4: the stream ends after 4 bytes",
  ]);
});

Deno.test("reset: exactly N bytes pass, and then both sides fail", async () => {
  using it = new StreamBench({ out: { resetAfter: 3 } });
  await it.write("abcdef");
  const reading = assertRejects(() => it.read(), Deno.errors.ConnectionReset);
  await it.time.pass(20);
  assertEquals([it.below.sent, it.below.calls], ["abc", ["reset", "close"]]);
  await reading;
  await assertRejects(() => it.read(), Deno.errors.ConnectionReset);
  await assertRejects(() => it.write("x"), Deno.errors.ConnectionReset);
  it.socket.close();
  assertEquals(it.record, ["out resetAfter 3: the connection is reset after 3 bytes"]);
});

Deno.test("reset in: after the Nth byte was read; at 0, at once", async () => {
  using it = new StreamBench({ in: { resetAfter: 3 } });
  it.below.source.feed("abcdef");
  assertEquals(await it.read(2), "ab");
  assertEquals(it.below.calls, []);
  assertEquals(await it.read(), "c");
  assertEquals(it.below.calls, ["reset", "close"]);
  await assertRejects(() => it.write("x"), Deno.errors.ConnectionReset);
  using none = new StreamBench({ in: { resetAfter: 0 } });
  assertEquals(none.below.calls, ["reset", "close"]);
  using noneOut = new StreamBench({ out: { resetAfter: 0 } });
  await noneOut.time.pass(20);
  assertEquals(noneOut.below.calls, ["reset", "close"]);
});

Deno.test("cut: both directions stand still until it is healed", async () => {
  using it = new StreamBench({});
  const reading = it.read();
  it.faults.cut = true;
  await it.write("abc");
  it.below.source.feed("abc");
  await it.time.pass(500);
  assertEquals(it.below.sent, "");
  it.faults.cut = false;
  await it.time.pass(50);
  assertEquals([it.below.sent, await reading], ["abc", "abc"]);
  await it.write("def");
  it.below.source.feed("def");
  assertEquals([it.below.record, await it.read()], [["abc@550", "def@550"], "def"]);
  assertEquals(it.record, ["out cut 0: stands still", "in cut 0: stands still"]);
});

Deno.test("a plan that is replaced delays later writes only, cuts what is on its way too, and counts from the first byte", async () => {
  using it = new StreamBench({});
  await it.write("abc");
  it.faults.out = { ...NO_FAULTS, delay: 50 };
  await it.write("def");
  it.faults.out = { ...NO_FAULTS, split: 4 };
  await it.write("ghijkl");
  await it.time.pass(60);
  it.faults.out = { ...NO_FAULTS, halfCloseAfter: 14 };
  await it.write("mnopqr");
  await turn();
  assertEquals(it.below.record, ["abc@0", "d@50", "ef@51", "gh@51", "ijkl@52", "mn@60"]);
});

Deno.test("what is on its way is a copy: the writer may use its buffer again", async () => {
  using it = new StreamBench({ out: { delay: 10 } });
  const bytes = encodeText("abc");
  await it.socket.write(bytes);
  bytes.fill(0);
  await it.time.pass(10);
  assertEquals(it.below.sent, "abc");
});

Deno.test("a stall without end does end when the plan is replaced", async () => {
  using it = new StreamBench({ out: { stallAfter: 1 } });
  await it.write("abc");
  await it.time.pass(1000);
  it.faults.out = NO_FAULTS;
  await it.time.pass(50);
  assertEquals(it.below.record, ["a@0", "bc@1050"]);
});

Deno.test("a read that began before the plan did anything ends with a close at once, or with the plan's reset", async () => {
  using it = new StreamBench({});
  const closed = assertRejects(() => it.read(), Deno.errors.Interrupted);
  it.faults.out = { ...NO_FAULTS, delay: 100 };
  await it.write("abc");
  it.socket.close();
  assertEquals(it.below.calls, ["close"]);
  await closed;
  using other = new StreamBench({});
  const reset = assertRejects(() => other.read(), Deno.errors.ConnectionReset);
  other.faults.out = { ...NO_FAULTS, resetAfter: 1 };
  await other.write("abc");
  await other.time.pass(20);
  assertEquals([other.below.sent, other.below.calls], ["a", ["reset", "close"]]);
  await reset;
});

Deno.test("close: what is on its way still arrives, and gone resolves then", async () => {
  using it = new StreamBench({ out: { delay: 100 } });
  const reading = it.read();
  await it.write("abc");
  await it.socket.closeWrite();
  it.socket.close();
  await assertRejects(() => reading, Deno.errors.BadResource);
  await assertRejects(() => it.write("x"), Deno.errors.BadResource);
  // Bytes that nobody read would turn the close into a reset.
  it.below.source.feed("unread");
  await it.time.pass(99);
  assertEquals([it.below.calls, it.below.source.reads], [[], 2]);
  await it.time.pass(1);
  await it.socket.gone;
  assertEquals([it.below.record, it.below.calls], [["abc@100"], ["closeWrite", "close"]]);
});

Deno.test("close: what the peer sends until then is read, though nobody has asked for it", async () => {
  using it = new StreamBench({ out: { delay: 100 } });
  await it.write("abc");
  it.socket.close();
  it.below.source.feed("unread");
  await it.time.pass(99);
  assertEquals([it.below.calls, it.below.source.reads], [[], 2]);
  await it.time.pass(1);
  await it.socket.gone;
});

Deno.test("close: a write that waits for a peer that reads no more ends with the time of the close", async () => {
  using it = new StreamBench({ out: { split: 3 } });
  it.below.stalled = true;
  await it.write("abcdef");
  it.socket.close();
  await it.time.pass(4999);
  assertEquals(it.below.closed, false);
  await it.time.pass(1);
  assertEquals(it.below.closed, true);
  await it.socket.gone;
});

Deno.test("close: of what does not arrive within its time, the rest is dropped", async () => {
  using it = new StreamBench({ out: { rate: 10 } });
  await it.write("0123456789");
  it.socket.close();
  await it.time.pass(1000);
  await it.socket.gone;
  assertEquals(it.below.sent, "0123456789");
  using stalled = new StreamBench({ out: { stallAfter: 0, stallFor: 10_000 } });
  await stalled.write("abc");
  stalled.socket.close();
  await stalled.time.pass(5000);
  await stalled.socket.gone;
  assertEquals([stalled.below.sent, stalled.below.calls], ["", ["close"]]);
  using forEver = new StreamBench({ out: { stallAfter: 0 } });
  await forEver.write("abc");
  forEver.socket.close();
  assertEquals([forEver.below.sent, forEver.below.calls], ["", ["close"]]);
});

Deno.test("reset() drops what is on its way, also while it is closing", async () => {
  using it = new StreamBench({ out: { delay: 100 } });
  await it.write("abc");
  it.socket.close();
  it.socket.reset();
  await it.time.pass(200);
  await it.socket.gone;
  assertEquals([it.below.sent, it.below.calls], ["", ["reset", "close"]]);
});

Deno.test("errors from below reach the next write, and a read in order", async () => {
  using it = new StreamBench({ out: { delay: 10 }, in: { delay: 10 } });
  const broken = new Deno.errors.BrokenPipe("gone");
  it.below.writeError = broken;
  await it.write("abc");
  await it.time.pass(10);
  assertStrictEquals(await assertRejects(() => it.write("def"), Deno.errors.BrokenPipe), broken);
  const reset = new Deno.errors.ConnectionReset("reset");
  const reading = it.read();
  it.below.source.feed("last words");
  it.below.source.fail(reset);
  await it.time.pass(10);
  assertEquals(await reading, "last words");
  assertStrictEquals(await assertRejects(() => it.read(), Deno.errors.ConnectionReset), reset);
  assertStrictEquals(await assertRejects(() => it.read(), Deno.errors.ConnectionReset), reset);
});

Deno.test("a write after closeWrite fails, and a writer that waits for room is told of the close", async () => {
  using it = new StreamBench({ out: { rate: 1000 } });
  const writing = it.write(new Uint8Array(5000));
  await turn();
  it.socket.close();
  await assertRejects(() => writing, Deno.errors.BadResource);
  it.socket.reset();
  using half = new StreamBench({ out: { delay: 10 } });
  await half.socket.closeWrite();
  await assertRejects(() => half.write("x"), Deno.errors.BrokenPipe);
});

Deno.test("what is on its way is bounded", async () => {
  using it = new StreamBench({ out: { delay: 1000 }, in: { delay: 1000 } });
  let taken = 0;
  const writing = (async () => {
    for (const bytes = new Uint8Array(65_536);;) taken += await it.socket.write(bytes);
  })().catch(() => {});
  const reading = it.read();
  for (let count = 0; count < 100; count++) it.below.source.feed(new Uint8Array(65_536));
  await turn();
  assertEquals([taken, it.below.source.reads], [4 * 1024 * 1024, 64]);
  it.socket.reset();
  await assertRejects(() => reading, Deno.errors.BadResource);
  await writing;
});

Deno.test("the same bytes have the same faults, however they are written and read, and whatever other connections do", async () => {
  const plan = {
    loss: 0.1,
    burst: 2,
    delay: 20,
    jitter: 10,
    split: "random",
    stallAfter: 20_000,
    stallFor: 50,
  } as const;
  const bytes = Uint8Array.from({ length: 60_000 }, (_, index) => index % 251);
  const recordOf = async (size: number, seed = 7): Promise<string[]> => {
    using it = new StreamBench({ out: plan, in: plan, seed, id: 3 });
    const reading = (async () => {
      for (const buffer = new Uint8Array(1 + size % 5000); await it.socket.read(buffer) !== null;);
    })();
    for (let at = 0; at < bytes.length; at += size) {
      await it.write(bytes.subarray(at, at + size));
      it.below.source.feed(bytes.slice(at, at + size));
    }
    it.below.source.end();
    for (let step = 0; step < 20; step++) {
      it.time.sleep(1000);
      await it.time.pass(60);
    }
    await reading;
    assertEquals(it.below.writes.reduce((sum, { bytes }) => sum + bytes.length, 0), bytes.length);
    return it.record.filter((line) => !line.includes("split")).toSorted();
  };
  const record = await recordOf(60_000);
  assert(record.length > 80, String(record.length));
  assertEquals(await recordOf(60_000), record);
  assertEquals(await recordOf(997), record);
  assert((await recordOf(997, 8)).join() !== record.join());
});
