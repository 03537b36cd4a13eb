/**
 * What a group is going to measure.
 *
 * @module
 */
import type { Bench } from "./context.ts";
import type { Figures, Goal, GroupResult, Kind, Metric } from "./model.ts";
import type { Target } from "./server.ts";

/** A server that may take part. */
export interface Peer {
  readonly name: string;
  readonly kind: Kind;
  /** Whether all that it needs is installed; what is not is noted in the context. Without it: always. */
  readonly available?: (bench: Bench) => Promise<boolean>;
  readonly start: (bench: Bench, signal: AbortSignal) => Promise<Target>;
}

/** One kind of load. */
export interface CasePlan {
  readonly name: string;
  readonly primary: Metric;
  readonly goals?: readonly Goal[];
  /** In the order in which they take turns; ours comes first. */
  readonly peers: readonly Peer[];
  /** How often each is measured, if not as often as asked. */
  readonly rounds?: number;
  /** Whether each measurement has a server of its own, started for it. */
  readonly fresh?: boolean;
  readonly measure: (target: Target, signal: AbortSignal) => Promise<Figures>;
  /** What is to be told of a server beside its figures, such as the bytes of its answer. */
  readonly about?: (target: Target) => Promise<string>;
}

/** A group of cases that share their servers. */
export interface GroupPlan extends Pick<GroupResult, "name" | "title" | "about" | "columns"> {
  /** See {@linkcode GroupResult}. */
  readonly relative?: boolean;
  /** The programs of `bench/load/`, and others, without which nothing can be measured. */
  readonly generators: readonly string[];
  readonly programs?: readonly string[];
  readonly cases: (bench: Bench, signal: AbortSignal) => Promise<readonly CasePlan[]> | readonly CasePlan[];
}
