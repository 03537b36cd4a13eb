/**
 * Runs checks of a chat against a server.
 *
 * @module
 */
import { protocol } from "../../../../lab/checks/chat/checks.ts";
import { type ChatDialect, USUAL } from "../../../../lab/checks/chat/dialect.ts";
import { runChecks, type ServerUnderTest } from "../../../../lab/checks/runner.ts";

/** A server that somebody else has started. */
export function runningAt(port: number): ServerUnderTest {
  const endpoint = { hostname: "127.0.0.1", port };
  return { endpoint, output: null, ending: () => Promise.resolve(null), lastWords: () => "", restart: null };
}

/** A room that asks for a name first, and knows `exit`. */
export const NAMED: ChatDialect = { ...USUAL, join: "{name}", quit: "exit", greets: true, answers: true };

/** Options of {@linkcode failures}. */
export interface CheckingOptions {
  readonly dialect?: ChatDialect;
  /** The checks to run (all of the dialect's mode). */
  readonly only?: readonly string[];
  /** How long to wait for an answer (ms). */
  readonly patience?: number;
  readonly fresh?: boolean;
}

/** What came of the checks; `unclear` are those that failed on a machine that was too busy to tell. */
export async function failures(
  server: ServerUnderTest,
  { dialect = NAMED, only, patience = 1000, fresh = false }: CheckingOptions = {},
): Promise<
  {
    readonly failed: Record<string, string>;
    readonly skipped: string[];
    readonly passed: string[];
    readonly unclear: string[];
  }
> {
  const inMode = protocol.checks.filter((check) => !/^it belongs to/.test(check.skip?.(dialect) ?? ""));
  const checks = only === undefined ? inMode : inMode.filter(({ name }) => only.includes(name));
  const failed: Record<string, string> = {};
  const skipped: string[] = [];
  const [passed, unclear]: [string[], string[]] = [[], []];
  const { signal } = new AbortController();
  for await (const result of runChecks({ protocol, dialect, checks, server, patience, seed: 1, fresh, signal })) {
    if (result.outcome === "failed") failed[result.check.name] = result.reason;
    else if (/^this machine is too busy to tell/.test(result.reason)) unclear.push(result.check.name);
    else (result.outcome === "skipped" ? skipped : passed).push(result.check.name);
  }
  return { failed, skipped, passed, unclear };
}
