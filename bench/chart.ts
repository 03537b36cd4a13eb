/**
 * The results as a picture: for each case, how many times as good as the others ours is, as bars from 1.0 on, as SVG 1.1. The scale is
 * d3's, the rest is written by hand. Pure.
 *
 * @module
 */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLog } from "d3-scale";
import { round, text } from "../lab/svg.ts";
import { STYLE } from "./chart_style.ts";
import { type CaseResult, METRICS, type Results, type Row } from "./model.ts";
import { bestPeerOf, oursOf, ratioOf } from "./statistics.ts";

/** One bar: how many times as good as another ours is. */
export interface Bar {
  readonly className: "node" | "bare" | "peer";
  readonly server: string;
  readonly times: number;
}

/** The bars of a case. */
export interface Bars {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** The drawing's width, and its parts' heights and distances. */
const [WIDTH, MARGIN, LEFT, RIGHT, HEAD, GROUP, BAR, GAP, BELOW] = [860, 16, 250, 190, 84, 26, 11, 7, 34];
/** What is shown of a ratio: less and more are cut off, and say so by their figure. */
const [LEAST, MOST] = [1 / 8, 8];
const TICKS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];
const LEGEND = [["node", "Node"], ["bare", "a bare loop on Deno's call"], ["peer", "the best other program"]] as const;

/** How many times as good ours is: more of what is better, or less of what is worse. */
function timesAsGood(ours: Row, other: Row, { primary }: CaseResult): number | null {
  const ratio = METRICS[primary].better === "more" ? ratioOf(ours, other, primary) : ratioOf(other, ours, primary);
  return ratio === null || !(ratio.median > 0) ? null : ratio.median;
}

/** The bars of a case: Node's, the bare loop's, and the best other program's, where these were measured. */
export function barsOf(result: CaseResult): Bars {
  const ours = oursOf(result);
  const others = [
    ["node", result.rows.find(({ kind }) => kind === "node")],
    ["bare", result.rows.find(({ kind }) => kind === "bare")],
    ["peer", bestPeerOf(result)],
  ] as const;
  const bars = others.flatMap(([className, row]): Bar[] => {
    const times = ours === undefined || row === undefined ? null : timesAsGood(ours, row, result);
    return row === undefined || times === null ? [] : [{ className, server: row.server, times }];
  });
  return { name: result.name, bars };
}

/** Draws the chart. Groups whose rows are divided by the first have no others, and no bars. */
export function drawChart({ groups, date }: Pick<Results, "groups" | "date">): string {
  const scale = scaleLog().base(2).domain([LEAST, MOST]).range([LEFT, WIDTH - RIGHT]);
  const x = (times: number): number => scale(Math.min(MOST, Math.max(LEAST, times)));
  const parts: string[] = [];
  let y = HEAD;
  for (const { title, relative, cases } of groups) {
    const drawn = relative ? [] : cases.map(barsOf).filter(({ bars }) => bars.length > 0);
    if (drawn.length === 0) continue;
    parts.push(text("group", MARGIN, y + 16, title));
    y += GROUP;
    for (const bars of drawn) {
      parts.push(drawCase(bars, y, x));
      y += bars.bars.length * BAR + GAP;
    }
  }
  const height = y + BELOW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `class="chart" role="img" style="max-width:100%;height:auto">
<title>Plainwire beside the others</title>
<desc>Bars to the right of 1.0: plainwire is faster, or takes less. The tables of RESULTS.md have the figures.</desc>
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${head(date)}
${grid(y, x)}
${parts.join("\n")}
</svg>
`;
}

function drawCase({ name, bars }: Bars, top: number, x: (times: number) => number): string {
  const middle = top + bars.length * BAR / 2 + 4;
  const one = x(1);
  return [
    text("small", LEFT - 10, middle, name, "end"),
    ...bars.map(({ className, server, times }, index) => {
      const at = x(times);
      const [from, to] = [Math.min(one, at), Math.max(one, at)];
      const y = top + index * BAR;
      return `<rect class="${className}" x="${round(from)}" y="${y}" width="${round(Math.max(1, to - from))}" height="${
        BAR - 2
      }"/>` +
        text("tiny soft", Math.max(at, one) + 5, y + BAR - 2.5, `${timesText(times)} ${server}`);
    }),
  ].join("\n");
}

function timesText(times: number): string {
  return times >= 10 ? times.toFixed(0) : times.toFixed(2);
}

/** The title, what it says, and the legend. */
function head(date: string): string {
  let at = MARGIN;
  const entries = LEGEND.map(([className, name]) => {
    const sample = `<rect class="${className}" x="${at}" y="52" width="14" height="9"/>`;
    const entry = sample + text("", at + 20, 61, name);
    at += 20 + name.length * 6.4 + 22;
    return entry;
  });
  return [
    text("title", MARGIN, 28, "Plainwire beside the others"),
    text("small soft", MARGIN, 45, `Right of 1.0 plainwire is faster, or takes less time or memory (${date})`),
    ...entries,
  ].join("\n");
}

function grid(bottom: number, x: (times: number) => number): string {
  const top = HEAD - 4;
  return TICKS.map((tick) =>
    `<path class="${tick === 1 ? "one" : "grid"}" d="M${round(x(tick))},${top}V${bottom}"/>` +
    text("small soft", x(tick), bottom + 16, tick < 1 ? `1/${1 / tick}` : String(tick), "middle")
  ).join("\n");
}
