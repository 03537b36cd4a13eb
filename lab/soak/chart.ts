/**
 * A soak as a picture: for each server its memory, descriptors and times of good exchanges, second by second, as SVG 1.1. Pure.
 *
 * Every text is escaped; the same record gives the same bytes.
 *
 * @module
 */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear, scaleLog } from "d3-scale";
// @ts-types="npm:@types/d3-shape@3.2.0"
import { line } from "d3-shape";
import { wrapped } from "../../lib/wire/diagram/layout.ts";
import { STYLE } from "../plot_style.ts";
import { path, plotPicture, round, text } from "../svg.ts";
import type { Phase, PhaseKind, Recorded, Sample, ServerRecord } from "./record.ts";

/** The drawing's width, and its parts' heights and distances. */
const [WIDTH, MARGIN, TITLE, LINE, HEAD, ROW, PANEL, NAME, GAP, BELOW] = [1000, 16, 28, 16, 60, 78, 58, 96, 46, 44];
/** What a letter of a note takes on average. */
const NOTE_LETTER = 6;
/** From how many seconds on the axis counts minutes. */
const MINUTES_FROM = 300;
/** How dark the parts of a run are, from none to all, and what they are called. */
const PARTS: Readonly<Partial<Record<PhaseKind, readonly [shade: number, name: string]>>> = {
  idle: [0.1, "idle crowds"],
  faults: [0.2, "faulty clients"],
};

/** A point of a curve: seconds since the beginning, and the value. */
type Spot = readonly [at: number, value: number];

/** A column of panels. */
interface Column {
  readonly title: string;
  /** Its curves, of which the first is the main one. */
  readonly curves: (sample: Sample) => readonly (number | null)[];
  readonly scale: "linear" | "log";
  /** The lowest value on the axis, and the least that the highest must be. */
  readonly range: readonly [low: number, high: number];
}

const COLUMNS: readonly Column[] = [
  {
    title: "memory (MiB)",
    curves: ({ usage }) => [usage === null ? null : usage.rss / 1024 / 1024],
    scale: "linear",
    range: [0, 100],
  },
  { title: "descriptors", curves: ({ usage }) => [usage?.descriptors ?? null], scale: "log", range: [10, 100] },
  {
    title: "good exchange (ms): median, longest",
    curves: ({ p50, max }) => [p50, max],
    scale: "log",
    range: [0.1, 100],
  },
];

/** What a chart shows. */
export interface Chart {
  readonly recorded: Recorded;
  readonly title: string;
  /** Sentences below the title. */
  readonly notes: readonly string[];
}

/**
 * Draws a chart.
 *
 * @example Usage
 * ```ts
 * import { drawChart } from "./chart.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const recorded = { seed: 1, phases: [], servers: [], scarce: [], unmeasured: [] };
 * assertStringIncludes(drawChart({ recorded, title: "a < b", notes: [] }), "a &lt; b");
 * ```
 */
export function drawChart({ recorded, title, notes }: Chart): string {
  const { servers, phases } = recorded;
  const lines = notes.flatMap((note) => wrapped(note, Math.floor((WIDTH - 2 * MARGIN) / NOTE_LETTER)));
  const top = MARGIN + TITLE + lines.length * LINE + HEAD;
  const bottom = top + servers.length * ROW;
  const height = bottom + BELOW;
  const end = Math.max(1, ...phases.map(({ to }) => to / 1000), ...servers.flatMap(lastOf));
  const parts = [
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text("title", MARGIN, MARGIN + 12, title),
    ...lines.map((line, index) => text("small soft", MARGIN, MARGIN + TITLE + 8 + index * LINE, line)),
    legend(top - HEAD + 14),
    ...COLUMNS.map((column, index) => drawColumn(column, index, { servers, phases, top, bottom, end })),
    ...servers.map(({ name }, index) => text("", MARGIN, top + index * ROW + PANEL / 2 + 4, name)),
  ];
  return plotPicture({ width: WIDTH, height, title, description: notes.join(" "), style: STYLE, parts });
}

function lastOf({ samples }: ServerRecord): number[] {
  return samples.slice(-1).map(({ at }) => at / 1000);
}

