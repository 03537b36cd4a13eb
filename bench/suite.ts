/**
 * Measures the cases of a group: all servers of a case in turn, round by round, under the same load.
 *
 * @module
 */
import type { Bench } from "./context.ts";
import type { CaseResult, Figures, GroupResult, Row } from "./model.ts";
import type { CasePlan, GroupPlan, Peer } from "./plan.ts";
import type { Target } from "./server.ts";

/** One measurement, as it is told. */
export interface Measurement {
  readonly group: string;
  readonly case: string;
  readonly server: string;
  /** From 1 on. */
  readonly round: number;
  readonly figures?: Figures;
  /** Why there are none. */
  readonly trouble?: string;
}

/** How a run goes on. */
export interface Suite {
  readonly bench: Bench;
  /** How long a measurement may take (ms). */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Told what is measured now, for people who wait. */
  readonly onStep: (step: string) => void;
  readonly onMeasured: (measurement: Measurement) => void;
}

/** Servers that have been started, kept for the cases that follow. */
class Pool implements AsyncDisposable {
  #targets = new Map<Peer, Target>();

  constructor(readonly bench: Bench) {}

  /** A running server; one that has ended is started again. */
  async get(peer: Peer, signal: AbortSignal): Promise<Target> {
    const known = this.#targets.get(peer);
    if (known !== undefined && !known.ended) return known;
    if (known !== undefined) await this.drop(peer);
    const target = await peer.start(this.bench, signal);
    this.#targets.set(peer, target);
    return target;
  }

  async drop(peer: Peer): Promise<void> {
    const target = this.#targets.get(peer);
    this.#targets.delete(peer);
    await target?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#targets.keys()].map((peer) => this.drop(peer)));
  }
}

/**
 * Measures a group. What fails is a row that says so; only the run's own end stops it.
 *
 * @throws The signal's reason.
 */
export async function measureGroup(suite: Suite, group: GroupPlan): Promise<GroupResult> {
  const { name, title, about, columns, relative = false } = group;
  const result: GroupResult = { name, title, about, columns, relative, cases: [] };
  const lacking = await lackingOf(suite.bench, group);
  if (lacking.length > 0) return { ...result, skipped: `not measured without ${lacking.join(" and ")}` };
  try {
    return { ...result, cases: await measureCases(suite, group) };
  } catch (error) {
    suite.signal.throwIfAborted();
    return { ...result, skipped: `not measured: ${(error as Error).message}` };
  }
}

async function measureCases(suite: Suite, { name, cases }: GroupPlan): Promise<CaseResult[]> {
  await using pool = new Pool(suite.bench);
  const results: CaseResult[] = [];
  for (const plan of await cases(suite.bench, suite.signal)) {
    const peers: Peer[] = [];
    for (const peer of plan.peers) if (await (peer.available?.(suite.bench) ?? true)) peers.push(peer);
    results.push(await measureCase(suite, { group: name, plan, peers, pool }));
  }
  return results;
}

async function lackingOf(bench: Bench, { generators, programs = [] }: GroupPlan): Promise<string[]> {
  const lacking: string[] = [];
  for (const program of programs) if (!await bench.has(program)) lacking.push(program);
  for (const generator of generators) if (!await bench.built(generator)) lacking.push(generator);
  return lacking;
}

interface Work {
  readonly group: string;
  readonly plan: CasePlan;
  readonly peers: readonly Peer[];
  readonly pool: Pool;
}

/** What has been measured of one server. */
interface Measured {
  readonly peer: Peer;
  readonly samples: (Figures | undefined)[];
  trouble?: string;
}

async function measureCase(suite: Suite, work: Work): Promise<CaseResult> {
  const { group, plan: { name, primary, goals = [], rounds = suite.bench.options.rounds }, peers } = work;
  const records: Measured[] = peers.map((peer) => ({ peer, samples: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const record of records) {
      // What failed once fails again, and takes its time.
      if (record.trouble !== undefined) continue;
      const { peer, samples } = record;
      suite.onStep(`${group}: ${name}, ${peer.name}, round ${round} of ${rounds}`);
      const said = { group, case: name, server: peer.name, round };
      try {
        const figures = await measureOnce(suite, work, peer);
        samples.push(figures);
        suite.onMeasured({ ...said, figures });
      } catch (error) {
        suite.signal.throwIfAborted();
        record.trouble = error instanceof Error && error.message !== "" ? error.message : String(error);
        samples.push(undefined);
        suite.onMeasured({ ...said, trouble: record.trouble });
        // What this server still does must not disturb the others.
        await work.pool.drop(peer);
      }
    }
  }
  const note = await noteOf(suite, work, records);
  const rows = records.map(({ peer, samples, trouble }): Row => ({
    server: peer.name,
    kind: peer.kind,
    samples,
    ...(trouble === undefined ? {} : { trouble }),
  }));
  return { name, primary, goals, rows, ...(note === "" ? {} : { note }) };
}

async function measureOnce({ bench, limit, signal }: Suite, { plan, pool }: Work, peer: Peer): Promise<Figures> {
  const timeout = AbortSignal.timeout(limit);
  const either = AbortSignal.any([signal, timeout]);
  try {
    if (plan.fresh !== true) return await plan.measure(await pool.get(peer, either), either);
    await using target = await peer.start(bench, either);
    return await plan.measure(target, either);
  } catch (error) {
    if (timeout.aborted && !signal.aborted) throw new Error(`it took longer than ${limit / 1000} s`, { cause: error });
    throw error;
  }
}

/** What the case tells of each server beside its figures. */
async function noteOf(
  { signal }: Suite,
  { plan: { about }, pool }: Work,
  records: readonly Measured[],
): Promise<string> {
  if (about === undefined) return "";
  const parts: string[] = [];
  for (const { peer, trouble } of records) {
    if (trouble === undefined) parts.push(`${peer.name} ${await about(await pool.get(peer, signal))}`);
  }
  return parts.join(", ");
}
