import { assertEquals } from "@std/assert";
import type { CaseResult, Row } from "../../bench/model.ts";
import { bestPeerOf, ratioOf, spreadOf, verdictOf } from "../../bench/statistics.ts";
import { row } from "./results.ts";

Deno.test("a median lies between the two middle figures, and no figures have none", () => {
  assertEquals(spreadOf([5]), { median: 5, least: 5, most: 5 });
  assertEquals(spreadOf([9, 1, 4]), { median: 4, least: 1, most: 9 });
  assertEquals(spreadOf([100, 9, 20, 10]), { median: 15, least: 9, most: 100 });
  assertEquals(spreadOf([]), null);
});

Deno.test("a ratio is made of figures of one round, and of rounds that have both", () => {
  // The machine was twice as fast in the second round: both were, so the ratio stays.
  const [ours, theirs] = [row("plainwire", "ours", [100, 200, 110]), row("Node net", "node", [50, 100, undefined])];
  assertEquals(ratioOf(ours, theirs, "rate"), { median: 2, least: 2, most: 2 });
  assertEquals(ratioOf(ours, row("Node net", "node", [undefined]), "rate"), null);
  assertEquals(ratioOf(ours, row("Node net", "node", [0, 0]), "rate"), null);
  assertEquals(ratioOf(ours, theirs, "p99"), null);
});

const result = (...rows: Row[]): CaseResult => ({ name: "a case", primary: "rate", goals: [], rows });

Deno.test("the best peer is the best by the case's own metric, and neither Node nor a bare loop nor one that failed", () => {
  const rows = [
    row("plainwire", "ours", [100]),
    row("Node net", "node", [900]),
    row("bare Deno.listen", "bare", [900]),
    row("two over NATS", "variant", [900]),
    row("socat", "peer", [30]),
    row("ncat", "peer", [undefined], "Cannot connect: it left"),
    row("asyncio", "peer", [40]),
  ];
  assertEquals(bestPeerOf(result(...rows))?.server, "asyncio");
  const slow = rows.map((one): Row => ({
    ...one,
    samples: one.samples.map((sample) => sample && { p99: sample.rate ?? 0 }),
  }));
  assertEquals(bestPeerOf({ ...result(...slow), primary: "p99" })?.server, "socat", "less is better");
  assertEquals(bestPeerOf(result(...rows.slice(0, 4))), undefined);
});

Deno.test("a goal is met, missed, or was not measured", () => {
  const measured = result(row("plainwire", "ours", [97, 99]), row("Node net", "node", [100, 100]));
  const node = { metric: "rate", against: "Node net" } as const;
  assertEquals(verdictOf(measured, { ...node, least: 0.98 }), { measured: 0.98, met: true });
  assertEquals(verdictOf(measured, { ...node, least: 1 }), { measured: 0.98, met: false });
  assertEquals(verdictOf(measured, { ...node, most: 0.9 }), { measured: 0.98, met: false });
  assertEquals(verdictOf(measured, { metric: "rate", least: 90 }), { measured: 98, met: true });
  assertEquals(verdictOf(measured, { metric: "rate", against: "nginx", least: 1 }), { measured: null, met: null });
  assertEquals(verdictOf(measured, { metric: "p99", most: 1 }), { measured: null, met: null });
  // As it is shown: 0.997 is 1.00.
  const near = result(row("plainwire", "ours", [997]), row("Node net", "node", [1000]));
  assertEquals(verdictOf(near, { ...node, least: 1 }).met, true);
});
