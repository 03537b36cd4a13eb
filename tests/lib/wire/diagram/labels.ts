/**
 * The labels of a plan as rectangles, for the tests.
 *
 * @module
 */
import { columnsOf } from "../../../../lib/wire/diagram/excerpt.ts";
import type { Label, Page, Plan } from "../../../../lib/wire/diagram/layout.ts";

/** A text and its place. */
export interface Rectangle {
  readonly what: string;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

function rectangleOf({ x, y, anchor, parts }: Label, { character }: Page): Rectangle {
  const what = parts.map(({ text }) => text).join("  ");
  const width = columnsOf(what) * character;
  const left = anchor === "start" ? x : x - width;
  return { what, x: [left, left + width], y: [y - 10, y + 3] };
}

/** The labels of all arrows and times. */
export function labelsOf(plan: Plan, page: Page): Rectangle[] {
  const labels = plan.steps.flatMap((step) => step.type === "arrow" ? step.labels : []);
  const times = plan.times.map(({ side, y, text }): Label => ({
    x: side === 0 ? page.lines[0] - 11 : page.lines[1] + 11,
    y: y + 4,
    anchor: side === 0 ? "end" : "start",
    parts: [{ style: "soft", text }],
  }));
  return [...labels, ...times].map((label) => rectangleOf(label, page));
}

/** The pairs of labels that overlap. */
export function overlapsIn(plan: Plan, page: Page): string[] {
  const labels = labelsOf(plan, page);
  return labels.flatMap((one, index) =>
    labels.slice(index + 1).filter((two) =>
      one.x[0] < two.x[1] && two.x[0] < one.x[1] && one.y[0] < two.y[1] && two.y[0] < one.y[1]
    ).map((two) => `${one.what} / ${two.what}`)
  );
}
