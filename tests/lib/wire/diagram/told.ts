/**
 * A diagram as lines of text, for assertions.
 *
 * @module
 */
import type { WireEvent } from "../../../../lib/wire/event.ts";
import { diagramOf, type Told } from "../../../../lib/wire/diagram/build.ts";
import { type Diagram, LEFT, type Moment, type Section, type Step } from "../../../../lib/wire/diagram/model.ts";

/** Builds the diagram of some events. */
export function diagram(sides: readonly (readonly WireEvent[])[], told: Partial<Told> = {}): Diagram {
  return diagramOf(sides, { title: "test", ...told });
}

/** The steps of a diagram's sections: `0.60 > 0.75 data 19 B "Hello"`; `?` is a time that is unknown, `x` none. */
export function told(sides: readonly (readonly WireEvent[])[], more: Partial<Told> = {}): string[] {
  return diagram(sides, more).sections.flatMap(toldSection);
}

/** The steps of one section. */
export function toldSection({ steps }: Section): string[] {
  return steps.map(toldStep);
}

function toldStep(step: Step): string {
  if (step.type === "note") return `${["left", "right"][step.side ?? 2] ?? "both"} ${time(step.when)}: ${step.text}`;
  const { kind, from, leaves, arrives, last, returned, lost, flags, size, text, remark, receipt } = step;
  const end = lost ? "x" : time(arrives) + (last === undefined ? "" : `-${time(last)}`);
  const start = time(leaves) + (returned === undefined ? "" : `-${time(returned)}`);
  const way = from === LEFT ? `${start} > ${end}` : `${end} < ${start}`;
  const what = flags === "" ? `${kind} ${size} B` : flags;
  return [way, what, ...(text === "" ? [] : [JSON.stringify(text)]), ...[remark, receipt].filter((word) => word)].join(
    " ",
  );
}

function time(moment: Moment | null): string {
  if (moment === null) return "?";
  return moment.known ? moment.at.toFixed(2) : `?${moment.at.toFixed(2)}`;
}
