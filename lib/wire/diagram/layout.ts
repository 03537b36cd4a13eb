/**
 * Where the steps of a section are drawn: time runs down the page, gaps as long as their logarithm, silence cut out. Pure.
 *
 * @module
 */
import { columnsOf, shortened } from "./excerpt.ts";
import { type Arrow, LEFT, type Moment, type Note, RIGHT, type Section, type Side, type Step } from "./model.ts";
import { sizeText, spanText, timeText } from "./words.ts";

/** The widths of a drawing, in its own units (px at its natural size). */
export interface Page {
  readonly width: number;
  /** Where the lifelines stand. */
  readonly lines: readonly [left: number, right: number];
  /** The width of a character of the labels' fixed-width font, and the class that sets its size. */
  readonly character: number;
  readonly className: string;
}

/** For a README or a screen, and for a phone held upright. */
export const WIDE: Page = { width: 640, lines: [84, 556], character: 7.25, className: "wire" };
export const NARROW: Page = { width: 360, lines: [66, 294], character: 6.65, className: "wire slim" };

/** A text at a place; `anchor` is the end that stands there. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  /** Flags in bold, content plain, remarks soft. */
  readonly parts: readonly { readonly style: "flags" | "text" | "soft"; readonly text: string }[];
}

/** A step with its place. */
export type Placed =
  | { readonly type: "arrow"; readonly arrow: Arrow; readonly y: Ends; readonly labels: readonly Label[] }
  | { readonly type: "note"; readonly note: Note; readonly y: number; readonly lines: readonly string[] };

/** The heights of an arrow's ends. */
export interface Ends {
  readonly leaves: number;
  readonly arrives: number;
  readonly last?: number;
  readonly returned?: number;
}

/** A section with all places. `y` counts from the top of its lifelines. */
export interface Plan {
  readonly steps: readonly Placed[];
  /** Times beside the lifelines. */
  readonly times: readonly { readonly side: Side; readonly y: number; readonly text: string }[];
  readonly silences: readonly { readonly y: number; readonly text: string }[];
  readonly height: number;
}

/** A gap from this on (ms) is cut out. */
const SILENCE = 1000;
const CUT = 54;
/** Heights: a label over its line, a time beside it, and of a note. */
const [LABEL, TIME, NOTE_LINE] = [16, 6, 15];
/** No two boxes reach as far towards each other, from their rows, as this. */
const REACH = 100;
/** The distance of a label from its lifeline. */
const INDENT = 13;

/** A rectangle that nothing else may touch; `y` counts from the moment that it belongs to. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What happens at one height. */
interface Row {
  readonly at: number;
  readonly boxes: Box[];
  readonly times: { side: Side; text: string }[];
  y: number;
}

/** Places the steps of a section. */
export function planOf(section: Section, page: Page): Plan {
  const rows = new Map<Moment, Row>();
  const order: Row[] = [];
  const rowOf = (moment: Moment, side: Side | null): Row => {
    let row = rows.get(moment);
    if (row === undefined) {
      row = { at: moment.at, boxes: [], times: [], y: 0 };
      rows.set(moment, row);
      order.push(row);
      if (moment.known && side !== null) {
        row.times.push({ side, text: timeText(moment.at) });
        row.boxes.push(timeBox(side, page));
      }
    }
    return row;
  };
  const drafts = section.steps.map((step) => draftOf(step, page, rowOf));
  order.sort((a, b) => a.at - b.at);
  const { silences, height } = stack(order);
  return {
    steps: drafts.map((draft) => draft()),
    times: order.flatMap(({ times, y }) => times.map((time) => ({ ...time, y }))),
    silences,
    height,
  };
}

/** Gives each row the least height that keeps the order, shows the gap, and keeps its boxes off those above. */
function stack(rows: readonly Row[]): Pick<Plan, "silences" | "height"> {
  const silences: { y: number; text: string }[] = [];
  const taken: (Box & { readonly row: number })[] = [];
  let [y, bottom] = [0, 0];
  let before: number | undefined;
  for (const row of rows) {
    const gap = before === undefined ? 0 : row.at - before;
    let floor = 0;
    if (gap >= SILENCE) {
      const top = Math.max(bottom, y + 6);
      silences.push({ y: top + CUT / 2, text: `${spanText(gap)} of silence` });
      [y, floor] = [top + CUT, top + CUT];
    } else {
      y += gap <= 0 ? 0 : 6 + 16 * Math.log10(1 + 20 * gap);
    }
    for (let index = taken.length - 1; index >= 0; index--) {
      const above = taken[index];
      // Those of rows far above cannot be in the way, and there may be thousands.
      if (above === undefined || above.row < y - REACH) break;
      for (const box of row.boxes) {
        if (box.left < above.right && above.left < box.right) y = Math.max(y, above.bottom - box.top + 2);
      }
    }
    for (const box of row.boxes) y = Math.max(y, floor - box.top);
    row.y = y;
    before = row.at;
    for (const { left, right, top, bottom: end } of row.boxes) {
      taken.push({ left, right, top: y + top, bottom: y + end, row: y });
      bottom = Math.max(bottom, y + end);
    }
    bottom = Math.max(bottom, y);
  }
  return { silences, height: bottom };
}

