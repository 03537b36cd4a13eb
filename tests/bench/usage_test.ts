import { assertEquals, assertThrows } from "@std/assert";
import { figuresFrom } from "../../bench/generator.ts";
import { cpuOf, memoryOf } from "../../bench/usage.ts";
import { readWrk } from "../../bench/wrk.ts";

/** A line of /proc/PID/stat: the CPU time in ticks, the process's own and its ended children's. */
const stat = (name: string, group: number, own: string, children: string): string =>
  `71 (${name}) S 1 ${group} 70 0 -1 4194560 1 2 3 4 ${own} ${children} 20 0 20 0`;

Deno.test("the CPU time of a group is that of all its processes, whatever they are called", () => {
  const stats = [
    stat("socat", 70, "100 20", "5 5"),
    stat("a) R 70 70 (b", 70, "10 10", "0 0"),
    stat("other", 99, "1000 1000", "0 0"),
  ].join("\n");
  assertEquals(cpuOf(stats, 70), 1.5);
  assertEquals(cpuOf("", 70), 0);
});

Deno.test("the memory of a process is what is resident", () => {
  assertEquals(memoryOf("Name:\tdeno\nVmHWM:\t  99 kB\nVmRSS:\t    2048 kB\n"), 2_097_152);
  assertEquals(memoryOf("Name:\tdeno\n"), null, "a zombie has none");
});

Deno.test("figures: rates, shares, CPU time for 100,000 exchanges or a gigabyte", () => {
  assertEquals(
    figuresFrom({ told: { seconds: 2, exchanges: 50_000, p50: 1, p99: 2, slowest: 0.5, lost: 0 }, cpu: 1 }),
    {
      rate: 25_000,
      p50: 1,
      p99: 2,
      slowest: 0.5,
      lost: 0,
      cpu: 2,
    },
  );
  assertEquals(figuresFrom({ told: { seconds: 2, bytes: 4e9, p50: 0.001 }, cpu: 2 }), { gigabytes: 2, cpu: 0.5 });
  assertEquals(figuresFrom({ told: { seconds: 2, lines: 2500, burst: 2000 }, cpu: 1 }), { rate: 1000, cpu: 40 });
  assertEquals(figuresFrom({ told: { seconds: 1, exchanges: 75, lost: 25 }, cpu: 0 }).lost, 25);
});

Deno.test("what came back wrong, or not at all, is no figure", () => {
  const told = { seconds: 1, exchanges: 1000 };
  for (const part of [{ wrong: 1 }, { broken: 2 }, { missing: 3 }]) {
    assertThrows(() => figuresFrom({ told: { ...told, ...part }, cpu: 0 }), Error, "Cannot count that: ");
  }
});

const REPORT = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Latency Distribution
     50%    0.91ms
     75%    1.20ms
     90%    2.10ms
     99%    1.25s 
  71234 requests in 1.10s, 8.69MB read
Requests/sec:  64758.18
`;

Deno.test("wrk's report: times in any unit, errors counted, refusals told", () => {
  assertEquals(readWrk(REPORT), { exchanges: 71_234, seconds: 1.1, p50: 0.91, p99: 1250, broken: 0 });
  assertEquals(readWrk(REPORT.replace("1.25s ", "0.00us")).p99, undefined);
  const errors = "  Socket errors: connect 1, read 2, write 0, timeout 4\n";
  assertEquals(readWrk(REPORT + errors).broken, 7);
  assertThrows(() => readWrk(`${REPORT}  Non-2xx or 3xx responses: 12\n`), Error, "12 answers were no success");
  assertThrows(() => readWrk("unable to connect to 127.0.0.1:1 Connection refused\n"), Error, "unable to connect");
});
