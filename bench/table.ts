/**
 * Results as rows of text. Pure.
 *
 * @module
 */
import { table } from "../lib/console/table.ts";
import { thousands } from "../lib/text.ts";
import { type CaseResult, type Goal, type GroupResult, type Metric, METRICS, type Row } from "./model.ts";
import { figuresOf, oursOf, ratioOf, type Spread, spreadOf, verdictOf } from "./statistics.ts";

/** Shown where there is no figure. */
const NONE = "";

/** A figure as it is shown for its metric: `118,681`, `0.64`. */
export function figureText(value: number, metric: Metric): string {
  const { digits } = METRICS[metric];
  const [whole = "", rest] = value.toFixed(digits).split(".");
  const grouped = /^-?\d+$/.test(whole) && Math.abs(Number(whole)) >= 1000 ? thousands(Number(whole)) : whole;
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** The metrics of a group that have figures. */
function metricsOf({ columns, cases }: GroupResult): readonly Metric[] {
  return columns.filter((metric) => cases.some(({ rows }) => rows.some((row) => figuresOf(row, metric).length > 0)));
}

/** The headings of a group's table, from the server on. */
export function headings(group: GroupResult): string[] {
  const metrics = metricsOf(group).map((metric) => METRICS[metric].heading);
  return ["server", group.relative ? "of the first" : "ratio", "spread", ...metrics];
}

/** A row of a table: its cells, and what went wrong, if anything did. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly trouble?: string;
}

/** The rows of a case: each server with its ratio, the spread of what that is of, and its medians. */
export function caseRows(group: GroupResult, result: CaseResult): TableRow[] {
  return result.rows.map((row) => ({
    cells: [
      row.server,
      ratioText(ratioIn(result, row, group.relative)),
      spreadText(spreadOf(figuresOf(row, result.primary))),
      ...metricsOf(group).map((metric) => medianText(row, metric)),
    ],
    ...(row.trouble === undefined ? {} : { trouble: row.trouble }),
  }));
}

/** How far the rounds lie apart, as a share of their median: one round has no spread. */
function spreadText(spread: Spread | null): string {
  if (spread === null || spread.least === spread.most || spread.median === 0) return NONE;
  return `${Math.round((spread.most - spread.least) / spread.median * 100)} %`;
}

/** The ratio of a row: ours divided by it, or it divided by the first. */
export function ratioIn(result: CaseResult, row: Row, relative: boolean): Spread | null {
  const ours = oursOf(result);
  if (ours === undefined || row === ours) return null;
  return relative ? ratioOf(row, ours, result.primary) : ratioOf(ours, row, result.primary);
}

/** A ratio with two digits. */
export function ratioText(ratio: Spread | null): string {
  return ratio === null ? NONE : ratio.median.toFixed(2);
}

function medianText(row: Row, metric: Metric): string {
  const spread = spreadOf(figuresOf(row, metric));
  return spread === null ? NONE : figureText(spread.median, metric);
}

/** A group as lines for a terminal: each case a heading, below it a line for each server. */
export function groupLines(group: GroupResult): string[] {
  const { title, skipped, cases } = group;
  if (skipped !== undefined) return [`${title}: ${skipped}`];
  const blocks = cases.map((result) => ({ result, rows: caseRows(group, result) }));
  const rows = blocks.flatMap(({ rows }) => rows);
  const [head = "", ...lines] = table([headings(group), ...rows.map(({ cells }) => cells)], { left: 1 });
  const printed = [title, `  ${head}`];
  for (const { result: { name, note }, rows } of blocks) {
    printed.push(name);
    for (const { trouble } of rows) printed.push(`  ${lines.shift()}${trouble === undefined ? "" : `  ${trouble}`}`);
    if (note !== undefined) printed.push(`  (${note})`);
  }
  return printed;
}

/** What is to be reached, in words: `rate at least 1.00 of Node net's`. */
export function goalText({ metric, against, least, most }: Goal): string {
  const { heading } = METRICS[metric];
  const bound = least === undefined ? `at most ${most?.toFixed(2)}` : `at least ${least.toFixed(2)}`;
  return against === undefined ? `${heading} ${bound}` : `${heading} ${bound} of ${against}`;
}

/** The goals of a group with what was measured: case, goal, figure, verdict. */
export function goalRows({ name, cases }: GroupResult): string[][] {
  return cases.flatMap((result) =>
    result.goals.map((goal) => {
      const { measured, met } = verdictOf(result, goal);
      return [
        `${name}: ${result.name}`,
        goalText(goal),
        measured === null ? "-" : measured.toFixed(2),
        met === null ? "not measured" : met ? "met" : "missed",
      ];
    })
  );
}
