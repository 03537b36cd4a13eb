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
