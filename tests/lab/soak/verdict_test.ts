/** What must hold, and what is said where it does not. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Recorded, ServerRecord } from "../../../lab/soak/record.ts";
import { verdict } from "../../../lab/soak/verdict.ts";
import { PHASES, recordOf, sampleAt, serverRecord } from "./records.ts";

const MIB = 1024 * 1024;
const HELD = { rss: 55 * MIB, descriptors: 25, threads: 7 };

Deno.test("a soak in which everything held has no findings, nor has one without /proc", () => {
  assertEquals(verdict(recordOf()), []);
  const samples = serverRecord().samples.map((sample) => ({ ...sample, usage: null }));
  const crowds = serverRecord().crowds.map((crowd) => ({ ...crowd, held: null, memory: null }));
  assertEquals(verdict(recordOf({ samples, crowds, before: null, after: null })), []);
});

/** Samples whose memory is as the function says (MiB). */
function growing(rss: (second: number) => number): ServerRecord["samples"] {
  return Array.from({ length: 33 }, (_, second) => sampleAt(second, { usage: { ...HELD, rss: rss(second) * MIB } }));
}

const VIOLATIONS: readonly (readonly [name: string, changes: Partial<ServerRecord>, said: RegExp])[] = [
  [
    "a server died",
    { died: { at: 12_300, how: "with code 1; it printed last: oops" } },
    /^ended by itself after 12\.3 s: with code 1; it printed last: oops$/,
  ],
  [
    "a wrong byte",
    { wrongs: 3, wrong: [{ at: 9000, what: "what came back differs from byte 7 on" }] },
    /^3 good exchanges failed, the first after 9\.0 s: what came back differs from byte 7 on$/,
  ],
  ["nobody was served", { exchanges: 0 }, /^had no good exchange at all$/],
  [
    "a descriptor leaked",
    { after: { ...HELD, descriptors: 26 } },
    /^holds 26 descriptors with nobody connected, 1 more than at the beginning$/,
  ],
  ["memory grew", { samples: growing((second) => 60 + second * 6) }, /^grew from \d+ to \d+ MiB under the same load$/],
  [
    "latency is not back",
    { samples: Array.from({ length: 33 }, (_, second) => sampleAt(second, { p50: second < 28 ? 1.5 : 40 })) },
    /^takes 40\.0 ms for a good exchange at the end, and took 1\.5 at the beginning$/,
  ],
  [
    "idle connections were closed",
    { crowds: [{ wanted: 9, opened: 9, held: 8, limit: null, memory: null, clients: 1, exchanges: 1 }] },
    /^held only 8 of 9 idle connections$/,
  ],
  [
    "nobody was served beside a crowd",
    { crowds: [{ wanted: 9, opened: 9, held: 9, limit: null, memory: null, clients: 5, exchanges: 0 }] },
    /^served none of 5 clients beside 9 idle ones$/,
  ],
  ["it had to be killed", { ending: null }, /^did not end after SIGTERM, and was killed$/],
  ["it ended with another code", { ending: { code: 3, signal: null } }, /^ended with code 3 after SIGTERM$/],
  ["it ended by a signal", { ending: { code: 139, signal: "SIGSEGV" } }, /^ended by SIGSEGV after SIGTERM$/],
];

for (const [name, changes, said] of VIOLATIONS) {
  Deno.test(`${name}: one finding that says so`, () => {
    const findings = verdict(recordOf(changes));
    assertEquals(findings.map(({ server }) => server), ["tcp echo"]);
    assertMatch(findings[0]?.what ?? "", said);
  });
}

Deno.test("memory that goes up and down by less than a garbage collector's whim is none", () => {
  assertEquals(verdict(recordOf({ samples: growing((second) => 60 + second % 10 * 4) })), []);
});

Deno.test("of several rounds the last is compared with the first", () => {
  const phases: Recorded["phases"] = [...PHASES.slice(0, 3), { kind: "faults", round: 2, from: 28_000, to: 33_000 }];
  const late = recordOf({ samples: growing((second) => second < 28 ? 60 : 200) }, { phases });
  assertEquals(verdict(late).map(({ what }) => what), ["grew from 60 to 200 MiB under the same load"]);
});

Deno.test("a server with few descriptors that did not hold is named with their number", () => {
  const scarce = [{ name: "http", descriptors: 64, clients: 200, said: 0, wrong: ["did not serve again"] }];
  assertEquals(verdict(recordOf({}, { scarce })), [
    { server: "http, with 64 descriptors", what: "did not serve again" },
  ]);
});
