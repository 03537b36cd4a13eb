import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import { Failure } from "../../../lib/errors.ts";
import { encodeText, escapeControls } from "../../../lib/text.ts";
import { findingOf, placeOf, stepLines } from "../../../lab/checks/finding.ts";
import { junitOf } from "../../../lab/checks/junit.ts";
import { Report, type ReportOptions } from "../../../lab/checks/report.ts";
import { Steps } from "../../../lab/checks/steps.ts";
import { tapComment, tapResult } from "../../../lab/checks/tap.ts";
import { yamlBlock } from "../../../lab/checks/yaml.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { fakeCheck, fakeResult } from "./support.ts";

/** What a server could send to break a report. */
const HOSTILE = "a\nok 99 - forged\r\n...\n---\n\x1b[2J\0\u0085\u2028\u202e\ud800\uffff # SKIP ]]> <!-- & \"'";
const CONTEXT = { protocol: "tcp", transport: "tcp" } as const;

const TEXTS = [
  HOSTILE,
  "",
  " leading",
  "trailing ",
  "yes",
  "null",
  "12",
  "1e3",
  "- item",
  "? key",
  "key: value",
  "# comment",
  "@at",
  "`tick`",
  "%percent",
  "it's",
  '"quoted"',
  "a: b: c",
  "[1, 2]",
  "{a: 1}",
  "*alias",
  "&anchor",
  "!tag",
  "|",
  ">",
  "漢字 😀",
  "tab\there",
  "2026-01-01",
  "~",
  "=",
  "<<",
  "no",
  "line 1\n  indented\n\nlast",
  "\n",
  "  first is indented\nsecond",
];

Deno.test("yamlBlock() makes YAML that says what was put in, escaped where it must be", () => {
  for (const text of TEXTS) {
    const parsed = parse(yamlBlock({ text, list: [text], number: 3, nothing: null }).join("\n")) as {
      text: string;
      list: string[];
      number: number;
    };
    assertEquals([parsed.number, parsed.list.length, Object.keys(parsed).length], [3, 1, 3], JSON.stringify(text));
    if (text === HOSTILE || text === "\n") continue;
    const lines = text.split("\n").map((line) => line.trimEnd());
    assertEquals(parsed.text.replace(/\n$/, ""), text.includes("\n") ? lines.join("\n") : text.replace("\t", "\\t"));
    if (!text.includes("\n")) assertEquals(parsed.list, [text.replace("\t", "\\t")]);
  }
});

Deno.test("tapResult() writes one line per check, and a server's bytes forge none", async () => {
  assertEquals(tapResult(fakeResult(), null), ["ok 1 - one: the check one"]);
  const skipped = fakeResult({ outcome: "skipped", reason: "no\nok 2" });
  assertEquals(tapResult(skipped, null), ["ok 1 - one: the check one # SKIP no\\nok 2"]);
  assertEquals(tapComment(`a${HOSTILE}`).includes("\n"), false);
  const check = fakeCheck("two", { title: "a # in \\ it" });
  const steps = new Steps();
  steps.add(1, "connect");
  steps.add(1, "receive", encodeText(HOSTILE));
  const result = fakeResult({
    number: 2,
    check,
    outcome: "failed",
    reason: HOSTILE,
    steps: steps.list,
    lastWords: HOSTILE,
  });
  const lines = tapResult(result, await findingOf(result, CONTEXT));
  assertEquals(lines.slice(0, 2), ["not ok 2 - two: a \\# in \\\\ it", "  ---"]);
  assertEquals(lines.at(-1), "  ...");
  const inner = lines.slice(2, -1);
  assert(inner.every((line) => line === "" || /^ {2}/.test(line)), "nothing but the block stands under it");
  assertEquals(escapeControls(lines.join("\n"), { lines: true }), lines.join("\n"));
  const finding = parse(inner.map((line) => line.slice(2)).join("\n")) as Record<string, unknown>;
  assertEquals(finding.why, "RFC 9293 3.7 (practice)");
});

