/**
 * What the lines and marks of a diagram mean: only those that it uses. Pure.
 *
 * @module
 */
import { markup } from "./excerpt.ts";
import type { Page } from "./layout.ts";
import { type Arrow, type Diagram, momentsOf, type Step } from "./model.ts";
import { line, lostLine, points } from "./shapes.ts";

/** A sign and its meaning. */
export interface Entry {
  /** Its drawing, 40 wide and 16 high. */
  readonly sample: string;
  readonly name: string;
  /** In a sentence. */
  readonly meaning: string;
}

const [START, END] = [{ x: 2, y: 8 }, { x: 38, y: 8 }];

function sampleOf(kind: Arrow["kind"]): string {
  return `<g class="${kind}">${line({ kind }, START, END, true)}</g>`;
}

const arrow = (test: (arrow: Arrow) => boolean) => (step: Step): boolean => step.type === "arrow" && test(step);

/** All signs, each with the test whether a step uses it. */
const SIGNS: readonly (Entry & { readonly used: (step: Step) => boolean })[] = [
  {
    sample: sampleOf("handshake"),
    name: "handshake",
    meaning: "SYN, SYN ACK and ACK: the kernel sends them for connect and accept.",
    used: arrow(({ kind, lost }) => kind === "handshake" && !lost),
  },
  {
    sample: sampleOf("data"),
    name: "data",
    meaning:
      "Bytes of the stream, from the call to write to the return from read: time in the kernel's buffers is included.",
    used: arrow(({ kind }) => kind === "data"),
  },
  {
    sample: sampleOf("datagram"),
    name: "datagram",
    meaning: "A datagram, from the call to send to the return from receive.",
    used: arrow(({ kind, lost }) => kind === "datagram" && !lost),
  },
  {
    sample: sampleOf("fin"),
    name: "FIN",
    meaning: "That side has finished sending; it can still receive.",
    used: arrow(({ kind }) => kind === "fin"),
  },
  {
    sample: sampleOf("reset"),
    name: "reset",
    meaning: "That side has ended the connection at once, or nobody listens there.",
    used: arrow(({ flags }) => flags === "RST"),
  },
  {
    sample: sampleOf("reset"),
    name: "refused",
    meaning: "That machine says that nobody listens there.",
    used: arrow(({ kind, flags }) => kind === "reset" && flags !== "RST"),
  },
  {
    sample: `<g class="lost">${lostLine({ x: 2, y: 1 }, { x: 50, y: 1 })}</g>`,
    name: "lost",
    meaning: "It never arrived.",
    used: arrow(({ lost }) => lost === true),
  },
  {
    sample: `<g class="handshake"><circle class="hollow" cx="20" cy="8" r="4"/></g>`,
    name: "time unknown",
    meaning: "A ring instead of a dot: that side's clock is not known, and the arrow is drawn level.",
    used: arrow((one) =>
      one.leaves === null || (one.arrives === null && !one.lost) || momentsOf(one).some(({ known }) => !known)
    ),
  },
  {
    sample: `<g class="data"><rect class="hollow" x="16" y="1" width="7" height="14"/></g>`,
    name: "waiting",
    meaning: "How long a call took that had to wait, from its issue to its return.",
    used: arrow(({ returned }) => returned !== undefined),
  },
];

/** The signs that a diagram uses. */
export function entriesOf({ sections }: Diagram): Entry[] {
  return SIGNS.filter(({ used }) => sections.some(({ steps }) => steps.some(used)));
}

/** Draws the legend in rows. */
export function legendOf(diagram: Diagram, { width }: Page, top: number): { markup: string; bottom: number } {
  const parts: string[] = [];
  let [x, y] = [16, top];
  for (const { sample, name } of entriesOf(diagram)) {
    const span = 48 + name.length * 6.6 + 18;
    if (x + span > width && x > 16) [x, y] = [16, y + 20];
    parts.push(
      `<g transform="translate(${points(x)},${points(y)})">${sample}<text class="small soft" x="46" y="12">${
        markup(name)
      }</text></g>`,
    );
    x += span;
  }
  return { markup: parts.join("\n"), bottom: parts.length === 0 ? top : y + 32 };
}
