/**
 * Runs checks one after the other, each within a time limit, and checks after each that the server still serves.
 *
 * @module
 */
import type { Endpoint } from "../../lib/addr.ts";
import { Failure } from "../../lib/errors.ts";
import { Chance } from "../../lib/faults/chance.ts";
import { TimeLimit } from "../../lib/net/resolve.ts";
import { abortable } from "../../lib/within.ts";
import { type Blame, type Check, CheckFailure, CheckSkipped } from "./check.ts";
import { type Delay, LATE, OwnDelay, TRIES } from "./own_delay.ts";
import type { Protocol } from "./protocol.ts";
import type { Step } from "./steps.ts";
import { Trial } from "./trial.ts";

/** How long a check may take (ms), unless it asks for more. */
const CHECK_LIMIT = 10_000;

/** How often to check again whether a server that may exit, and no longer serves, has exited. */
const STOPPING = 5;

/** The server being checked, and what is known of its process. */
export interface ServerUnderTest {
  /** Where it listens now. */
  readonly endpoint: Endpoint;
  /** Returns what it has printed; `null` if that is unknown. */
  readonly output: (() => string) | null;
  /** Types into its standard input, without waiting until it is read; `null` if it was not started here. */
  readonly input?: ((text: string) => Promise<void>) | null;
  /** How its process has ended; `null` if it is running, or if that is unknown. May wait a moment for the end. */
  ending(): Promise<string | null>;
  /** Whether it has exited with code 0. */
  endedWell?(): boolean;
  /** The last lines that it has printed; "" if they are unknown. */
  lastWords(): string;
  /** The last lines of the errors that it has printed since this was asked before. */
  newErrors?(): string;
  /**
   * Starts it again; `null` if it was not started here.
   *
   * @throws {Failure} It does not start.
   */
  readonly restart: (() => Promise<void>) | null;
}

/** The result of a check. */
export interface Result {
  /** From 1. */
  readonly number: number;
  readonly check: Check<unknown>;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Whether it was skipped because this machine was too busy to tell. */
  readonly undecided?: boolean;
  /** What the server did instead, or why the check was skipped; "" if it passed. */
  readonly reason: string;
  /** What is to blame, if not what the check says. */
  readonly blame: Blame | null;
  readonly steps: readonly Step[];
  /** How many steps were left out. */
  readonly left: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Where the server listened. */
  readonly server: Endpoint;
  /** The last lines of a server that ended during this check; of one that runs, the errors that it printed in it; "" if none. */
  readonly lastWords: string;
}

/** Options of {@linkcode runChecks}. */
export interface RunnerOptions {
  readonly protocol: Protocol<unknown>;
  readonly dialect: unknown;
  readonly checks: readonly Check<unknown>[];
  readonly server: ServerUnderTest;
  /** How long to wait for an answer (ms). */
  readonly patience: number;
  readonly seed: number;
  /** Whether the server is started anew for each check; see `Protocol.fresh`. */
  readonly fresh?: boolean;
  /** Ends the run; what was yielded until then stands. */
  readonly signal: AbortSignal;
  /** Measures this program's own delay from now on ({@linkcode OwnDelay}). */
  readonly measure?: () => Delay;
  /** Called before each check. */
  readonly onStart?: (number: number, check: Check<unknown>) => void;
}

/** Runs the checks in order. If the server is gone after one, that check has failed, and the rest are skipped. */
export async function* runChecks(options: RunnerOptions): AsyncGenerator<Result> {
  const { checks, dialect, server, signal, onStart } = options;
  let gone = "";
  for (const [index, check] of checks.entries()) {
    signal.throwIfAborted();
    const number = index + 1;
    const skip = gone !== "" ? gone : check.skip?.(dialect) ?? null;
    if (skip !== null) {
      const nothing = { blame: null, steps: [], left: 0, duration: 0, server: server.endpoint, lastWords: "" };
      yield { number, check, outcome: "skipped", reason: skip, ...nothing };
      continue;
    }
    onStart?.(number, check);
    const { gone: isGone, ended: _, ...result } = await runCheck(check, options);
    yield { number, check, ...result };
    if (isGone) gone = `the server is gone since check ${number}, ${check.name}`;
  }
}

/** A result, and what became of the server: `gone` is one that cannot be checked any more, `ended` one whose process is over. */
type Outcome = Omit<Result, "number" | "check"> & { readonly gone: boolean; readonly ended: boolean };

