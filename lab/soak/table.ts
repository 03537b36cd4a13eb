/**
 * The figures of a soak as tables. Pure.
 *
 * @module
 */
import { table } from "../../lib/console/table.ts";
import { thousands } from "../../lib/text.ts";
import type { Phase, Recorded, ServerRecord } from "./record.ts";
import { mib, usualTime } from "./verdict.ts";

/** Shown where there is no figure. */
const NONE = "-";

/** The tables, one line per server: what its clients saw, what it held, and its idle connections. */
export function tablesOf({ servers, phases, scarce, unmeasured }: Recorded): string[] {
  return [
    ...table([LOAD_HEAD, ...servers.map((server) => loadRow(server, phases))], { left: 1 }),
    "(time of a good exchange in ms: the median alone, among faulty clients, and alone again; the longest of all)",
    "",
    ...table([USAGE_HEAD, ...servers.map(usageRow)], { left: 1 }),
    ...unmeasured.map((what) => `(not measured: ${what})`),
    ...crowdLines(servers),
    ...scarceLines(scarce),
  ];
}

const LOAD_HEAD = ["", "good", "wrong", "retried", "faulty", "alone", "faults", "after", "longest"];

function loadRow(server: ServerRecord, phases: readonly Phase[]): string[] {
  const { name, exchanges, wrongs, retries, faulty, samples } = server;
  const longest = Math.max(0, ...samples.map(({ max }) => max ?? 0));
  const times = (["warm-up", "faults", "cool-down"] as const).map((kind) => time(usualTime(server, phases, kind)));
  return [name, ...[exchanges, wrongs, retries, faulty].map(thousands), ...times, time(longest)];
}

function time(ms: number | null): string {
  return ms === null ? NONE : ms.toFixed(1);
}

const USAGE_HEAD = ["", "MiB before", "most", "after", "descriptors before", "most", "after", "threads"];

function usageRow({ name, samples, before, after }: ServerRecord): string[] {
  const used = samples.flatMap(({ usage }) => usage ?? []);
  const most = (figure: "rss" | "descriptors" | "threads"): number | null =>
    used.length === 0 ? null : used.reduce((most, usage) => Math.max(most, usage[figure]), 0);
  const size = (bytes: number | null | undefined): string => bytes === null || bytes === undefined ? NONE : mib(bytes);
  const count = (number: number | null | undefined): string =>
    number === null || number === undefined ? NONE : thousands(number);
  return [
    name,
    ...[before?.rss, most("rss"), after?.rss].map(size),
    ...[before?.descriptors, most("descriptors"), after?.descriptors, most("threads")].map(count),
  ];
}

/** A line for each server that had idle connections, of its last round. */
function crowdLines(servers: readonly ServerRecord[]): string[] {
  const rows = servers.flatMap(({ name, crowds }) => {
    const crowd = crowds.at(-1);
    if (crowd === undefined) return [];
    const { opened, wanted, limit, memory, clients, exchanges } = crowd;
    const each = memory === null || opened === 0 ? NONE : (memory / opened / 1024).toFixed(1);
    const why = limit === null ? "" : `of ${thousands(wanted)}: ${limit}`;
    return [[name, thousands(opened), each, String(clients), thousands(exchanges), why]];
  });
  if (rows.length === 0) return [];
  return ["", ...table([["", "idle", "KiB each", "served", "exchanges", ""], ...rows], { left: 1 })];
}

function scarceLines(scarce: Recorded["scarce"]): string[] {
  if (scarce.length === 0) return [];
  const rows = scarce.map(({ name, descriptors, clients, said, wrong }) => [
    name,
    ...[descriptors, clients, said].map(String),
    wrong.length === 0 ? "yes" : "no",
  ]);
  const head = ["few descriptors", "limit", "clients", "warned", "held"];
  return ["", ...table([head, ...rows], { left: 1 })];
}
