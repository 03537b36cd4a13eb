/**
 * The elements of a plot, as SVG 1.1. Every text is escaped; the same calls give the same bytes. Pure.
 *
 * @module
 */
import { markup } from "../lib/wire/diagram/excerpt.ts";

/** A text; `className` may be empty. */
export function text(
  className: string,
  x: number,
  y: number,
  words: string,
  anchor: "start" | "middle" | "end" = "start",
): string {
  const kind = className === "" ? "" : ` class="${className}"`;
  const at = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text${kind} x="${round(x)}" y="${round(y)}"${at}>${markup(words)}</text>`;
}

/** A path; nothing for one without commands. */
export function path(className: string, d: string): string {
  return d === "" ? "" : `<path class="${className}" d="${d}"/>`;
}

/** A coordinate, to a tenth of a pixel. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A whole picture of a plot, drawn from parts in this order; a viewer that shows none of it reads the title and the description. */
export function plotPicture(
  { width, height, title, description, style, parts }: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly description: string;
    readonly style: string;
    readonly parts: readonly string[];
  },
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `class="plot" role="img" style="max-width:100%;height:auto">
<title>${markup(title)}</title>
<desc>${markup(description)}</desc>
<style>${style}
</style>
${parts.join("\n")}
</svg>
`;
}
