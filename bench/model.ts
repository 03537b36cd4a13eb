/**
 * What a benchmark measures: figures of servers, in cases, in groups. Pure.
 *
 * @module
 */

/** What may be measured. */
export type Metric =
  | "rate"
  | "gigabytes"
  | "p50"
  | "p99"
  | "slowest"
  | "lost"
  | "cpu"
  | "start"
  | "rest"
  | "idle"
  | "after";

/** How a metric is shown, and which direction is better. */
export interface MetricKind {
  readonly heading: string;
  readonly better: "more" | "less";
  /** Digits after the decimal point. */
  readonly digits: number;
}

/** All metrics. */
export const METRICS: Readonly<Record<Metric, MetricKind>> = {
  rate: { heading: "per second", better: "more", digits: 0 },
  gigabytes: { heading: "GB/s", better: "more", digits: 2 },
  p50: { heading: "p50 ms", better: "less", digits: 2 },
  p99: { heading: "p99 ms", better: "less", digits: 2 },
  slowest: { heading: "slowest", better: "more", digits: 2 },
  lost: { heading: "lost %", better: "less", digits: 2 },
  cpu: { heading: "CPU s", better: "less", digits: 2 },
  start: { heading: "start ms", better: "less", digits: 1 },
  rest: { heading: "at rest MB", better: "less", digits: 1 },
  idle: { heading: "idle kB", better: "less", digits: 1 },
  after: { heading: "after one kB", better: "less", digits: 1 },
};

/** One measurement. */
export type Figures = Readonly<Partial<Record<Metric, number>>>;

/** Whose server it is: ours, Node's, a loop on Deno's calls that does nothing else, another program, or ours in another way. */
export type Kind = "ours" | "node" | "bare" | "peer" | "variant";

/** Something to be reached. */
export interface Goal {
  readonly metric: Metric;
  /** The name of the server that ours is divided by; without it the figure itself counts. */
  readonly against?: string;
  readonly least?: number;
  readonly most?: number;
}

/** What one server did in one case. */
export interface Row {
  readonly server: string;
  readonly kind: Kind;
  /** By round; a round that failed has none. */
  readonly samples: readonly (Figures | undefined)[];
  /** Why it was not measured, or no longer. */
  readonly trouble?: string;
}

/** One kind of load, and what all servers did under it. */
export interface CaseResult {
  readonly name: string;
  /** What the reader has to know to judge it, such as the bytes of each answer. */
  readonly note?: string;
  /** The metric by which the servers are compared. */
  readonly primary: Metric;
  readonly goals: readonly Goal[];
  readonly rows: readonly Row[];
}

/** The cases of a group. */
export interface GroupResult {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly columns: readonly Metric[];
  /** Whether each row is divided by the first one, and not ours by each of the others. */
  readonly relative: boolean;
  readonly cases: readonly CaseResult[];
  /** Why it was not run. */
  readonly skipped?: string;
}

/** A whole run. */
export interface Results {
  readonly date: string;
  readonly rounds: number;
  readonly seconds: number;
  /** How long the run took (s). */
  readonly took: number;
  /** What it ran on: labels with values. */
  readonly machine: readonly (readonly [label: string, value: string])[];
  readonly versions: readonly (readonly [program: string, version: string])[];
  /** What could not take part, and why. */
  readonly missing: readonly string[];
  readonly groups: readonly GroupResult[];
}
