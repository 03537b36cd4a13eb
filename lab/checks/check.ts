/**
 * What a check is: something that is done to a server, what a right one does then, and why.
 *
 * @module
 */
import type { Trial } from "./trial.ts";

/** How binding the source is. `practice` is what peers and users rely on, without a text that says so. */
export type Level = "MUST" | "SHOULD" | "MAY" | "contract" | "practice";

/** Where a beginner finds the answer: a script of this project, and words that occur on one of its lines. */
export interface Remedy {
  /** Why a textbook's program fails here, in one or two sentences to a beginner. */
  readonly why: string;
  /** The file with the answer: `tcp/server.ts`. */
  readonly file: string;
  /** Words on the line meant; a test checks that they occur exactly once. */
  readonly line: string;
}

/** One check. `D` is how the server's protocol is spoken: its dialect. */
export interface Check<D> {
  /** Stable, unique in its protocol, in kebab case: `--only` selects by it. */
  readonly name: string;
  /** What is tried: `two messages in one write`. */
  readonly title: string;
  /** What a right server does, one clause: `answers both`. */
  readonly expects: string;
  /** `RFC 9112 3.2`, `lab/checks/PROTOCOLS.md, sum`, `read(2)`. */
  readonly source: string;
  readonly level: Level;
  /** The number of the classic mistake that it finds, as in `lib/wire/explain/MISTAKES.md`. */
  readonly mistake?: number;
  readonly remedy?: Remedy;
  /** What it is worth with `--points` (1). */
  readonly points?: number;
  /** The command that repeats it by hand, where the recorded steps do not make one (several clients, resets): shell, `$HOST`, `$PORT`. */
  readonly byHand?: string;
  /** How long it may take (ms), if longer than usual. */
  readonly limit?: number;
  /** The server may end in it, if with exit code 0; it is then started again. */
  readonly mayEnd?: boolean;
  /** Why it cannot be tried with this dialect; `null` if it can. */
  skip?(dialect: D): string | null;
  /** Does it. Returning means that the server is right; see {@linkcode Trial.fail}. */
  run(trial: Trial<D>): Promise<void>;
}

/** Thrown by a check: the server did something else. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
}

/** Thrown by a check: it cannot be tried here, which says nothing about the server. */
export class CheckSkipped extends Error {
  override readonly name = "CheckSkipped";
}
