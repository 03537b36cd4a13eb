/**
 * What a check is: something that is done to a server, what a correct server does then, and why.
 *
 * @module
 */
import type { Trial } from "./trial.ts";

/** How binding the source is. `practice` is what peers and users rely on although no document says so. */
export type Level = "MUST" | "SHOULD" | "MAY" | "contract" | "practice";

/** Where a beginner finds the answer: a line in a script of this project. */
export interface Remedy {
  /** Why a textbook's program fails here, for a beginner, in one or two sentences. */
  readonly why: string;
  /** The file with the answer: `tcp/server.ts`. */
  readonly file: string;
  /** Part of that line; a test checks that it occurs exactly once. */
  readonly line: string;
}

/** One check. `D` is the dialect: how the server speaks its protocol. */
export interface Check<D> {
  /** Stable, unique within its protocol, in kebab case: `--only` selects by it. */
  readonly name: string;
  /** What is tried: `two messages in one write`. */
  readonly title: string;
  /** What a correct server does, a verb phrase: `answers both`. */
  readonly expects: string;
  /** `RFC 9112 3.2`, `lab/checks/PROTOCOLS.md, sum`, `read(2)`. */
  readonly source: string;
  readonly level: Level;
  /** The number of the classic mistake that it finds, in `lib/wire/explain/MISTAKES.md`. */
  readonly mistake?: number;
  readonly remedy?: Remedy;
  /** What it is worth with `--points` (1). */
  readonly points?: number;
  /** A shell command, with `$HOST` and `$PORT`, that repeats it by hand where none can be made from its steps (several clients, resets). */
  readonly byHand?: string;
  /** How long it may take (ms), if longer than usual. */
  readonly limit?: number;
  /** How long the server may take for its first answer afterwards (ms), if longer than usual: the check has left it much to clean up. */
  readonly recovery?: number;
  /** Whether the server may exit with code 0 during the check; it is started again then. */
  readonly mayEnd?: boolean;
  /** Why it does not apply to this dialect; `null` if it does. */
  skip?(dialect: D): string | null;
  /** Runs it. The server has passed if this resolves; see {@linkcode Trial.fail}. */
  run(trial: Trial<D>): Promise<void>;
}

/** The mistake behind one failure and its remedy, where they are not those of the check: what came instead shows another cause. */
export interface Blame {
  readonly mistake?: number;
  readonly remedy: Remedy;
}

/** Thrown by a check: the server did something other than expected. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
  readonly blame: Blame | null;

  constructor(message: string, blame: Blame | null = null) {
    super(message);
    this.blame = blame;
  }
}

/** Thrown by a check: it cannot be run here, which says nothing about the server. */
export class CheckSkipped extends Error {
  override readonly name = "CheckSkipped";
}
