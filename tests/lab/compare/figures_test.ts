import { assertEquals } from "@std/assert";
import { figuresOf, waitedOf } from "../../../lab/compare/figures.ts";
import { kindsOf } from "../../../lab/compare/record.ts";
import { recorded } from "./samples.ts";

const STREAM = { count: 6, interval: 10, size: 100 };
const arrivals = (...pairs: [number: number, at: number][]) => pairs.map(([number, at]) => ({ number, at }));

Deno.test("kindsOf() counts out of order as RFC 4737 does, and each further copy as a duplicate", () => {
  const kinds = kindsOf(arrivals([1, 0], [3, 1], [2, 2], [3, 3], [4, 4], [2, 5]));
  assertEquals(kinds, ["in order", "in order", "out of order", "duplicate", "in order", "duplicate"]);
});

Deno.test("figuresOf() measures lateness from when a message was due, and of a message's first arrival only", () => {
  const figures = figuresOf(recorded("udp", {
    stream: STREAM,
    arrivals: arrivals([1, 20], [3, 45], [2, 50], [2, 90]),
    lost: [4, 5, 6],
    opening: 2,
  }));
  const { arrived, lost, duplicated, outOfOrder, waited, first, last, max, total } = figures;
  assertEquals([arrived, lost, duplicated, outOfOrder, waited], [3, 3, 1, 1, null]);
  assertEquals([first, last, max, total], [20, 50, 40, 52]);
});

Deno.test("waitedOf() counts what was sent again and what could have been there before it, not what was due later", () => {
  // 2 comes 75 ms late; 3 to 5 would have been there, 6 would not.
  const tcp = recorded("tcp", {
    stream: STREAM,
    arrivals: arrivals([1, 5], [2, 50], [3, 50], [4, 50], [5, 50], [6, 55]),
    lost: [2],
  });
  assertEquals([...waitedOf(tcp) ?? []], [2, 3, 4, 5]);
  assertEquals([...waitedOf({ ...tcp, lost: [] }) ?? []], []);
});

Deno.test("waitedOf() judges the kernel's losses by the time, with room for jitter", () => {
  const tcp = recorded("tcp", { stream: STREAM, arrivals: arrivals([1, 5], [2, 21], [3, 60]), lost: null });
  assertEquals([...waitedOf(tcp) ?? []], [2, 3]);
  assertEquals([...waitedOf(tcp, 3) ?? []], [3]);
});

Deno.test("figuresOf() has no times where nothing arrived", () => {
  const { first, last, p50, p99, max, total, lost } = figuresOf(recorded("tcp", { arrivals: [] }));
  assertEquals([first, last, p50, p99, max, total, lost], [null, null, null, null, null, null, 40]);
});
