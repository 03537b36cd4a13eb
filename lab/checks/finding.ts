/**
 * What is said of a check that failed.
 *
 * @module
 */
import type { Result } from "./runner.ts";

/** What is said of a check that failed, in the order in which it is printed. */
export interface Finding {
  readonly expected: string;
  readonly instead: string;
  /** The source and its level. */
  readonly why: string;
}

/** Makes it out of a result. */
export function findingOf({ check: { expects, source, level }, reason }: Result): Finding {
  return { expected: `the server ${expects}`, instead: reason, why: `${source} (${level})` };
}
