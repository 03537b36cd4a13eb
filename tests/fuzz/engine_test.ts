import { assert, assertEquals, assertLess, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { concat, fromLatin1, latin1 } from "./engine/bytes.ts";
import { hunt, type Hunted, inputsOf } from "./engine/hunt.ts";
import { minimise } from "./engine/minimise.ts";
import { jsonOf, proseOf, type TargetReport } from "./engine/report.ts";
import { runAll } from "./engine/run.ts";
import { Broken, holds, sameForAllSplits, splits, type Target } from "./engine/target.ts";
import { huntInThread } from "./engine/thread.ts";
import { run } from "../support/script.ts";
import { TARGETS } from "./targets.ts";

const permissions = "none";

/** A target that fails by its check. */
function targetOf(check: Target["check"], more: Partial<Target> = {}): Target {
  return { name: "own", what: "", max: 200, seeds: [latin1("one two three")], words: ["bug"], check, ...more };
}

/** The first inputs that a seed makes. */
function first(target: Target, seed: number, count: number): string[] {
  const made: string[] = [];
  for (const input of inputsOf(target, seed)) {
    if (made.push(fromLatin1(input)) === count) break;
  }
  return made;
}

Deno.test("the same seed makes the same inputs, for every target", { permissions }, () => {
  for (const target of TARGETS) {
    const some = first(target, 7, 20);
    assertEquals(some, first(target, 7, 20), target.name);
    assertNotEquals(some, first(target, 8, 20), target.name);
    for (const input of some) assert(input.length <= target.max);
  }
});

Deno.test("a hunt makes as many bytes as it is told, and starts with the corpus", { permissions }, async () => {
  const seen: string[] = [];
  const target = targetOf((input) => void seen.push(fromLatin1(input)));
  const { bytes, inputs, finding } = await hunt(target, { seed: 1, bytes: 5000, corpus: [latin1("kept")] });
  assertEquals(seen.slice(0, 2), ["kept", "one two three"]);
  assertEquals([seen.length, finding], [inputs, null]);
  assert(bytes >= 5000 && bytes < 5000 + target.max, String(bytes));
});

Deno.test("a broken property is found, and its input is minimised", { permissions }, async () => {
  const target = targetOf((input) => holds(!fromLatin1(input).includes("bug"), "there is no bug"));
  const { finding, bytes } = await hunt(target, { seed: 1, bytes: 100_000 });
  assertEquals([finding?.message, fromLatin1(finding?.input ?? latin1(""))], ["there is no bug", "bug"]);
  assertLess(bytes, 20_000);
});

Deno.test("an error that no target documents is a finding; minimising keeps its kind", { permissions }, async () => {
  const target = targetOf((input) => {
    if (input.length < 3) throw new Broken("an input is long");
    throw new TypeError("x is undefined");
  });
  const { finding } = await hunt(target, { seed: 1, bytes: 100 });
  assertStringIncludes(finding?.message ?? "", "an error that is not documented: TypeError: x is undefined");
  assertEquals(finding?.input.length, 3);
  assertStringIncludes(finding?.stack ?? "", "engine_test.ts");
});

Deno.test("an input that is slow twice is a finding; one that is slow once is none", { permissions }, async () => {
  for (const [slow, found] of [[1, false], [100, true]] as const) {
    let [clock, left] = [0, slow as number];
    const target = targetOf(() => void (clock += left-- > 0 ? 6000 : 0));
    const { finding } = await hunt(target, { seed: 1, bytes: 1, now: () => clock });
    assertEquals(finding !== null, found);
  }
});

Deno.test("minimise() finds the bytes that matter, and makes the others plain", { permissions }, async () => {
  const input = concat([new Uint8Array(500).fill(7), latin1("A"), new Uint8Array(500).fill(9), latin1("B")]);
  const fails = (bytes: Uint8Array): boolean => /A[^]B/.test(fromLatin1(bytes));
  assertEquals(fromLatin1(await minimise(concat([input.subarray(0, 502), latin1("B")]), fails)), "AaB");
  let tries = 0;
  await minimise(input, () => ++tries < 0, 50);
  assertLess(tries, 51);
});

Deno.test("splits() cuts an input in several ways, always the same, and loses nothing", { permissions }, () => {
  const input = latin1("a stream of some bytes");
  const ways = [...splits(input)];
  assertEquals(ways, [...splits(input)]);
  assert(ways.length >= 4 && ways.some((pieces) => pieces.length === input.length));
  for (const pieces of ways) assertEquals(concat(pieces), input);
  assertEquals([...splits(latin1(""))].length, 1);
});

Deno.test("a result that depends on how the bytes arrive is found", { permissions }, async () => {
  const target = targetOf((input) => void sameForAllSplits(input, (pieces) => pieces.length > 3));
  const { finding } = await hunt(target, { seed: 1, bytes: 100 });
  assertMatch(finding?.message ?? "", /^the same result however the bytes are split/);
});

Deno.test("a thread that hangs is ended, and its input told", { permissions: { read: true } }, async () => {
  const { finding } = await huntInThread({
    ...{ name: "own", seed: 1, bytes: 10, corpus: [], max: 8, hangs: 50, onProgress: () => {} },
    module: new URL("./engine/hanging_worker.ts", import.meta.url),
  });
  assertEquals(finding?.input, Uint8Array.of(1, 2, 3));
  assertMatch(finding?.message ?? "", /in time/);
});

Deno.test("a finding ends the run with 1, in a file, with the command that repeats it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "plainwire-fuzz-" });
  try {
    const finding = { input: latin1("a\xff\n"), message: "it holds: 1, and not 2", stack: "" };
    const reports: TargetReport[] = [];
    const hunts = (result: Hunted["finding"]) => (): Promise<Hunted> =>
      Promise.resolve({ inputs: 2, bytes: 30, finding: result });
    const common = { targets: [targetOf(() => {})], seed: 1, bytes: 9, folder, progress: false };
    const options = {
      ...common,
      corpus: () => Promise.resolve([]),
      onReport: (report: TargetReport) => void reports.push(report),
    };
    assertEquals(await runAll({ ...options, hunt: hunts(null) }), 0);
    assertEquals(await runAll({ ...options, hunt: hunts(finding) }), 1);
    const [fine, broken] = reports;
    assert(fine !== undefined && broken !== undefined);
    assertMatch(proseOf(fine), /^\[\+\] own +2 inputs, 30 bytes, \d/);
    assertEquals(await Deno.readFile(broken.file), finding.input);
    const repeat = `deno task fuzz own --input ${broken.file}`;
    assertStringIncludes(proseOf(broken), `[!] own: it holds: 1, and not 2`);
    assertStringIncludes(proseOf(broken), repeat);
    assertStringIncludes(proseOf(broken), String.raw`input: "a\xff\n"`);
    assertEquals(JSON.parse(jsonOf(broken)).finding.repeat, repeat);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task fuzz runs with its own permissions, and says what it did", async () => {
  const { code, stdout, stderr } = await run("fuzz", ["known_hosts", "--bytes", "2k", "--seed", "5", "--json"]);
  assertEquals([code, stderr], [0, ""]);
  const [start, report] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(start, { event: "fuzzing", seed: 5, bytes: 2000 });
  assertEquals([report.target, report.finding], ["known_hosts", null]);
});

Deno.test("deno task fuzz refuses what it does not know", async () => {
  const { code, stderr } = await run("fuzz", ["htp"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'Cannot fuzz "htp": the targets are names, ');
});
