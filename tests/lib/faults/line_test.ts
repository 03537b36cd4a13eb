import { assert, assertEquals } from "@std/assert";
import type { Fault } from "../../../lib/faults/fault.ts";
import { Line } from "../../../lib/faults/line.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { retransmission } from "../../../lib/faults/segments.ts";

Deno.test("Line keeps nothing of what comes after its end", () => {
  const line = new Line({ seed: 1, flow: 1, direction: "in", tell: () => {}, start: 0 });
  line.push(new Uint8Array(5), 0, { ...NO_FAULTS, halfCloseAfter: 3 });
  line.push(new Uint8Array(5), 0, NO_FAULTS);
  assertEquals([line.length, line.ended, line.take(0, NO_FAULTS)], [3, true, [new Uint8Array(3)]]);
  assertEquals([line.takeMark()?.does, line.empty], ["halfCloseAfter", true]);
});

Deno.test("Line has no room beyond 4,096 writes, however short they are", () => {
  const line = new Line({ seed: 1, flow: 1, direction: "out", tell: () => {}, start: 0 });
  for (let count = 0; count < 4095; count++) line.push(new Uint8Array(1), 0, NO_FAULTS);
  assert(line.room(NO_FAULTS) > 0);
  line.push(new Uint8Array(1), 0, NO_FAULTS);
  assertEquals(line.room(NO_FAULTS), 0);
  line.take(0, NO_FAULTS);
  assert(line.room(NO_FAULTS) > 0);
});

Deno.test("Line tells the same of the same bytes, whenever they come and however they are written", () => {
  const plan = { ...NO_FAULTS, loss: 0.4, delay: 5, jitter: 3, split: 700 };
  const record = (size: number, every: number): string[] => {
    const told: string[] = [];
    const tell = ({ kind, where, detail }: Fault): unknown => told.push(`${kind} ${where}: ${detail}`);
    const line = new Line({ seed: 1, flow: 1, direction: "out", tell, start: 0 });
    let now = 0;
    for (let at = 0; at < 20_000; at += size, now += every) {
      line.push(new Uint8Array(Math.min(size, 20_000 - at)), now, plan);
    }
    while (!line.empty) line.take(line.due, plan);
    return told;
  };
  const once = record(20_000, 0);
  assert(once.some((fault) => fault.startsWith("loss") && fault.endsWith(": sent again 2 times")), once.join("\n"));
  assertEquals(record(333, 7), once);
});

Deno.test("Line tells of a segment that never arrives, though nothing comes out", () => {
  const told: Fault[] = [];
  const line = new Line({ seed: 1, flow: 1, direction: "out", tell: (fault) => told.push(fault), start: 0 });
  for (let count = 0; count < 3; count++) line.push(new Uint8Array(10), 0, { ...NO_FAULTS, loss: 1 });
  assertEquals(line.due, Infinity);
  assertEquals(told.map(({ kind, where, detail }) => [kind, where, detail]), [
    ["loss", 0, "lost for good, and all that follows"],
  ]);
});

Deno.test("Line has little room while many lines hold much, and gives room back as it is emptied", () => {
  const load = { bytes: 0 };
  const plan = { ...NO_FAULTS, delay: 1000 };
  const lines = Array.from(
    { length: 100 },
    (_, flow) => new Line({ seed: 1, flow, direction: "out", tell: () => {}, start: 0, load }),
  );
  for (const line of lines) line.push(new Uint8Array(line.room(plan)), 0, plan);
  assertEquals(load.bytes, 256 * 1024 * 1024 + 36 * 16 * 1024);
  const [first, second] = lines;
  while (first?.empty === false) first.take(first.due, plan);
  second?.clear();
  assertEquals(load.bytes, 248 * 1024 * 1024 + 36 * 16 * 1024);
  assertEquals(second?.room(plan), 4 * 1024 * 1024);
});

Deno.test("retransmission() is by timeout or fast, and later losses by timeouts that double", () => {
  // Sent at 1000 with a delay of 50: a round trip is 100, a timeout 300.
  const late = (losses: number, overtaken: number): number =>
    retransmission({ index: 0, jitter: 0, losses, overtaken }, 1000, 50);
  assertEquals([late(0, Infinity), late(1, Infinity), late(2, Infinity), late(3, Infinity)], [0, 300, 900, 2100]);
  assertEquals([late(1, 1000), late(1, 1050), late(2, 1050), late(3, 1050)], [100, 150, 450, 1050]);
  // Too late to be fast, and the timeouts go on as they were.
  assertEquals([late(1, 1250), late(1, 1300), late(2, 1350)], [300, 300, 900]);
  assertEquals(late(Infinity, 1000), Infinity);
  // No timeout is longer than two minutes.
  assertEquals(late(15, Infinity) - late(14, Infinity), 120_000);
});