/** What the shades mean. */
function legend(y: number): string {
  let x = MARGIN;
  return Object.values(PARTS).map(([shade, name]) => {
    const sample = band(x, y - 9, 22, 12, shade) + text("small", x + 28, y + 1, name);
    x += 44 + name.length * NOTE_LETTER;
    return sample;
  }).join("\n");
}

/** What all columns have in common; heights in pixels, `end` in seconds. */
interface Frame {
  readonly servers: readonly ServerRecord[];
  readonly phases: readonly Phase[];
  readonly top: number;
  readonly bottom: number;
  readonly end: number;
}

function drawColumn(column: Column, index: number, { servers, phases, top, bottom, end }: Frame): string {
  const width = (WIDTH - MARGIN - NAME) / COLUMNS.length;
  const [left, right] = [NAME + index * width + GAP, NAME + (index + 1) * width];
  const [unit, scale] = end >= MINUTES_FROM ? ["min", 60] as const : ["s", 1] as const;
  const axis = scaleLinear().domain([0, end / scale]).range([left, right]);
  const x = (at: number): number => axis(at / scale);
  const marked = phases.flatMap(({ kind, from, to }) => {
    const shade = PARTS[kind]?.[0];
    return shade === undefined ? [] : [{ shade, from: x(from / 1000), to: x(to / 1000) }];
  });
  return [
    text("small", left, top - 10, column.title),
    ...servers.flatMap((server, row) => {
      const at = top + row * ROW;
      return [
        ...marked.map(({ shade, from, to }) => band(from, at, to - from, PANEL, shade)),
        drawPanel(column, server, { x, left, right, top: at }),
      ];
    }),
    ...axis.ticks(5).map((tick) => text("small soft", axis(tick), bottom - ROW + PANEL + 15, String(tick), "middle")),
    text("small soft", (left + right) / 2, bottom - ROW + PANEL + 32, `time (${unit})`, "middle"),
  ].join("\n");
}

function drawPanel(
  { curves, scale, range: [low, least] }: Column,
  { samples }: ServerRecord,
  { x, left, right, top }: { x: (at: number) => number; left: number; right: number; top: number },
): string {
  const values = samples.map((sample) => ({ at: sample.at / 1000, values: curves(sample) }));
  const high = values.reduce((most, { values }) => Math.max(most, ...values.map((value) => value ?? 0)), least);
  const y = scale === "log"
    ? scaleLog().domain([low, high]).range([top + PANEL, top]).clamp(true)
    : scaleLinear().domain([low, high]).nice(2).range([top + PANEL, top]);
  const ticks = scale === "log" ? powers(low, high) : y.ticks(2);
  const drawn = [...(values[0]?.values ?? []).keys()].map((curve) =>
    values.flatMap(({ at, values }): Spot[] => {
      const value = values[curve];
      return value === null || value === undefined ? [] : [[at, value]];
    })
  );
  return [
    path("grid", ticks.map((tick) => `M${round(left)},${round(y(tick))}H${round(right)}`).join("")),
    path("axis", `M${round(left)},${round(top)}V${round(top + PANEL)}H${round(right)}`),
    ...ticks.map((tick) => text("small soft", left - 6, y(tick) + 4, tick.toLocaleString("en"), "end")),
    ...drawn.map((spots, curve) => path(curve === 0 ? "step tcp" : "step udp", curveOf(spots, x, y))).toReversed(),
  ].join("\n");
}

/** Every power of ten that fits, or every second or third one where there are many: two labels need room. */
function powers(low: number, high: number): number[] {
  const [from, to] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const step = Math.max(1, Math.ceil((to - from) / 3));
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => 10 ** (from + index * step));
}

function curveOf(spots: readonly Spot[], x: (at: number) => number, y: (value: number) => number): string {
  return line<Spot>().x(([at]) => x(at)).y(([, value]) => y(value)).digits(1)([...spots]) ?? "";
}

function band(x: number, y: number, width: number, height: number, shade: number): string {
  return `<rect class="soft" fill-opacity="${shade}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${
    round(height)
  }"/>`;
}
