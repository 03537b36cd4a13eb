/**
 * The shapes of a drawing: arrows, notes, labels. Pure.
 *
 * @module
 */
import { columnsOf, CONTROL_NAMES, markup } from "./excerpt.ts";
import type { Label, Page, Placed } from "./layout.ts";
import { type Arrow, LEFT, RIGHT } from "./model.ts";

/** A coordinate, short. */
export function points(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A point. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Draws a step. */
export function stepShape(placed: Placed, page: Page): string {
  return placed.type === "arrow" ? arrowShape(placed, page) : noteShape(placed, page);
}

function arrowShape({ arrow, y, labels }: Placed & { type: "arrow" }, { lines }: Page): string {
  const { kind, from, leaves, arrives, lost, last } = arrow;
  const to = from === LEFT ? RIGHT : LEFT;
  const start = { x: lines[from], y: y.leaves };
  const end = { x: lines[to], y: y.arrives };
  const parts: string[] = [];
  if (lost) {
    parts.push(lostLine(start, end));
  } else {
    const final = last === undefined || y.last === undefined ? null : { x: lines[to], y: y.last };
    if (final !== null) {
      parts.push(`<path class="wedge" d="M${at(start)}L${at(end)}L${at(final)}z"/>`, line(arrow, start, final, true));
    }
    parts.push(line(arrow, start, end, arrives?.known ?? false));
    parts.push(knownMark(end, arrives?.known ?? false));
    if (final !== null) parts.push(knownMark(final, true));
  }
  if (y.returned !== undefined) parts.push(waitBar(start, y.returned));
  parts.push(knownMark(start, leaves?.known ?? false));
  const texts = labels.map((one) => label(one, "mono"));
  return `<g class="${lost ? "lost" : kind}">${[...parts, ...texts].join("")}</g>`;
}

/** A dot where that side's clock told the time, a ring where nobody knows it. */
function knownMark({ x, y }: Point, known: boolean): string {
  const place = `cx="${points(x)}" cy="${points(y)}"`;
  return known ? `<circle class="dot" ${place} r="2.6"/>` : `<circle class="hollow" ${place} r="3.6"/>`;
}

/** A line with its head, and for a RST the cross before it. */
export function line({ kind }: Pick<Arrow, "kind">, start: Point, end: Point, known: boolean): string {
  const length = Math.hypot(end.x - start.x, end.y - start.y);
  const [dx, dy] = [(end.x - start.x) / length, (end.y - start.y) / length];
  const back = (by: number, aside = 0): Point => ({ x: end.x - dx * by - dy * aside, y: end.y - dy * by + dx * aside });
  const tip = back(known ? 2 : 5);
  const [one, other] = [back(known ? 12 : 15, 4.2), back(known ? 12 : 15, -4.2)];
  const head = kind === "datagram"
    ? `<path class="open" d="M${at(one)}L${at(tip)}L${at(other)}"/>`
    : `<path class="head" d="M${at(one)}L${at(tip)}L${at(other)}z"/>`;
  return `<path class="line" d="M${at(start)}L${at(kind === "datagram" ? tip : back(10))}"/>${head}${
    kind === "reset" ? cross(back(24)) : ""
  }`;
}

/** A line that ends half-way. */
export function lostLine(start: Point, end: Point): string {
  const middle = { x: (start.x + end.x) / 2, y: start.y + 9 };
  return `<path class="line" d="M${at(start)}L${at(middle)}"/>${cross(middle)}`;
}

function cross({ x, y }: Point): string {
  return `<path class="cross" d="M${points(x - 5)},${points(y - 5)}l10,10m0,-10l-10,10"/>`;
}

/** How long a write took that had to wait. */
function waitBar({ x, y }: Point, end: number): string {
  return `<rect class="hollow" x="${points(x - 3.5)}" y="${points(y)}" width="7" height="${
    points(Math.max(2, end - y))
  }"/>`;
}

function noteShape({ note, y, lines }: Placed & { type: "note" }, { lines: [left, right], character }: Page): string {
  const height = lines.length * 15 + 8;
  const width = Math.max(...lines.map(columnsOf)) * character * 0.9 + 20;
  const x = note.side === null ? left - 10 : note.side === LEFT ? left + 12 : right - 12 - width;
  const span = note.side === null ? right - left + 20 : width;
  const top = y - height / 2;
  const texts = lines.map((text, index) =>
    `<text class="small" x="${points(x + span / 2)}" y="${points(top + 15 + index * 15)}" text-anchor="middle">${
      markup(text)
    }</text>`
  );
  return `<g><rect class="card" x="${points(x)}" y="${points(top)}" width="${
    points(span)
  }" height="${height}" rx="4"/>${texts.join("")}</g>`;
}

/** Silence that is cut out. */
export function silence(x: number, y: number, text: string): string {
  return `<text class="small soft" x="${points(x)}" y="${points(y + 4)}" text-anchor="middle">⋮ ${
    markup(text)
  } ⋮</text>`;
}

/** A label; `className` is its font. */
export function label({ x, y, anchor, parts }: Label, className: string): string {
  const place = `x="${points(x)}" y="${points(y)}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
  const spans = parts.map(({ style, text }, index) =>
    `${index === 0 ? "" : "  "}<tspan class="${style}">${signs(text)}</tspan>`
  );
  return `<text class="${className}" ${place}>${spans.join("")}</text>`;
}

/** Spells the names of controls whose signs few fonts have. */
function signs(text: string): string {
  return text.split(/([␀␍␛])/).map((part) => {
    const name = CONTROL_NAMES.get(part);
    return name === undefined ? markup(part) : `<tspan class="control">${name}</tspan>`;
  }).join("");
}

function at({ x, y }: Point): string {
  return `${points(x)},${points(y)}`;
}