Deno.test("junitOf() is XML whatever a server sends", async () => {
  const result = fakeResult({ outcome: "failed", reason: HOSTILE, lastWords: HOSTILE });
  const finding = await findingOf(result, CONTEXT);
  const skipped = fakeResult({ outcome: "skipped", reason: "<no>" });
  const reported = [fakeResult(), skipped].map((result) => ({ result, finding: null }));
  const xml = junitOf([...reported, { result, finding }], { name: "lab:check tcp", began: new Date(0) });
  assertMatch(
    xml,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites .*tests="3" failures="1" errors="0" skipped="1"/,
  );
  assertStringIncludes(xml, '<skipped message="&lt;no&gt;"/>');
  assertStringIncludes(xml, 'timestamp="1970-01-01T00:00:00"');
  // What XML 1.0 cannot carry.
  assertEquals(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(xml), false);
  assertEquals(xml.replace(/<(\?|\/?)(xml|testsuites?|testcase|failure|skipped)\b[^<>]*>/g, "").includes("<"), false);
  assertEquals(/&(?!(amp|lt|gt|quot|#39);)/.test(xml), false);
});

Deno.test("stepLines() tells what was done and what came, with times, and leaves out the middle", () => {
  const steps = new Steps();
  steps.add(1, "connect");
  steps.add(1, "send", encodeText("one\ntwo\xff".repeat(1)));
  steps.add(2, "receive", new Uint8Array(60_000).fill(0x78));
  steps.add(2, "silence", undefined, "2000 ms");
  assertEquals(stepLines(steps.list, 0).map((line) => line.replace(/^[\d.]+ ms/, "T")), [
    "T: #1 the client connects",
    "T: #1 the client sends 9 bytes: one\\ntwoÿ",
    "T: #2 the server sends 60,000 bytes: ⟨60,000 × x⟩",
    "T: #2 nothing comes for 2000 ms",
  ]);
  for (let count = 0; count < 300; count++) steps.add(3, "connect");
  assertEquals([steps.list.length, steps.left], [200, 104]);
  const lines = stepLines(steps.list, steps.left);
  assertEquals([lines.length, lines[6]], [13, "… 292 steps …"]);
});

Deno.test("placeOf() looks up a remedy's line in the project's own file; without it, the file has to do", async () => {
  const remedy = { why: "", file: "tcp/server.ts", line: "await connection.readMessage()" };
  assertMatch(
    await placeOf(remedy),
    /^tcp\/server\.ts, line \d+: if \(await connection\.readMessage\(\) === null\) return;$/,
  );
  assertEquals(await placeOf({ ...remedy, file: "tcp/none.ts" }), "tcp/none.ts");
  assertEquals(await placeOf({ ...remedy, line: "no such words" }), "tcp/server.ts");
});

Deno.test("placeOf() without the permission to read names the file", { permissions: { read: false } }, async () => {
  assertEquals(await placeOf({ why: "", file: "tcp/server.ts", line: "x" }), "tcp/server.ts");
});

/** A report that a test reads. */
function report(changes: Partial<ReportOptions> = {}): { report: Report; lines: string[]; events: RecordedEvents } {
  const lines: string[] = [];
  const events = new RecordedEvents();
  const print = (more: readonly string[]): Promise<void> => Promise.resolve(void lines.push(...more));
  const options = { ...CONTEXT, total: 3, events, print, json: false, quiet: false, points: false, ...changes };
  return { report: new Report(options), lines, events };
}

const FAILED = fakeResult({
  number: 2,
  check: fakeCheck("two", { points: 3, mistake: 6 }),
  outcome: "failed",
  reason: "no",
});
const SKIPPED = fakeResult({ number: 3, check: fakeCheck("three"), outcome: "skipped", reason: "no echo" });

Deno.test("Report prints TAP 14, and ends with the totals and the score", async () => {
  const { report: made, lines, events } = report({ points: true });
  await made.begin(["about it"]);
  for (const result of [fakeResult(), FAILED, SKIPPED]) await made.add(result);
  await made.end(null);
  assertEquals(lines.slice(0, 5), [
    "TAP version 14",
    "1..3",
    "# about it",
    "ok 1 - one: the check one",
    "not ok 2 - two: the check two",
  ]);
  assertEquals(lines.slice(-3), [
    "ok 3 - three: the check three # SKIP no echo",
    "# passed 1 of 2 (50 %), skipped 1",
    "# score 1 of 4 points",
  ]);
  assertStringIncludes(lines.join("\n"), "  mistake: '6, UTF-8 cut between reads'\n");
  assertEquals(events.names, ["result", "result", "result", "summary"]);
  const failure = assertThrows(() => made.verdict, Failure);
  assertEquals([failure.code, failure.message], [1, "Cannot pass the server: 1 check failed, 1 passed, 1 skipped"]);
});

Deno.test("Report: --quiet prints failures and totals, --json comments as events, a stopped run bails out", async () => {
  const quiet = report({ quiet: true });
  await quiet.report.begin(["about it"]);
  for (const result of [fakeResult(), FAILED]) await quiet.report.add(result);
  await quiet.report.end(null);
  assertEquals(quiet.lines[0], "not ok 2 - two: the check two");
  assertEquals(quiet.lines.at(-1), "# passed 1 of 2 (50 %)");

  const stopped = report({ json: true });
  await stopped.report.begin(["about it"]);
  await stopped.report.add(fakeResult());
  await stopped.report.end("Stopped by SIGINT");
  assertEquals(stopped.lines.slice(-2), ["Bail out! Stopped by SIGINT", "# passed 1 of 1 (100 %)"]);
  assertEquals(stopped.events.names, ["notice", "result", "summary"]);
  assertEquals(stopped.report.verdict, "Done: 1 check passed");
});

Deno.test("Report says each remedy once, and at the end which failures share one", async () => {
  const { report: made, lines } = report();
  const remedy = { why: "Do it otherwise.", file: "tcp/none.ts", line: "x" };
  const failed = (number: number, changes: Parameters<typeof fakeCheck>[1]): ReturnType<typeof fakeResult> =>
    fakeResult({ number, check: fakeCheck(`check${number}`, changes), outcome: "failed", reason: "no" });
  await made.add(failed(1, { remedy, mistake: 1 }));
  await made.add(failed(2, {}));
  await made.add({ ...failed(3, { mistake: 6 }), blame: { mistake: 1, remedy } });
  await made.end(null);
  const text = lines.join("\n");
  assertEquals(text.split("Do it otherwise.").length, 2);
  assertStringIncludes(text, "  mistake: '1, one write = one read'\n  remedy: as for 1, check1\n");
  assertStringIncludes(
    text,
    "# failures with the same remedy:\n#   1 check1, 3: mistake 1, one write = one read\n# passed",
  );
  assertEquals(made.junit.split("Do it otherwise.").length, 3);
});

Deno.test("Report says for how many checks this machine was too busy to tell", async () => {
  const { report: made, lines } = report({ quiet: true });
  const skipped = { outcome: "skipped", reason: "late" } as const;
  await made.add(fakeResult({ ...skipped, undecided: true }));
  await made.add(fakeResult(skipped));
  await made.end(null);
  assertEquals(lines, ["# passed 0 of 0, skipped 2", "# could not tell for 1 check: this machine was too busy"]);
});
