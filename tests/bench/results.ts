/**
 * Results of benchmarks that were never run.
 *
 * @module
 */
import type { GroupResult, Kind, Results, Row } from "../../bench/model.ts";

/** A row whose samples have a rate, and where there is none nothing. */
export function row(server: string, kind: Kind, rates: readonly (number | undefined)[], trouble?: string): Row {
  const samples = rates.map((rate) => rate === undefined ? undefined : { rate });
  return { server, kind, samples, ...(trouble === undefined ? {} : { trouble }) };
}

/** A group with one case: ours is 0.9 of Node, 1.5 of the bare loop; ncat has failed. */
export const TCP: GroupResult = {
  name: "tcp",
  title: "TCP, small exchanges",
  about: "Each connection sends 64 bytes.",
  columns: ["rate", "p99", "lost"],
  relative: false,
  cases: [{
    name: "64 | connections",
    primary: "rate",
    note: "plainwire 64 bytes",
    goals: [{ metric: "rate", against: "Node net", least: 1 }, { metric: "rate", against: "C epoll", least: 1 }],
    rows: [
      { server: "plainwire", kind: "ours", samples: [{ rate: 90_000, p99: 1.5 }, { rate: 99_000, p99: 1.25 }] },
      row("Node net", "node", [100_000, 110_000]),
      row("bare <Deno.listen>", "bare", [60_000, 66_000]),
      row("ncat", "peer", [undefined], "Cannot connect: 100 of 200 are open"),
    ],
  }],
};

/** A run of it, and of a group for which something was missing. */
export const RESULTS: Results = {
  date: "2026-01-02",
  rounds: 2,
  seconds: 1,
  took: 130,
  machine: [["cores", "2"]],
  versions: [["Deno", "2.0.0"]],
  missing: ["wrk: not installed"],
  groups: [TCP, { ...TCP, name: "http", title: "HTTP", cases: [], skipped: "not measured without wrk" }],
};
