/**
 * Runs the checks of a protocol against a server of the test's own.
 *
 * @module
 */
import type { Check } from "../../../lab/checks/check.ts";
import type { Protocol, ProtocolFlagValues } from "../../../lab/checks/protocol.ts";
import { protocolFlags } from "../../../lab/checks/protocol_flags.ts";
import { type Result, runChecks, type ServerUnderTest } from "../../../lab/checks/runner.ts";
import { onTime } from "./support.ts";
import { Trial } from "../../../lab/checks/trial.ts";

/** What is known of the server. */
export type ServerFacts = Pick<ServerUnderTest, "endpoint"> & Partial<ServerUnderTest>;

/** How it is checked. */
export interface OutcomeOptions<D> {
  readonly flags?: Partial<ProtocolFlagValues>;
  /** How long to wait for an answer (ms). */
  readonly patience?: number;
  /** Whether to allow for a busy machine, as `lab:check` does; a fault is then not sure to be found. */
  readonly lenient?: boolean;
  /** Which checks are run: all, unless it says. */
  readonly only?: (check: Check<D>) => boolean;
}

/** Finds out how the server speaks, and runs the checks. */
export async function resultsOf<D>(
  protocol: Protocol<D>,
  facts: ServerFacts,
  { flags = {}, patience = 600, lenient = false, only = () => true }: OutcomeOptions<D> = {},
): Promise<Result[]> {
  const given = Object.fromEntries(
    Object.entries(protocolFlags).map(([name, flag]) => [name, flag.read([])]),
  ) as unknown as ProtocolFlagValues;
  const signal = AbortSignal.any([]);
  using trial = new Trial({ server: facts.endpoint, dialect: null, patience, random: () => 0, signal });
  const dialect = await protocol.dialectOf({ ...given, ...flags }, { trial, say: () => {} });
  const server: ServerUnderTest = {
    get endpoint() {
      return facts.endpoint;
    },
    output: facts.output ?? null,
    ending: () => facts.ending?.() ?? Promise.resolve(null),
    endedWell: () => facts.endedWell?.() ?? false,
    lastWords: () => facts.lastWords?.() ?? "",
    restart: facts.restart ?? null,
  };
  const checks = protocol.checks.filter(only);
  const results: Result[] = [];
  // The runner knows no dialects: each check gets that of its own protocol.
  const erased = { protocol: protocol as Protocol<unknown>, checks: checks as Check<unknown>[] };
  const running = { ...erased, dialect, server, patience, seed: 1, signal, ...(lenient ? {} : { measure: onTime }) };
  for await (const result of runChecks(running)) results.push(result);
  return results;
}

/** The names of the checks that failed. */
export function failedOf(results: readonly Result[]): string[] {
  return results.filter(({ outcome }) => outcome === "failed").map(({ check }) => check.name);
}

/** Each failed check with what the server did instead. */
export function reasonsOf(results: readonly Result[]): Record<string, string> {
  return Object.fromEntries(
    results.filter(({ outcome }) => outcome === "failed").map(({ check, reason }) => [check.name, reason]),
  );
}
