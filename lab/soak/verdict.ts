/**
 * Whether everything held: what must be true of each server, and what to say where it is not. Pure.
 *
 * @module
 */
import { counted, thousands } from "../../lib/text.ts";
import type { Phase, PhaseKind, Recorded, Sample, ServerRecord } from "./record.ts";

/** Something that did not hold. */
export interface Finding {
  readonly server: string;
  /** What was wrong, as a sentence without its subject. */
  readonly what: string;
}

/**
 * How much memory may grow between two times of equal load (bytes, and as a share): a garbage collector returns memory when it likes, so
 * less says nothing.
 */
const GROWTH = { bytes: 32 * 1024 * 1024, share: 0.25 };
/** How much slower the good exchanges may be at the end than at the beginning (ms, and times). */
const SLOWER = { ms: 20, times: 3 };
/** Samples that a comparison needs. */
const ENOUGH = 2;

/** A byte count in MiB. */
export function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
}

/** The middle one of some numbers, the upper of two; `null` if there are none. */
export function median(values: readonly number[]): number | null {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? null;
}

/** The samples of a server within a part of the run. */
export function samplesIn(samples: readonly Sample[], { from, to }: Pick<Phase, "from" | "to">): Sample[] {
  return samples.filter(({ at }) => at >= from && at < to);
}

/** The median of the usual time of an exchange in all parts of a kind (ms). */
export function usualTime({ samples }: ServerRecord, phases: readonly Phase[], kind: PhaseKind): number | null {
  const seconds = phases.filter((phase) => phase.kind === kind).flatMap((phase) => samplesIn(samples, phase));
  return median(seconds.flatMap(({ p50 }) => p50 ?? []));
}

/** Judges a run; nothing is returned if everything held. */
export function verdict({ phases, servers, scarce }: Recorded): Finding[] {
  return [
    ...servers.flatMap((server) =>
      CRITERIA.flatMap((criterion) => criterion(server, phases)).map((what) => ({ server: server.name, what }))
    ),
    ...scarce.flatMap(({ name, descriptors, wrong }) =>
      wrong.map((what) => ({ server: `${name}, with ${descriptors} descriptors`, what }))
    ),
  ];
}

type Criterion = (server: ServerRecord, phases: readonly Phase[]) => string[];

const CRITERIA: readonly Criterion[] = [alive, right, descriptorsBack, memoryBack, latencyBack, crowdServed, endedWell];

function alive({ died }: ServerRecord): string[] {
  return died === null ? [] : [`ended by itself after ${seconds(died.at)}: ${died.how}`];
}

function right({ wrong, wrongs, exchanges, died }: ServerRecord): string[] {
  const [first] = wrong;
  if (first !== undefined) {
    return [`${counted(wrongs, "good exchange")} failed, the first after ${seconds(first.at)}: ${first.what}`];
  }
  return exchanges === 0 && died === null ? ["had no good exchange at all"] : [];
}

function descriptorsBack({ before, after, died }: ServerRecord): string[] {
  if (before === null || after === null || died !== null || after.descriptors <= before.descriptors) return [];
  const more = after.descriptors - before.descriptors;
  return [
    `holds ${counted(after.descriptors, "descriptor")} with nobody connected, ${more} more than at the beginning`,
  ];
}

/**
 * Equal loads are compared by their most: the last round with the first, or in a single round the end of the faulty clients with their
 * beginning. What is usual says little, since a collector may leave what a crowd has left, or not.
 */
function memoryBack({ samples, died }: ServerRecord, phases: readonly Phase[]): string[] {
  const rounds = phases.filter(({ kind }) => kind === "idle" || kind === "faults");
  const last = Math.max(0, ...rounds.map(({ round }) => round));
  const only = rounds.find(({ kind }) => kind === "faults");
  if (only === undefined || died !== null) return [];
  const third = (only.to - only.from) / 3;
  const most = (parts: readonly Pick<Phase, "from" | "to">[]): number | null => {
    const sizes = parts.flatMap((part) => samplesIn(samples, part)).flatMap(({ usage }) => usage?.rss ?? []);
    return sizes.length < ENOUGH ? null : Math.max(...sizes);
  };
  const [before, after] = last > 1
    ? [1, last].map((number) => most(rounds.filter(({ round }) => round === number)))
    : [most([{ from: only.from, to: only.from + third }]), most([{ from: only.to - third, to: only.to }])];
  if (before === null || before === undefined || after === null || after === undefined) return [];
  if (after <= before * (1 + GROWTH.share) + GROWTH.bytes) return [];
  return [`grew from ${mib(before)} to ${mib(after)} MiB under the same load`];
}

function latencyBack(server: ServerRecord, phases: readonly Phase[]): string[] {
  const [before, after] = [usualTime(server, phases, "warm-up"), usualTime(server, phases, "cool-down")];
  if (before === null || after === null || after <= before * SLOWER.times + SLOWER.ms) return [];
  return [
    `takes ${after.toFixed(1)} ms for a good exchange at the end, and took ${before.toFixed(1)} at the beginning`,
  ];
}

function crowdServed({ crowds, died }: ServerRecord): string[] {
  if (died !== null) return [];
  return crowds.flatMap(({ opened, held, clients, exchanges }) => [
    ...(held !== null && held < opened
      ? [`held only ${thousands(Math.max(0, held))} of ${counted(opened, "idle connection")}`]
      : []),
    ...(clients > 0 && exchanges === 0
      ? [`served none of ${clients} clients beside ${thousands(opened)} idle ones`]
      : []),
  ]);
}

function endedWell({ ending, died }: ServerRecord): string[] {
  if (died !== null) return [];
  if (ending === null) return ["did not end after SIGTERM, and was killed"];
  const { code, signal } = ending;
  return code === 0 ? [] : [`ended ${signal === null ? `with code ${code}` : `by ${signal}`} after SIGTERM`];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
