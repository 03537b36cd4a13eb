/** The tables, the picture and the command line of a soak. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { drawChart } from "../../../lab/soak/chart.ts";
import { flags, repeatLine, wantedOf } from "../../../lab/soak/flags.ts";
import { chartOf, findingEvent, summaryOf } from "../../../lab/soak/report.ts";
import { SERVERS } from "../../../lab/soak/servers.ts";
import { tablesOf } from "../../../lab/soak/table.ts";
import { verdict } from "../../../lab/soak/verdict.ts";
import { UsageError } from "../../../lib/errors.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { isWellFormed, oddIn } from "../../support/markup.ts";
import { recordOf, serverRecord } from "./records.ts";

const SCARCE = [{ name: "tcp echo", descriptors: 64, clients: 200, said: 1, wrong: [] }];

Deno.test("the tables have a line for each server, and say what was not to be had", () => {
  const limited = { ...serverRecord().crowds[0]!, wanted: 9000, limit: "this process may open no more descriptors" };
  assertEquals(tablesOf(recordOf({ crowds: [limited] }, { scarce: SCARCE })), [
    "           good  wrong  retried  faulty  alone  faults  after  longest",
    "tcp echo  1,320      0        0      50    1.5     1.5    1.5     12.0",
    "(time of a good exchange in ms: the median alone, among faulty clients, and alone again; the longest of all)",
    "",
    "          MiB before  most  after  descriptors before   most  after  threads",
    "tcp echo          55    60     70                  25  1,025     25        7",
    "",
    "           idle  KiB each  served  exchanges",
    "tcp echo  1,000      19.5     100        500  of 9,000: this process may open no more descriptors",
    "",
    "few descriptors  limit  clients  warned  held",
    "tcp echo            64      200       1   yes",
  ]);
});

Deno.test("without /proc the tables have dashes, and say why", () => {
  const samples = serverRecord().samples.map((sample) => ({ ...sample, usage: null }));
  const unmeasured = ["memory, descriptors and threads: only Linux has /proc"];
  const lines = tablesOf(recordOf({ samples, before: null, after: null, crowds: [] }, { unmeasured }));
  assertEquals(lines.slice(-2), [
    "tcp echo           -     -      -                   -     -      -        -",
    "(not measured: memory, descriptors and threads: only Linux has /proc)",
  ]);
});

Deno.test("the picture is well-formed whatever was measured, and the same record gives the same bytes", () => {
  const empty = recordOf({ samples: [] }, { phases: [] });
  const strange = recordOf({ name: "<&>", samples: serverRecord().samples.slice(0, 1) });
  for (const recorded of [recordOf(), empty, strange, recordOf({}, { servers: [] })]) {
    const chart = drawChart(chartOf(recorded, verdict(recorded)));
    assert(isWellFormed(chart));
    assertEquals(oddIn(chart), undefined);
    assertEquals(drawChart(chartOf(recorded, verdict(recorded))), chart);
  }
});

Deno.test("a failure says which server, what, and how to repeat it", () => {
  const recorded = recordOf({ ending: null });
  const findings = verdict(recorded);
  const wanted = { time: 120_000, idle: 10_000, seed: 7, servers: SERVERS };
  const [finding] = findings;
  assert(finding);
  const repeat = "deno task soak --minutes 2 --idle 10000 --seed 7";
  assertEquals(findingEvent(finding, repeatLine(wanted)).prose, [{
    mark: "trouble",
    text: `tcp echo: did not end after SIGTERM, and was killed. Repeat it with: ${repeat}`,
  }]);
  assertEquals(summaryOf(recorded, findings).findings, findings);
  assertStringIncludes(drawChart(chartOf(recorded, findings)), "tcp echo: did not end after SIGTERM");
});

const read = (...args: string[]) => wantedOf(parseFlags(flags, args).values);

Deno.test("what the flags ask for, and what makes no sense", () => {
  assertEquals(read("--minutes", ".3").time, 18_000);
  assertEquals(read("--seed", "5", "--timeout", "2.5").limit, 2500);
  assertEquals(read("--only", "relay").servers.map(({ name }) => name), ["tcp echo", "relay"], "and its target");
  for (
    const args of [["--minutes", "0"], ["--minutes", "x"], ["--plot", "a.png"], ["--timeout", "0"], ["--only", "ftp"]]
  ) {
    assertThrows(() => read(...args), UsageError);
  }
});