function timeBox(side: Side, { width, lines }: Page): Box {
  const [left, right] = side === LEFT ? [0, lines[LEFT] - 4] : [lines[RIGHT] + 4, width];
  return { left, right, top: -TIME, bottom: TIME };
}

type RowOf = (moment: Moment, side: Side | null) => Row;

/** Claims a step's rows; the result places it once they have their heights. */
function draftOf(step: Step, page: Page, rowOf: RowOf): () => Placed {
  return step.type === "note" ? noteDraft(step, page, rowOf) : arrowDraft(step, page, rowOf);
}

function arrowDraft(arrow: Arrow, page: Page, rowOf: RowOf): () => Placed {
  const { from, leaves, arrives, last, returned, lost } = arrow;
  const to: Side = from === LEFT ? RIGHT : LEFT;
  const start = leaves === null ? null : rowOf(leaves, from);
  const end = arrives === null ? null : rowOf(arrives, to);
  const lastRow = last === undefined ? undefined : rowOf(last, to);
  const returnedRow = returned === undefined ? undefined : rowOf(returned, from);
  const label = arrow.again ? null : labelOf(arrow, page);
  const receipt = arrow.receipt === undefined ? null : receiptOf(arrow.receipt, to, page);
  const [home, away] = [start ?? end, lastRow ?? end ?? start];
  if (label !== null) home?.boxes.push(boxOf(label, page));
  if (receipt !== null) away?.boxes.push(boxOf(receipt, page));
  const [left, right] = page.lines;
  if (lost) home?.boxes.push({ left: (left + right) / 2 - 12, right: (left + right) / 2 + 12, top: 0, bottom: 20 });
  // A level line must not strike through the label of the next one.
  else if (start === null || end === null) home?.boxes.push({ left, right, top: -4, bottom: 4 });
  else end.boxes.push({ ...headBox(to, page) });
  return () => {
    const y = { leaves: home?.y ?? 0, arrives: (end ?? start)?.y ?? 0 };
    const more = {
      ...(lastRow === undefined ? {} : { last: lastRow.y }),
      ...(returnedRow === undefined ? {} : { returned: returnedRow.y }),
    };
    const labels = [
      ...(label === null ? [] : [lowered(label, y.leaves)]),
      ...(receipt === null ? [] : [lowered(receipt, away?.y ?? 0)]),
    ];
    return { type: "arrow", arrow, y: { ...y, ...more }, labels };
  };
}

function headBox(side: Side, { lines }: Page): Box {
  const x = lines[side];
  return { left: side === LEFT ? x : x - 70, right: side === LEFT ? x + 70 : x, top: -8, bottom: 5 };
}

function lowered(label: Label, by: number): Label {
  return { ...label, y: label.y + by };
}

/** The label over the sender's end: flags, size, content as far as it fits, remark. */
function labelOf({ from, flags, size, text, remark }: Arrow, { lines, character }: Page): Label {
  const side = from === LEFT ? lines[LEFT] + INDENT : lines[RIGHT] - INDENT;
  const room = Math.floor((lines[RIGHT] - lines[LEFT] - 2 * INDENT) / character);
  const soft = [...(size === null ? [] : [sizeText(size)]), ...(remark === undefined ? [] : [remark])].join(" · ");
  const used = columnsOf(flags) + (flags === "" ? 0 : 2) + columnsOf(soft) + (soft === "" ? 0 : 2);
  const content = shortened(text, room - used);
  const parts = [
    { style: "flags", text: flags } as const,
    { style: "text", text: content } as const,
    { style: "soft", text: shortened(soft, room) } as const,
  ].filter(({ text }) => text !== "");
  return { x: side, y: -5, anchor: from === LEFT ? "start" : "end", parts };
}

function receiptOf(text: string, to: Side, { lines }: Page): Label {
  const x = to === LEFT ? lines[LEFT] + INDENT : lines[RIGHT] - INDENT;
  return { x, y: 15, anchor: to === LEFT ? "start" : "end", parts: [{ style: "soft", text }] };
}

function boxOf({ x, y, anchor, parts }: Label, { character }: Page): Box {
  const width = parts.reduce((sum, { text }) => sum + columnsOf(text) + 2, -2) * character;
  const left = anchor === "start" ? x : x - width;
  return { left, right: left + width, top: y - LABEL + 4, bottom: y + 4 };
}

function noteDraft(note: Note, page: Page, rowOf: RowOf): () => Placed {
  const row = rowOf(note.when, note.side);
  const room = Math.floor((page.lines[RIGHT] - page.lines[LEFT] - 40) / page.character);
  const lines = wrapped(note.text, room);
  const [left, right] = page.lines;
  const height = (lines.length * NOTE_LINE + 8) / 2;
  row.boxes.push({ left, right, top: -height - 2, bottom: height + 4 });
  return () => ({ type: "note", note, y: row.y, lines });
}

/** The most lines of a sentence. */
const MAX_LINES = 4;

/** Breaks a sentence into lines. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  const all = [...lines, line].map((text) => shortened(text, columns));
  return all.length <= MAX_LINES ? all : [...all.slice(0, MAX_LINES - 1), `${all[MAX_LINES - 1]} …`];
}
