/**
 * Records of soaks for tests.
 *
 * @module
 */
import type { Phase, Recorded, Sample, ServerRecord } from "../../../lab/soak/record.ts";

const MIB = 1024 * 1024;

/** The parts of a short run. */
export const PHASES: readonly Phase[] = [
  { kind: "warm-up", round: 0, from: 0, to: 5000 },
  { kind: "idle", round: 1, from: 5000, to: 10_000 },
  { kind: "faults", round: 1, from: 10_000, to: 28_000 },
  { kind: "cool-down", round: 0, from: 28_000, to: 33_000 },
];

/** A sample of a server that is well. */
export function sampleAt(second: number, changes: Partial<Sample> = {}): Sample {
  const usage = { rss: 60 * MIB, descriptors: second >= 5 && second < 10 ? 1025 : 27, threads: 7 };
  return { at: second * 1000 + 500, usage, good: 40, p50: 1.5, max: 12, ...changes };
}

/** A server of which everything held, but for the changes. */
export function serverRecord(changes: Partial<ServerRecord> = {}): ServerRecord {
  const usage = { rss: 55 * MIB, descriptors: 25, threads: 7 };
  return {
    name: "tcp echo",
    samples: Array.from({ length: 33 }, (_, second) => sampleAt(second)),
    wrong: [],
    wrongs: 0,
    exchanges: 1320,
    retries: 0,
    crowds: [
      { wanted: 1000, opened: 1000, held: 1002, limit: null, memory: 20_000_000, clients: 100, exchanges: 500 },
    ],
    faulty: 50,
    before: usage,
    after: { ...usage, rss: 70 * MIB },
    died: null,
    ending: { code: 0, signal: null },
    ...changes,
  };
}

/** A run with one server. */
export function recordOf(changes: Partial<ServerRecord> = {}, rest: Partial<Recorded> = {}): Recorded {
  return { seed: 7, phases: PHASES, servers: [serverRecord(changes)], scarce: [], unmeasured: [], ...rest };
}
