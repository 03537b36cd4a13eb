/**
 * The report of a soak: events for programs, tables and failures for people. Pure.
 *
 * @module
 */
import type { ScriptEvent, Summary } from "../../lib/events.ts";
import { counted, plural, thousands } from "../../lib/text.ts";
import type { Chart } from "./chart.ts";
import type { PhaseKind, Recorded, ServerRecord } from "./record.ts";
import { tablesOf } from "./table.ts";
import type { Finding } from "./verdict.ts";

/** A part of the run in words. */
export const PART_WORDS: Readonly<Record<PhaseKind, string>> = {
  start: "starting the servers",
  "warm-up": "good clients alone",
  rest: "nobody connected",
  idle: "idle connections, one server after another",
  faults: "faulty clients beside good ones",
  "cool-down": "good clients alone again",
  settle: "nobody connected: is everything back?",
};

/** The event at the end: the figures without the samples, and the tables. */
export function summaryOf(recorded: Recorded, findings: readonly Finding[]): Summary {
  const { seed, servers, scarce, phases } = recorded;
  const figures = servers.map(({ samples: _, ...figures }) => figures);
  return { event: "summary", seed, phases, servers: figures, scarce, findings, prose: tablesOf(recorded) };
}

/** The event that holds a server's samples, for programs. */
export function samplesEvent({ name, samples }: ServerRecord): ScriptEvent {
  return { event: "measured", prose: "", server: name, samples };
}

/** The event of something that did not hold, and how to see it again. */
export function findingEvent({ server, what }: Finding, repeat: string): ScriptEvent {
  const text = `${server}: ${what}. Repeat it with: ${repeat}`;
  return { event: "result", server, what, repeat, prose: [{ mark: "trouble", text }] };
}

/** The run as a chart. */
export function chartOf(recorded: Recorded, findings: readonly Finding[]): Chart {
  const { seed, servers } = recorded;
  const time = recorded.phases.at(-1)?.to ?? 0;
  const title = `${plural(servers.length, "server")} for ${Math.round(time / 1000)} s, seed ${seed}`;
  const most = servers.flatMap(({ crowds }) => crowds).reduce((most, { opened }) => Math.max(most, opened), 0);
  return {
    recorded,
    title,
    notes: [
      `${totalsOf(recorded)}; up to ${counted(most, "idle connection")} on one server.`,
      findings.length === 0 ? "Everything held." : findings.map(({ server, what }) => `${server}: ${what}.`).join(" "),
    ],
  };
}

/** `12,345 good exchanges beside 678 faulty clients` */
export function totalsOf({ servers }: Recorded): string {
  const sum = (figure: "exchanges" | "faulty"): number => servers.reduce((sum, server) => sum + server[figure], 0);
  return `${counted(sum("exchanges"), "good exchange")} beside ${thousands(sum("faulty"))} faulty clients`;
}
