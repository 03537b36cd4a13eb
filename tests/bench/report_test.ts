import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { barsOf, drawChart } from "../../bench/chart.ts";
import { reportOf } from "../../bench/report.ts";
import { figureText, goalRows, groupLines } from "../../bench/table.ts";
import { isWellFormed, oddIn } from "../support/markup.ts";
import { RESULTS, row, TCP } from "./results.ts";

Deno.test("a group is a table: a case's name, then a line for each server, and for one that failed why", () => {
  assertEquals(groupLines(TCP), [
    "TCP, small exchanges",
    "  server              ratio  spread  per second  p99 ms",
    "64 | connections",
    "  plainwire                    10 %      94,500    1.38",
    "  Node net             0.90    10 %     105,000",
    "  bare <Deno.listen>   1.50    10 %      63,000",
    "  ncat  Cannot connect: 100 of 200 are open",
    "  (plainwire 64 bytes)",
  ]);
  assertEquals(groupLines({ ...TCP, skipped: "not measured without gcc" }), [
    "TCP, small exchanges: not measured without gcc",
  ]);
});

Deno.test("where rows are divided by the first one, they are", () => {
  const cases = TCP.cases.map((one) => ({
    ...one,
    rows: [row("plainwire", "ours", [100]), row("--trace", "variant", [50])],
  }));
  const lines = groupLines({ ...TCP, relative: true, cases });
  assertMatch(lines[1] ?? "", /of the first/);
  assertMatch(lines[4] ?? "", /--trace +0\.50 +50$/);
});

Deno.test("figures have the digits of their metric", () => {
  assertEquals([figureText(118_681.4, "rate"), figureText(999.6, "rate"), figureText(0.641, "p50")], [
    "118,681",
    "1,000",
    "0.64",
  ]);
});

Deno.test("goals are told with what was measured", () => {
  assertEquals(goalRows(TCP), [
    ["tcp: 64 | connections", "per second at least 1.00 of Node net", "0.90", "missed"],
    ["tcp: 64 | connections", "per second at least 1.00 of C epoll", "-", "not measured"],
  ]);
});

Deno.test("the report has machine, versions, what was missing, goals, and each group, in tables that are whole", () => {
  const report = reportOf(RESULTS, "results.svg");
  for (
    const part of [
      "2026-01-02: 2 rounds of 1 s, in 2 minutes",
      "![Plainwire beside the others](results.svg)",
      "| cores | 2 |",
      "| Deno | 2.0.0 |",
      "Missing: wrk: not installed.",
      "Not measured without wrk.",
      "| 64 \\| connections | plainwire |  | 10 % | 94,500 | 1.38 |  |",
      "| Cannot connect: 100 of 200 are open |",
      "- 64 | connections: plainwire 64 bytes",
    ]
  ) assertStringIncludes(report, part);
  for (const table of report.split("\n\n").filter((part) => part.startsWith("|"))) {
    const columns = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
    assertEquals(new Set(columns).size, 1, table);
  }
});

Deno.test("a bar says how many times as good ours is: more is better, or less is", () => {
  const [one] = TCP.cases;
  assert(one !== undefined);
  assertEquals(barsOf(one).bars.map(({ className, times }) => [className, times.toFixed(2)]), [["node", "0.90"], [
    "bare",
    "1.50",
  ]]);
  const rows = [
    { server: "plainwire", kind: "ours", samples: [{ start: 30 }] },
    { server: "Node net", kind: "node", samples: [{ start: 60 }] },
  ] as const;
  assertEquals(barsOf({ ...one, primary: "start", rows }).bars.map(({ times }) => times), [2]);
});

Deno.test("the chart is markup that is well-formed, whatever is in it, and has a bar for each", () => {
  const svg = drawChart(RESULTS);
  assert(isWellFormed(svg));
  assertEquals(oddIn(svg), undefined);
  assertEquals(svg.match(/<rect class="(node|bare|peer)"/g)?.length, 2 + 3, "two bars, and the legend's three");
  assertStringIncludes(svg, "bare &lt;Deno.listen&gt;");
});
