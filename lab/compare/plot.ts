/**
 * A comparison as a picture: message numbers against time, as SVG 1.1. Scales and paths are d3's, the rest is written by hand. Pure.
 *
 * Every text is escaped; the same records give the same bytes.
 *
 * @module
 */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
// @ts-types="npm:@types/d3-shape@3.2.0"
import { curveStepAfter, line } from "d3-shape";
import { wrapped } from "../../lib/wire/diagram/layout.ts";
import { firstSpots, type Series, seriesOf, type Spot } from "./marks.ts";
import { STYLE } from "../plot_style.ts";
import { path, plotPicture, round, text } from "../svg.ts";
import { dueTime, type Recorded } from "./record.ts";

/** What a plot shows. */
export interface Plot {
  readonly tcp: Recorded;
  readonly udp: Recorded;
  /** The faults in words. */
  readonly title: string;
  /** Sentences below the title. */
  readonly notes: readonly string[];
}

/** The drawing's width, and its parts' heights and distances. */
const [WIDTH, MARGIN, LEFT, TITLE, LINE, AREA, BELOW] = [860, 16, 58, 28, 16, 350, 50];
/** What a letter of a note takes on average, in a wide font. */
const NOTE_LETTER = 6;
/** What one of the title takes, and the height of its lines. */
const [TITLE_LETTER, TITLE_LINE] = [9.8, 22];
/** The height of a row of the legend, its samples' width, and what a letter takes at most. */
const [ENTRY, SAMPLE, LETTER] = [20, 22, 6.2];
/** From how many milliseconds on the axis counts seconds. */
const SECONDS_FROM = 10_000;
/** The shortest time axis (ms). */
const SHORTEST = 10;

/** Places in pixels. */
interface Scales {
  readonly x: (at: number) => number;
  readonly y: (number: number) => number;
}

/**
 * Draws a plot.
 *
 * @example Usage
 * ```ts
 * import { drawPlot } from "./plot.ts";
 * import type { Recorded } from "./record.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const stream = { count: 1, interval: 10, size: 100 };
 * const tcp: Recorded = { transport: "tcp", stream, sent: 1, arrivals: [], damaged: 0, lost: [], opening: 0, stopped: null };
 * const udp: Recorded = { ...tcp, transport: "udp", arrivals: [{ number: 1, at: 20 }] };
 * assertStringIncludes(drawPlot({ tcp, udp, title: "20 ms < delay", notes: [] }), "20 ms &lt; delay");
 * ```
 */
export function drawPlot({ tcp, udp, title, notes }: Plot): string {
  const series = seriesOf(tcp, udp);
  const columns = Math.floor((WIDTH - 2 * MARGIN) / NOTE_LETTER);
  const lines = notes.flatMap((note) => wrapped(note, columns));
  const [first = "", ...more] = wrapped(title, Math.floor((WIDTH - 2 * MARGIN) / TITLE_LETTER));
  const head = MARGIN + TITLE + more.length * TITLE_LINE;
  const legend = legendOf([sendingEntry(), ...series.map(entryOf)], head + lines.length * LINE);
  const [top, bottom] = [legend.bottom + 10, legend.bottom + 10 + AREA];
  const height = bottom + BELOW;
  const parts = [
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    ...[first, ...more].map((line, index) => text("title", MARGIN, MARGIN + 12 + index * TITLE_LINE, line)),
    ...lines.map((line, index) => text("small soft", MARGIN, head + 6 + index * LINE, line)),
    legend.markup,
    drawArea({ tcp, udp, series }, top, bottom),
  ];
  return plotPicture({ width: WIDTH, height, title, description: notes.join(" "), style: STYLE, parts });
}

