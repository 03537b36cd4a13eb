/**
 * What a soak measures, second by second. Pure.
 *
 * @module
 */

/** What happens in a part of the run. */
export type PhaseKind = "start" | "warm-up" | "rest" | "idle" | "faults" | "cool-down" | "settle";

/** A part of the run; times are milliseconds since its beginning. */
export interface Phase {
  readonly kind: PhaseKind;
  /** The round, from 1; 0 outside of rounds. */
  readonly round: number;
  readonly from: number;
  readonly to: number;
}

/** What the system says of a process: memory in bytes, descriptors, threads. */
export interface Usage {
  readonly rss: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** One second of one server. */
export interface Sample {
  /** When (ms since the beginning). */
  readonly at: number;
  /** `null` where the system does not tell. */
  readonly usage: Usage | null;
  /** The good exchanges of the second before: how many, and their times (ms); `null` if there were none. */
  readonly good: number;
  readonly p50: number | null;
  readonly max: number | null;
}

/** Something that went wrong with a good exchange. */
export interface Wrong {
  readonly at: number;
  readonly what: string;
}

/** The idle connections of one round. */
export interface Crowd {
  readonly wanted: number;
  readonly opened: number;
  /** How many connections more than before the server had with all of them, by its descriptors; `null` if unknown. */
  readonly held: number | null;
  /** Why there were no more; `null` if all were opened. */
  readonly limit: string | null;
  /** Memory with all of them, less that before (bytes); `null` if unknown. */
  readonly memory: number | null;
  /** How many good clients were served meanwhile, and how many exchanges they had. */
  readonly clients: number;
  readonly exchanges: number;
}

/** A server and all that was measured of it. */
export interface ServerRecord {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly wrong: readonly Wrong[];
  /** How many good exchanges were wrong, of which {@linkcode wrong} has the first. */
  readonly wrongs: number;
  readonly exchanges: number;
  /** How many datagrams had to be asked for again; nothing to worry about in itself. */
  readonly retries: number;
  readonly crowds: readonly Crowd[];
  /** How many faulty clients it had. */
  readonly faulty: number;
  /** What it held when nobody was connected: before the load, and at the end. */
  readonly before: Usage | null;
  readonly after: Usage | null;
  /** Whether it ended by itself before it was told to: when, and how; `null` if it did not. */
  readonly died: { readonly at: number; readonly how: string } | null;
  /** How it ended when told to; `null` if it had to be killed. */
  readonly ending: { readonly code: number; readonly signal: string | null } | null;
}

/** What happened to one server with few descriptors. */
export interface ScarceRecord {
  readonly name: string;
  readonly descriptors: number;
  readonly clients: number;
  /** How many times it said that it has no descriptor left. */
  readonly said: number;
  /** What went wrong; empty if nothing did. */
  readonly wrong: readonly string[];
}

/** A whole run. */
export interface Recorded {
  readonly seed: number;
  readonly phases: readonly Phase[];
  readonly servers: readonly ServerRecord[];
  readonly scarce: readonly ScarceRecord[];
  /** What this system does not tell, in words. */
  readonly unmeasured: readonly string[];
}
