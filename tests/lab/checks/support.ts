/**
 * Checks that a test makes up, and what it runs them with.
 *
 * @module
 */
import type { Endpoint } from "../../../lib/addr.ts";
import type { Delay } from "../../../lab/checks/own_delay.ts";
import type { Check } from "../../../lab/checks/check.ts";
import type { Protocol } from "../../../lab/checks/protocol.ts";
import { type Result, runChecks, type RunnerOptions, type ServerUnderTest } from "../../../lab/checks/runner.ts";

/** A check that passes, or does what the test says. */
export function fakeCheck(name: string, changes: Partial<Check<unknown>> = {}): Check<unknown> {
  const words = { title: `the check ${name}`, expects: "answers", source: "RFC 9293 3.7", level: "practice" } as const;
  return { name, ...words, run: () => Promise.resolve(), ...changes };
}

/** A server that may end, and be started again. */
export class FakeServer implements ServerUnderTest {
  endpoint: Endpoint = { hostname: "127.0.0.1", port: 1 };
  up = true;
  output = null;
  ending = (): Promise<string | null> => Promise.resolve(this.up ? null : "the server has exited with code 7");
  lastWords = (): string => this.up ? "" : "last words";
  restart: (() => Promise<void>) | null;

  constructor({ restart = false } = {}) {
    this.restart = restart ? this.start : null;
  }

  readonly start = (): Promise<void> => {
    this.up = true;
    return Promise.resolve();
  };

  /** A protocol of some checks in which a server that is down refuses. */
  protocol(checks: readonly Check<unknown>[]): Protocol<unknown> {
    return {
      transport: "tcp",
      checks,
      dialectOf: () => Promise.resolve(null),
      alive: (trial) => {
        if (this.up) return Promise.resolve();
        trial.steps.add(1, "refused");
        return trial.fail("it refuses");
      },
    };
  }
}

/** A program that is never late, however busy the machine. */
export const onTime = (): Delay => late(0);

/** One that was late by so many milliseconds. */
export const late = (worst: number): Delay => ({ worst, [Symbol.dispose]: () => {} });

/** Runs checks against a server of the test's. */
export async function resultsOf(
  checks: readonly Check<unknown>[],
  server: FakeServer,
  changes: Partial<RunnerOptions> = {},
): Promise<Result[]> {
  const signal = new AbortController().signal;
  const protocol = server.protocol(checks);
  const options = { protocol, dialect: null, checks, server, patience: 50, seed: 1, signal, measure: onTime };
  return await Array.fromAsync(runChecks({ ...options, ...changes }));
}

/** A result of a check that the test makes up. */
export function fakeResult(changes: Partial<Result> = {}): Result {
  const server = { hostname: "127.0.0.1", port: 9000 };
  const base = {
    number: 1,
    check: fakeCheck("one"),
    outcome: "passed",
    reason: "",
    blame: null,
    steps: [],
    left: 0,
  } as const;
  return { ...base, duration: 12, server, lastWords: "", ...changes };
}
