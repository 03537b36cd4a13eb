// @ts-check
/// <reference lib="dom" />
/**
 * The events as a sequence of arrows between the two sides.
 *
 * @module
 */
import { byId, element, quoted, setText } from "./dom.js";
import { count, sinceStart, span } from "./format.js";
import { nameOf, sentenceOf, wayOf } from "./rows.js";
import { VirtualList } from "./virtual_list.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {import("./rows.js").Rows} Rows */

/** Below this width a row has two lines (px); the style sheet has the same number. */
export const NARROW = 620;
/** The heights of a row on one line and on two, and of a line of a remark (px). */
const [ONE, TWO, REMARK] = [30, 50, 20];
/** How wide a character of a remark is (px), generously: an estimate that is too small would cut its last line. */
const CHARACTER = 7.4;
/** What a remark leaves free at the sides, in a wide list and a narrow one (px). */
const [SIDES_WIDE, SIDES_NARROW] = [330, 24];
/** The most lines of a remark; the whole of it is in the detail. */
const MOST_LINES = 3;

/** The events as a sequence of arrows. */
export class Sequence {
  /**
   * @param {Rows} rows
   * @param {"client" | "server"} role This side's.
   * @param {{ choose(row: Row): void, open(row: Row, byKey: boolean): void }} told
   */
  constructor(rows, role, told) {
    this.rows = rows;
    /** @type {VirtualList<Row>} */
    this.list = new VirtualList(byId("event-list"), {
      make: makeRow,
      fill: (row, item, index) => this.#fill(row, item, index),
      height: heightOf,
      choose: told.choose,
      open: told.open,
    });
    this.list.set(rows.shown);
    this.list.follows = true;
    this.role = role;
    byId("newest").addEventListener("click", () => {
      this.list.toEnd();
      this.list.render();
    });
    this.list.scroller.addEventListener("scroll", () => this.#offerNewest(), { passive: true });
  }

  /** Shows what has changed. */
  update() {
    if (this.rows.update()) this.#moveUp();
    else this.list.grow();
    this.#tellEmpty();
  }

  /** Shows the events of another filter. */
  refilter() {
    this.rows.refilter();
    this.list.follows = true;
    this.list.set(this.rows.shown);
    this.#tellEmpty();
  }

  /** The oldest rows are gone: what the reader looks at stays where it is. */
  #moveUp() {
    const { list } = this;
    const before = list.space.clientHeight;
    list.set(this.rows.shown);
    if (!list.follows) list.scroller.scrollTop -= Math.max(0, before - list.space.clientHeight);
  }

  #tellEmpty() {
    const empty = byId("no-events");
    empty.hidden = this.rows.shown.length > 0;
    setText(empty, this.rows.store.events.length === 0 ? "Nothing has happened yet." : "No event matches.");
    this.#offerNewest();
  }

  #offerNewest() {
    byId("newest").hidden = this.list.follows || this.rows.shown.length === 0;
  }

  /**
   * @param {HTMLElement} row
   * @param {Row} item
   * @param {number} index
   */
  #fill(row, item, index) {
    const before = this.rows.shown[index - 1];
    const [line, remarks] = row.children;
    if (line === undefined || remarks === undefined) return;
    const [time, gap, flow, lane, call, size, what] = line.children;
    row.className = `event-row${item.isMistake ? " mistake" : ""}${item.error === undefined ? "" : " failed"}`;
    for (
      const [target, text] of /** @type {[Element, string][]} */ ([
        [time, sinceStart(item.at - this.rows.store.start)],
        [gap, before === undefined ? "" : `+${span(item.at - before.at)}`],
        [flow, item.flow === 0 ? "" : `#${item.flow}`],
        [call, nameOf(item)],
        [size, item.size === undefined ? "" : count(item.size)],
        [what, sentenceOf(item)],
      ])
    ) setText(target, text);
    if (what !== undefined) what.className = item.excerpt === undefined ? "what prose" : "what";
    if (lane !== undefined) lane.className = `lane ${arrowOf(item, this.role)}`;
    fillRemarks(remarks, item);
  }
}

/**
 * The classes of an event's arrow: `right` or `left`, `both`, or `here` for a call that sends nothing; the client is on the left.
 *
 * @param {Row} row
 * @param {"client" | "server"} role
 * @returns {string}
 */
function arrowOf(row, role) {
  const { call, error } = row;
  const here = role === "client" ? "at-left" : "at-right";
  const away = role === "client" ? "right" : "left";
  const back = role === "client" ? "left" : "right";
  if (call === "reset") return `${away} cut`;
  if (call === "read" && error === "ECONNRESET") return `${back} cut`;
  if (error !== undefined) return `here ${here} cut`;
  if (call === "connect" || call === "accept" || call === "handshake") return "both";
  const way = wayOf(row);
  const end = row.size === undefined ? " end" : "";
  return way === "out" ? `${away} out${end}` : way === "in" ? `${back} in${end}` : `here ${here}`;
}

function makeRow() {
  const cells = ["time", "gap", "flow", "lane", "call", "size", "what"].map((name) => element(`span.${name}`));
  return element("div.event-row", element("div.row", ...cells), element("div.remarks"));
}

/**
 * @param {Element} target
 * @param {Row} row
 */
function fillRemarks(target, { remarks = [], seq }) {
  // The remarks of an event never change.
  if (target instanceof HTMLElement && target.dataset.seq === String(seq)) return;
  target.replaceChildren(...remarks.map((remark) => {
    const made = element(`p.remark ${remark.mark}`);
    if (remark.mistake !== undefined) made.append(element("b", `[mistake ${remark.mistake}]`), " ");
    made.append(...quoted(remark.text));
    return made;
  }));
  if (target instanceof HTMLElement) target.dataset.seq = String(seq);
}

/**
 * @param {Row} row
 * @param {number} width
 */
function heightOf({ remarks = [] }, width) {
  const isNarrow = width < NARROW;
  let height = isNarrow ? TWO : ONE;
  const perLine = Math.max(20, Math.floor((width - (isNarrow ? SIDES_NARROW : SIDES_WIDE)) / CHARACTER));
  for (const { text, mistake } of remarks) {
    const length = text.length + (mistake === undefined ? 0 : 13);
    height += REMARK * Math.min(MOST_LINES, Math.ceil(length / perLine));
  }
  return height + (remarks.length > 0 ? 6 : 0);
}
