/**
 * A diagram as SVG 1.1, written by hand. Pure. Every text goes through {@linkcode markup}.
 *
 * @module
 */
import { markup, oneLine, shortenedInside } from "./excerpt.ts";
import { type Page, planOf, WIDE, wrapped } from "./layout.ts";
import { legendOf } from "./legend.ts";
import { type Diagram, LEFT, RIGHT, type Section, type Side } from "./model.ts";
import { label, points, silence, stepShape } from "./shapes.ts";
import { STYLE } from "./style.ts";
import { sizeText } from "./words.ts";

/** Distances between the parts of a drawing. */
const [MARGIN, TITLE, LINE, HEADING, ENDS, SPACE] = [16, 30, 17, 22, 42, 34];
/** How many steps a drawing's description tells to people who cannot see it. */
const DESCRIBED = 60;

/** What else a drawing may be. */
export interface DrawOptions {
  readonly page?: Page;
  /** Whether it stands alone; if not, title, legend and style sheet are the page's. */
  readonly alone?: boolean;
}

/** Draws the diagram. */
export function svgOf(diagram: Diagram, { page = WIDE, alone = true }: DrawOptions = {}): string {
  const parts: string[] = [];
  let y = MARGIN;
  if (alone) {
    const head = header(diagram, page, y);
    parts.push(head.markup);
    y = head.bottom + SPACE / 4;
  }
  for (const section of diagram.sections) {
    const drawn = drawSection(section, page, y);
    parts.push(drawn.markup);
    y = drawn.bottom + SPACE;
  }
  if (alone) {
    const legend = legendOf(diagram, page, y - SPACE / 3);
    parts.push(legend.markup);
    y = legend.bottom;
  } else {
    y -= SPACE - 8;
  }
  const height = Math.ceil(y);
  const size = `viewBox="0 0 ${page.width} ${height}" width="${page.width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} class="${page.className}" role="img" style="max-width:100%;height:auto">
<title>${markup(diagram.title)}</title>
<desc>${markup(describe(diagram))}</desc>
${alone ? `<style>${STYLE}\n</style>\n` : ""}<rect class="paper" width="${page.width}" height="${height}"/>
${parts.join("\n")}
</svg>
`;
}

/** Title, start, and the notes on the whole. */
function header(diagram: Diagram, page: Page, top: number): { markup: string; bottom: number } {
  const columns = Math.floor((page.width - 2 * MARGIN) / 6.6);
  const lines = [startText(diagram), ...diagram.notes].flatMap((note) => wrapped(oneLine(note), columns));
  const title = shortenedInside(oneLine(diagram.title), Math.floor(columns * 0.62));
  const rows = lines.map((text, index) =>
    `<text class="small soft" x="${MARGIN}" y="${top + TITLE + index * LINE}">${markup(text)}</text>`
  );
  return {
    markup: [`<text class="title" x="${MARGIN}" y="${top + 10}">${markup(title)}</text>`, ...rows].join("\n"),
    bottom: top + TITLE + lines.length * LINE,
  };
}

/** The last moment that a date can be (ECMAScript 21.4.1.1), in milliseconds since the epoch. */
const LATEST = 8.64e15;

/** When the times begin to count. */
export function startText({ start, sections }: Diagram): string {
  if (sections.length === 0) return "Nothing passed.";
  // A capture may say anything.
  if (Math.abs(start) > LATEST) return "Times count from the first event.";
  const [day = "", time = ""] = new Date(start).toISOString().split("T");
  return `Times count from ${day} ${time.replace("Z", "")} UTC.`;
}