/** Runs one check. Where this program itself was late, its failure may be this machine's: it is tried again, with more time. */
async function runCheck(check: Check<unknown>, options: RunnerOptions): Promise<Outcome> {
  const { measure = () => new OwnDelay() } = options;
  for (let tries = 1;; tries++) {
    using own = measure();
    const result = await tryCheck(check, options, tries);
    if (result.outcome !== "failed" || result.ended || own.worst < LATE) return result;
    if (tries < TRIES) continue;
    const late = `this machine is too busy to tell: lab:check itself was ${(own.worst / 1000).toFixed(1)} s late`;
    return { ...result, outcome: "skipped", undecided: true, reason: `${late} (${result.reason})` };
  }
}

/** Runs one check once, and finds out whether the server has survived it. Each try has more time than the one before. */
async function tryCheck(check: Check<unknown>, options: RunnerOptions, tries: number): Promise<Outcome> {
  const { server, patience, fresh = false } = options;
  const limit = tries * (check.limit ?? Math.max(CHECK_LIMIT, 4 * patience));
  if (fresh) await server.restart?.();
  server.newErrors?.();
  const { endpoint } = server;
  const tried = await attempt(check.name, (trial) => check.run(trial), limit, options);
  const after = fresh && server.restart !== null ? null : await lookAfter(check, options);
  // A check that cannot be tried harms nobody.
  const survived = after === null || tried.outcome === "skipped";
  const lastWords = tried.outcome === "failed" ? server.newErrors?.() ?? "" : "";
  const { gone = false, ended = false } = after ?? {};
  const result = { ...tried, server: endpoint, lastWords, gone, ended };
  if (survived) return result;
  const reason = [tried.reason, after.reason].filter((part) => part !== "").join("; ");
  return { ...result, outcome: "failed", reason, lastWords: after.lastWords };
}

/** Runs something against the server within a time limit (ms). */
async function attempt(
  name: string,
  work: (trial: Trial<unknown>) => Promise<void>,
  limit: number,
  { server, dialect, patience, seed, signal }: RunnerOptions,
): Promise<Pick<Result, keyof Verdict | "steps" | "left" | "duration">> {
  const late = new CheckFailure(`the check was not over after ${limit / 1000} s`);
  using time = new TimeLimit(limit, signal, () => late);
  const { endpoint, output, input = null } = server;
  const chance = new Chance(seed, 0, name);
  const random = (): number => chance.share();
  using trial = new Trial({ server: endpoint, dialect, patience, random, signal: time.signal, output, input });
  const began = performance.now();
  const verdict = await verdictOf(abortable(Promise.try(work, trial), time.signal));
  signal.throwIfAborted();
  return { ...verdict, steps: trial.steps.list, left: trial.steps.left, duration: performance.now() - began };
}

type Verdict = Pick<Result, "outcome" | "reason" | "blame">;

/** The outcome of an attempt. */
async function verdictOf(attempt: Promise<void>): Promise<Verdict> {
  try {
    await attempt;
    return { outcome: "passed", reason: "", blame: null };
  } catch (error) {
    if (error instanceof CheckSkipped) return { outcome: "skipped", reason: error.message, blame: null };
    if (error instanceof CheckFailure) return { outcome: "failed", reason: error.message, blame: error.blame };
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { outcome: "failed", reason: `the check itself broke off: ${what}`, blame: null };
  }
}

/** What became of the server in a check; `null` if it serves as before. */
async function lookAfter(
  { mayEnd = false, recovery = 0 }: Check<unknown>,
  options: RunnerOptions,
): Promise<Pick<Outcome, "reason" | "gone" | "ended" | "lastWords"> | null> {
  const { protocol, server } = options;
  const patience = Math.max(options.patience, recovery);
  // One that is stopping may still serve for a moment, and would end in the next check.
  if (mayEnd) await server.ending();
  const patient = { ...options, patience };
  const { outcome, reason, steps } = await attempt("alive", (trial) => protocol.alive(trial), 3 * patience, patient);
  if (outcome === "passed") return null;
  let ending = await server.ending();
  // It may take a moment from its last client to its exit.
  for (let tries = 0; mayEnd && ending === null && tries < STOPPING; tries++) ending = await server.ending();
  const lastWords = server.lastWords();
  const refused = steps.some(({ kind }) => kind === "refused");
  const graceful = mayEnd && (server.endedWell?.() ?? false);
  const gone = server.restart === null ? refused : !await succeeds(server.restart());
  if (graceful && !gone) return null;
  return { reason: ending ?? `afterwards, ${reason}`, gone, ended: ending !== null, lastWords };
}

/** Whether something succeeds; rethrows any error that is not a {@linkcode Failure}. */
async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
