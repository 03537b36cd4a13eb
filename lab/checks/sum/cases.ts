/**
 * The kinds of questions: valid ones, invalid ones, those on which servers may differ, and those that may stop a server.
 *
 * @module
 */
import type { Check, Level, Remedy } from "../check.ts";
import { ask, asks, isRefused, type SumDialect, type SumTrial } from "./dialect.ts";
import { JSON_STRICT, REFUSE, STOP } from "./remedies.ts";

/** What stands in the contract, or what peers rely on. */
export const CONTRACT = { source: "lab/checks/PROTOCOLS.md, sum", level: "contract" } as const;
export const PRACTICE = { source: "CWE-20", level: "practice" } as const;

/** What the kinds of questions have in common: what is sent, and why. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly question: string | Uint8Array;
  readonly source: string;
  readonly level: Level;
  readonly mistake?: number;
  readonly remedy?: Remedy;
}

/** A question that must be answered with a number. */
export const right = ({ question, ...rest }: Case): Check<SumDialect> => ({
  expects: "answers NAME: INTEGER, an integer from 1 to 100",
  remedy: REFUSE,
  ...rest,
  run: (trial) => asks(trial, question),
});

/** One that must be refused without ending the server. */
export const wrong = ({ question, ...rest }: Case): Check<SumDialect> => ({
  expects: "refuses it, and serves the next client",
  remedy: REFUSE,
  ...rest,
  run: async (trial) => void await isRefused(trial, question),
});

/** One on which servers may differ, as long as they serve on. */
export const either = ({ question, ...rest }: Case): Check<SumDialect> => ({
  expects: "answers or refuses it, and serves the next client",
  remedy: REFUSE,
  ...rest,
  run: async (trial) => void await ask(trial, question, { unlikely: true }),
});

/** A number outside 1-100. */
export const outside = ({ question, ...rest }: Case): Check<SumDialect> => ({
  expects: "refuses it, or stops with exit code 0",
  remedy: STOP,
  mayEnd: true,
  ...rest,
  async run(trial) {
    skipUnlessRestarted(trial);
    await isRefused(trial, question);
  },
});

/** The same for a JSON object. */
export const json = (check: Check<SumDialect>): Check<SumDialect> => ({
  remedy: JSON_STRICT,
  ...check,
  skip: (dialect) => dialect.json ? null : "only for a server that takes JSON objects too (--json-lines)",
});

/** By contract such a number stops the server, which then has to be started again. */
export function skipUnlessRestarted(trial: SumTrial): void {
  if (trial.dialect.keepsRunning || trial.output !== null) return;
  trial.skip(
    "such a number may stop the server: --start 'COMMAND' starts it again, --keeps-running says that it refuses it",
  );
}
