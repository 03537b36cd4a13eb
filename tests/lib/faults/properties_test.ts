import { concat } from "@std/bytes/concat";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Fault } from "../../../lib/faults/fault.ts";
import { packetFaults } from "../../../lib/faults/packet_faults.ts";
import { type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { quickTurn, TestTime } from "../../support/time.ts";
import { FakePackets, peer } from "./fake_packets.ts";
import { StreamBench } from "./fake_stream.ts";

const RUNS = { seed: 13, numRuns: 80 };

/** A value now and then, so that most plans do one or two things. */
function sometimes<T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
}

const time = sometimes(0, fc.nat(300_000).map((us) => us / 1000));
const share = sometimes(0, fc.nat(50).map((percent) => percent / 100));
const position = sometimes(Infinity, fc.nat(20_000));

const streamPlan: fc.Arbitrary<FaultPlan> = fc.record({
  delay: time,
  jitter: time,
  rate: sometimes(Infinity, fc.integer({ min: 5000, max: 1_000_000 })),
  loss: sometimes(0, fc.nat(25).map((percent) => percent / 100)),
  burst: fc.constantFrom(1, 1, 3),
  split: sometimes<FaultPlan["split"]>(
    null,
    fc.oneof(fc.constantFrom("random" as const, "utf8" as const), fc.integer({ min: 1, max: 5000 })),
  ),
  coalesce: time,
  slowRead: sometimes(Infinity, fc.integer({ min: 5000, max: 1_000_000 })),
  stallAfter: position,
  stallFor: fc.constantFrom(Infinity, 0, 500),
  halfCloseAfter: position,
  resetAfter: position,
}).map((values) => ({ ...NO_FAULTS, ...values }));

/** How many bytes of a stream a plan lets pass. */
function passing({ stallAfter, stallFor, halfCloseAfter, resetAfter }: FaultPlan): number {
  return Math.min(stallFor === Infinity ? stallAfter : Infinity, halfCloseAfter, resetAfter);
}

/** Whether the end of so many bytes passes, like a byte behind the last. */
function endPasses({ stallAfter, stallFor, halfCloseAfter }: FaultPlan, length: number): boolean {
  return stallFor !== Infinity || Math.min(halfCloseAfter, length) < stallAfter;
}

/** Text of characters of one to four bytes, so that there is something to cut. */
const STREAM = new TextEncoder().encode("aé漢😀\n".repeat(2000));

Deno.test("for any plan, a stream's bytes arrive as the prefix that the plan allows, in order, once", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 12 });
  const property = fc.asyncProperty(
    streamPlan,
    streamPlan,
    sizes,
    sizes,
    fc.nat(9),
    async (out, back, writes, feeds, seed) => {
      using it = new StreamBench({ out, in: back, seed });
      const sent = STREAM.subarray(0, writes.reduce((sum, size) => sum + size, 0));
      const fed = STREAM.subarray(0, feeds.reduce((sum, size) => sum + size, 0));
      const [writing, reading] = [writeAll(it, sent, writes), readAll(it)];
      for (let at = 0, index = 0; index < feeds.length; at += feeds[index++] ?? 0) {
        it.below.source.feed(fed.slice(at, at + (feeds[index] ?? 0)));
      }
      it.below.source.end();
      for (let step = 0; step < 50; step++) await it.time.pass(step < 40 ? 10 : 10_000);
      const written = concat(it.below.writes.map(({ bytes }) => bytes));
      const wanted = sent.subarray(0, passing(out));
      const isReset = it.told.some(({ kind }) => kind === "resetAfter");
      if (isReset) assertEquals(written, sent.subarray(0, written.length));
      else assertEquals(written, wanted);
      assert(written.length <= wanted.length);
      if (!isReset) {
        assertEquals(it.below.calls.includes("closeWrite"), endPasses(out, sent.length), "FIN");
      }
      it.socket.close();
      await it.time.pass(60_000);
      await it.socket.gone;
      assertEquals(it.below.calls.filter((call) => call === "close"), ["close"]);
      assertEquals(it.time.timers, 0);
      await writing;
      const { bytes, end } = await reading;
      // A stream that has ended before is not reset any more.
      if (isReset && end !== "end") assertEquals([bytes, end], [fed.subarray(0, bytes.length), "ConnectionReset"]);
      else assertEquals(bytes, fed.subarray(0, passing(back)));
      assert(bytes.length <= passing(back));
      assertEquals(end === "BadResource", !isReset && !endPasses(back, fed.length));
    },
  );
  await fc.assert(property, RUNS);
});