function drawSection(section: Section, page: Page, top: number): { markup: string; bottom: number } {
  const plan = planOf(section, page);
  const [left, right] = page.lines;
  // On a phone both do not fit into one row.
  const own = section.heading.length * 8 + section.facts.length * 6.6 > page.width - 2 * MARGIN;
  const head = own ? top + 18 : top;
  const start = head + HEADING + ENDS + 16;
  const end = start + plan.height + 18;
  const text = (x: number, y: number, words: string, anchor: string, className: string): string =>
    `<text class="${className}" x="${points(x)}" y="${points(y)}" text-anchor="${anchor}">${markup(words)}</text>`;
  const facts = own
    ? text(MARGIN, top + 29, section.facts, "start", "small soft")
    : text(page.width - MARGIN, top + 12, section.facts, "end", "small soft");
  const { arrows, bytes } = section.leftOut;
  const rest = arrows === 0 ? [] : [`⋮ ${arrows} more, ${sizeText(bytes)}, not drawn ⋮`];
  const parts = [
    text(MARGIN, top + 12, section.heading, "start", "heading"),
    facts,
    ...page.lines.flatMap((x) => lifeline(x, start, end, plan.silences.map(({ y }) => start + y))),
    endBox(section, LEFT, page, head + HEADING),
    endBox(section, RIGHT, page, head + HEADING),
    `<g transform="translate(0,${points(start)})">`,
    ...plan.silences.map(({ y, text }) => silence((left + right) / 2, y, text)),
    ...plan.times.map(({ side, y, text }) => timeLabel(side, y, text, page)),
    ...plan.steps.map((placed) => stepShape(placed, page)),
    "</g>",
    ...rest.map((words) => text((left + right) / 2, end + 18, words, "middle", "small soft")),
  ];
  return { markup: `<g>\n${parts.join("\n")}\n</g>`, bottom: end + 24 * rest.length };
}

function timeLabel(side: Side, y: number, text: string, { lines }: Page): string {
  const [x, anchor] = side === LEFT ? [lines[LEFT] - 11, "end" as const] : [lines[RIGHT] + 11, "start" as const];
  return label({ x, y: y + 4, anchor, parts: [{ style: "soft", text }] }, "times");
}

/** A lifeline, dotted where silence is cut out. */
function lifeline(x: number, top: number, bottom: number, cuts: readonly number[]): string[] {
  const edges = [top - 16, ...cuts.flatMap((y) => [y - 16, y + 16]), bottom];
  return edges.slice(1).map((y, index) =>
    `<path class="life${index % 2 === 1 ? " cut" : ""}" d="M${x},${points(edges[index] ?? 0)}V${points(y)}"/>`
  );
}

/** The box on top of a lifeline: who stands there. */
function endBox({ ends }: Section, side: Side, { width, lines }: Page, y: number): string {
  const box = (width - 2 * MARGIN - 12) / 2;
  const columns = Math.floor((box - 16) / 6.7);
  const text = shortenedInside(oneLine(ends[side] === "" ? "address unknown" : ends[side]), columns);
  const inner = Math.min(box, Math.max(132, text.length * 6.7 + 18));
  const x = Math.min(Math.max(lines[side] - inner / 2, MARGIN), width - MARGIN - inner);
  const middle = x + inner / 2;
  return `<rect class="card" x="${points(x)}" y="${y}" width="${points(inner)}" height="${ENDS - 4}" rx="6"/>
<text class="role" x="${points(middle)}" y="${y + 16}" text-anchor="middle">${
    side === LEFT ? "client" : "server"
  }</text>
<text class="small soft mono" x="${points(middle)}" y="${y + 31}" text-anchor="middle">${markup(text)}</text>`;
}

/** The diagram in words. */
function describe({ sections }: Diagram): string {
  const words = sections.flatMap(({ heading, ends, steps }) => [
    `${heading}, client ${ends[LEFT]}, server ${ends[RIGHT]}:`,
    ...steps.map((step) => {
      if (step.type === "note") return `(${step.text})`;
      const what = [step.flags, step.text, step.size === null ? "" : sizeText(step.size), step.lost ? "lost" : ""];
      return `${step.from === LEFT ? "client" : "server"}: ${what.filter((part) => part !== "").join(" ")};`;
    }),
  ]);
  return words.slice(0, DESCRIBED).join(" ") + (words.length > DESCRIBED ? " …" : "");
}
