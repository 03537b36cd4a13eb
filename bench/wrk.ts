/**
 * wrk, the load generator for HTTP: its arguments, and what its report says. Pure.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";
import type { Told } from "./generator.ts";

/** A wrk script that sends 16 requests in one write. */
export const PIPELINE = `init = function() batch = string.rep(wrk.format(nil), 16) end
request = function() return batch end
`;

/** Milliseconds in the units that wrk prints. */
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/**
 * Reads the report of `wrk --latency`.
 *
 * @throws {Failure} There is none, or an answer was not the one that was asked for.
 *
 * @example Usage
 * ```ts
 * import { readWrk } from "./wrk.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const report = "     50%  640.00us\n     99%    1.25ms\n  71234 requests in 1.10s, 8.69MB read\nRequests/sec:  64758.18\n";
 * assertEquals(readWrk(report), { exchanges: 71_234, seconds: 1.1, p50: 0.64, p99: 1.25, broken: 0 });
 * ```
 */
export function readWrk(report: string): Told {
  const [, requests, time, unit = ""] = /^\s*(\d+) requests in ([\d.]+)(us|ms|s|m),/m.exec(report) ?? [];
  if (requests === undefined) {
    throw new Failure(Exit.failed, `Cannot read what wrk says: ${report.trim().split("\n")[0]}`);
  }
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1];
  if (refused !== undefined) throw new Failure(Exit.failed, `Cannot count that: ${refused} answers were no success`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report)?.slice(1) ?? [];
  return {
    exchanges: Number(requests),
    seconds: Number(time) * (UNITS[unit] ?? 1) / 1000,
    ...percentile(report, "p50", 50),
    ...percentile(report, "p99", 99),
    broken: errors.reduce((sum, count) => sum + Number(count), 0),
  };
}

/** A percentile in milliseconds; for requests that are sent at once wrk may say 0, which is none. */
function percentile(report: string, name: "p50" | "p99", share: number): Pick<Told, "p50" | "p99"> {
  const [, time, unit = ""] = new RegExp(`^\\s*${share}%\\s+([\\d.]+)(us|ms|s|m)`, "m").exec(report) ?? [];
  const milliseconds = Number(time) * (UNITS[unit] ?? 1);
  return milliseconds > 0 ? { [name]: milliseconds } : {};
}