/** Writes a stream in pieces of these sizes, and its end. Never rejects. */
async function writeAll(it: StreamBench, bytes: Uint8Array, sizes: readonly number[]): Promise<void> {
  try {
    let at = 0;
    for (const size of sizes) {
      await it.write(bytes.subarray(at, at + size));
      at += size;
    }
    await it.socket.closeWrite();
  } catch {
    // Reset by the plan, or closed by the test.
  }
}

/** Reads a stream to its end; returns that too: an error's name, or "end". */
async function readAll(it: StreamBench): Promise<{ bytes: Uint8Array; end: string }> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(1000);
  try {
    for (let count; (count = await it.socket.read(buffer)) !== null;) pieces.push(buffer.slice(0, count));
    return { bytes: concat(pieces), end: "end" };
  } catch (error) {
    return { bytes: concat(pieces), end: error instanceof Error ? error.name : "" };
  }
}

const packetPlan: fc.Arbitrary<FaultPlan> = fc.record({
  delay: time,
  jitter: time,
  rate: sometimes(Infinity, fc.integer({ min: 1000, max: 100_000 })),
  loss: share,
  burst: fc.constantFrom(1, 1, 3),
  duplicate: share,
  reorder: share,
  corrupt: share,
  truncate: sometimes(Infinity, fc.integer({ min: 6, max: 100 })),
  queue: fc.constantFrom(1, 3, 100),
}).map((values) => ({ ...NO_FAULTS, ...values }));

/** Datagram number `index`: it can be told by any two of its first three pairs of bytes. */
function datagram(index: number, length: number): Uint8Array {
  const bytes = new Uint8Array(6 + length).fill(index);
  for (let copy = 0; copy < 3; copy++) bytes.set([index >> 8, index & 255], 2 * copy);
  return bytes;
}

/** The number of a datagram, though one of its bits may be flipped. */
function numberOf(bytes: Uint8Array): number {
  const copies = [0, 2, 4].map((at) => 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0));
  return copies.find((copy, index) => copies.indexOf(copy) !== index) ?? -1;
}

/** How many bits differ. */
function flips(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((sum, byte, at) => sum + (byte ^ (other[at] ?? 0)).toString(2).replaceAll("0", "").length, 0);
}

Deno.test("for any plan, what arrives of datagrams is what was sent, less and more by what was told", async () => {
  const lengths = fc.array(fc.tuple(fc.nat(200), fc.nat(30)), { maxLength: 60 });
  const property = fc.asyncProperty(packetPlan, packetPlan, lengths, fc.nat(9), async (out, back, packets, seed) => {
    const time = new TestTime(quickTurn);
    const below = new FakePackets(() => time.now());
    const told: Fault[] = [];
    const faults = { seed, out, in: back, cut: false };
    const socket = packetFaults(faults, (fault) => told.push(fault), time)(below);
    const received: Uint8Array[] = [];
    const receiving = (async () => {
      for (const buffer = new Uint8Array(1000);;) received.push((await socket.receive(buffer))[0].slice());
    })().catch(() => {});
    const sent = packets.map(([length], index) => datagram(index, length));
    for (const [index, [, gap]] of packets.entries()) {
      const bytes = sent[index] ?? new Uint8Array();
      await socket.send(bytes, peer(7));
      below.feed(bytes);
      await time.pass(gap);
    }
    await time.pass(30_000);
    explain(sent, below.sent.map(({ bytes }) => bytes), out, told.filter(({ direction }) => direction === "out"));
    explain(sent, received, back, told.filter(({ direction }) => direction === "in"));
    socket.close();
    await receiving;
    assertEquals(time.timers, 0);
  });
  await fc.assert(property, RUNS);
});

/** Checks that what has arrived follows from what was sent and what was told. */
function explain(
  sent: readonly Uint8Array[],
  arrived: readonly Uint8Array[],
  plan: FaultPlan,
  told: readonly Fault[],
): void {
  const numbers = arrived.map(numberOf);
  for (const [index, bytes] of sent.entries()) {
    const kinds = told.flatMap(({ kind, where }) => where === index + 1 ? [kind] : []);
    const copies = kinds.includes("loss") ? 0 : kinds.includes("duplicate") ? 2 : 1;
    const dropped = kinds.filter((kind) => kind === "queue").length;
    assertEquals(numbers.filter((number) => number === index).length, copies - dropped, `number ${index}: ${kinds}`);
    for (const copy of arrived.filter((_, at) => numbers[at] === index)) {
      assertEquals(copy.length, Math.min(bytes.length, plan.truncate));
      const flipped = flips(copy, bytes);
      assert(kinds.includes("corrupt") ? flipped === 1 || copy.length < bytes.length : flipped === 0);
    }
  }
  if (plan.jitter === 0 && plan.reorder === 0) assertEquals(numbers, numbers.toSorted((one, other) => one - other));
}