/** Axes, grid and data. */
function drawArea(
  { tcp, udp, series }: { tcp: Recorded; udp: Recorded; series: readonly Series[] },
  top: number,
  bottom: number,
): string {
  const { count } = tcp.stream;
  const ends = [...tcp.arrivals, ...udp.arrivals].map(({ at }) => at);
  const latest = ends.reduce((most, at) => Math.max(most, at), Math.max(SHORTEST, dueTime(count, tcp.stream)));
  const x = scaleLinear().domain([0, latest]).nice().range([LEFT, WIDTH - MARGIN]);
  const y = scaleLinear().domain([0, count + Math.max(1, count * 0.03)]).range([bottom, top]);
  const sending = [1, count].map((number) => ({ number, at: dueTime(number, tcp.stream) }));
  return [
    ...axes(x, y.ticks(6).filter((tick) => Number.isInteger(tick) && tick <= count).map((tick) => [tick, y(tick)]), {
      top,
      bottom,
      latest,
    }),
    path("sending", curve(sending, { x, y })),
    path("step tcp", curve(firstSpots(tcp), { x, y })),
    ...series.map(({ className, shape, spots }) =>
      path(className, spots.map(({ at, number }) => shape(round(x(at)), round(y(number)))).join(""))
    ),
  ].join("\n");
}

/** The grid and the axes with their numbers and names. */
function axes(
  x: { (at: number): number; ticks(count: number): number[] },
  rows: readonly (readonly [tick: number, y: number])[],
  { top, bottom, latest }: { top: number; bottom: number; latest: number },
): string[] {
  const [unit, scale] = latest >= SECONDS_FROM ? ["s", 1000] as const : ["ms", 1] as const;
  const columns = x.ticks(9).map((tick) => [tick, x(tick)] as const);
  const middle = round((LEFT + WIDTH - MARGIN) / 2);
  const upright = `transform="translate(${MARGIN + 2},${round((top + bottom) / 2)}) rotate(-90)"`;
  return [
    path("grid", columns.map(([, at]) => `M${round(at)},${round(top)}V${round(bottom)}`).join("")),
    path("grid", rows.map(([, at]) => `M${LEFT},${round(at)}H${WIDTH - MARGIN}`).join("")),
    path("axis", `M${LEFT},${round(top)}V${round(bottom)}H${WIDTH - MARGIN}`),
    ...columns.map(([tick, at]) => text("small soft", at, bottom + 17, String(tick / scale), "middle")),
    ...rows.map(([tick, at]) => text("small soft", LEFT - 8, at + 4, String(tick), "end")),
    text("soft", Number(middle), bottom + 38, `time since the first message was due (${unit})`, "middle"),
    `<text class="soft" ${upright} text-anchor="middle">message number</text>`,
  ];
}

/** A line that goes from place to place: straight between two, else in steps. */
function curve(spots: readonly Spot[], { x, y }: Scales): string {
  const drawn = line<Spot>().x(({ at }) => x(at)).y(({ number }) => y(number)).digits(1);
  if (spots.length > 2) drawn.curve(curveStepAfter);
  return drawn([...spots]) ?? "";
}

/** A sign of the legend with its meaning; the sample is drawn around its middle. */
interface Entry {
  readonly sample: (x: number, y: number) => string;
  readonly name: string;
}

function sendingEntry(): Entry {
  return { sample: (x, y) => path("sending", `M${round(x - 9)},${round(y)}h18`), name: "sent" };
}

function entryOf({ className, shape, name }: Series): Entry {
  const step = (x: number, y: number): string =>
    className === "dots tcp" ? path("step tcp", `M${round(x - 9)},${round(y)}h18`) : "";
  return { sample: (x, y) => step(x, y) + path(className, shape(round(x), round(y))), name };
}

/** The legend in rows, above the data. */
function legendOf(entries: readonly Entry[], top: number): { readonly markup: string; readonly bottom: number } {
  const parts: string[] = [];
  let [x, y] = [MARGIN, top + ENTRY / 2];
  for (const { sample, name } of entries) {
    const width = SAMPLE + 6 + name.length * LETTER + 18;
    if (x > MARGIN && x + width > WIDTH - MARGIN) [x, y] = [MARGIN, y + ENTRY];
    parts.push(sample(x + SAMPLE / 2, y), text("", x + SAMPLE + 6, y + 4, name));
    x += width;
  }
  return { markup: `<g>\n${parts.join("\n")}\n</g>`, bottom: y + ENTRY / 2 };
}
