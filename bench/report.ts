/**
 * The report of a run, as Markdown. Pure.
 *
 * @module
 */
import { counted, listed } from "../lib/text.ts";
import type { GroupResult, Results } from "./model.ts";
import { caseRows, goalRows, headings } from "./table.ts";

const METHOD = `## How it is measured

- All servers of a case run at the same time and are measured one after the other, round by round, under the same load from the same
  generator, on loopback and on free ports. A figure is the median of the rounds, the spread what lies between the least and the
  greatest, as a share of it. The ratio is ours divided by theirs: the median of the rounds' own ratios, for a machine is faster in one
  minute than in the next.
- Server and generator share the machine, so rates are those of both together. **CPU s** is the server's own time, user's and system's,
  and says what an exchange costs where rates say how the machine was shared.
- Generators are in [load/](load/), the peers' programs in [peers/](peers/), what each group measures in [groups/](groups/). HTTP's is
  wrk. Answers are compared byte for byte, by all but wrk; what comes back wrong, or a connection that breaks, is a row that says so.
- Messages and answers have the same bytes for all; for HTTP, where heads differ, they are told below the table.`;

/**
 * Writes the report.
 *
 * @param chart The chart's file name.
 */
export function reportOf(results: Results, chart: string): string {
  const { date, rounds, seconds, took, machine, versions, missing, groups } = results;
  const measured = groups.map(({ name }) => name);
  return `# Results

Written by \`deno task bench --write\` on ${date}: ${rounds} round${rounds === 1 ? "" : "s"} of ${seconds} s, in ${
    counted(Math.max(1, Math.round(took / 60)), "minute")
  }. Groups: ${listed(measured)}.

![Plainwire beside the others](${chart})

${tableOf(["machine", ""], machine)}

${tableOf(["program", "version"], versions)}

${missing.length === 0 ? "Nothing was missing." : `Missing: ${missing.join("; ")}.`}

${METHOD}

## Goals

${tableOf(["case", "goal", "measured", ""], groups.flatMap(goalRows))}

${groups.map(section).join("\n\n")}
`;
}

function section(group: GroupResult): string {
  const { title, about, skipped, cases } = group;
  if (skipped !== undefined) return `## ${title}\n\n${sentence(skipped)}`;
  const rows = cases.flatMap((result) =>
    caseRows(group, result).map(({ cells, trouble = "" }, index) => [index === 0 ? result.name : "", ...cells, trouble])
  );
  const head = ["case", ...headings(group), ""];
  const wide = rows.some((row) => row.at(-1) !== "") ? head.length : head.length - 1;
  const notes = cases.flatMap(({ name, note }) => note === undefined ? [] : [`- ${name}: ${note}`]);
  const shown = tableOf(head.slice(0, wide), rows.map((row) => row.slice(0, wide)));
  return [`## ${title}`, about, shown, ...notes.length === 0 ? [] : [notes.join("\n")]].join("\n\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A table; figures are flush right from the third column on. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = head.map((_, column) => column < 2 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
