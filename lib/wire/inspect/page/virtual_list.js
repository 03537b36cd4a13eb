// @ts-check
/// <reference lib="dom" />
/**
 * A list of which only the visible rows are in the document, so that 100,000 of them scroll as ten do. If its element is a list box
 * (WAI-ARIA), the arrow keys move the active row, and Enter opens it.
 *
 * @module
 */
import { element } from "./dom.js";

/**
 * How a list makes and fills its rows.
 *
 * @template T
 * @typedef {object} RowKind
 * @property {() => HTMLElement} make Makes an empty row.
 * @property {(row: HTMLElement, item: T, index: number) => void} fill
 * @property {(item: T, width: number) => number} height In pixels, for a list of that width.
 * @property {((item: T) => void) | undefined} [choose] The active row has changed.
 * @property {((item: T, byKey: boolean) => void) | undefined} [open] A row was clicked, or Enter was pressed.
 */

/** How far beyond the visible part rows are made (px). */
const MARGIN = 200;
/** How near to its end a list follows what is added (px). */
const NEAR_END = 8;

let lists = 0;

/** @template T */
export class VirtualList {
  /**
   * @param {HTMLElement} scroller Has a height of its own and scrolls.
   * @param {RowKind<T>} kind
   */
  constructor(scroller, kind) {
    this.scroller = scroller;
    this.kind = kind;
    /** @type {readonly T[]} */
    this.items = [];
    /** Whether the list shows its end and stays there. */
    this.follows = false;
    /** @type {T | undefined} */
    this.active = undefined;
    /** @type {number[]} The top of each row, and last the end of all. */
    this.tops = [0];
    this.id = `list-${++lists}`;
    this.space = element("div.space");
    this.space.setAttribute("role", "presentation");
    scroller.append(this.space);
    /** @type {Map<number, HTMLElement>} */
    this.shown = new Map();
    /** @type {HTMLElement[]} */
    this.spare = [];
    this.width = scroller.clientWidth;
    this.height = scroller.clientHeight;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.isListBox = scroller.getAttribute("role") === "listbox";
    if (this.isListBox) {
      scroller.addEventListener("keydown", (event) => this.#key(event));
      scroller.addEventListener("click", (event) => this.#click(event));
    }
    new ResizeObserver(() => this.#resized()).observe(scroller);
  }

  /**
   * Shows other items.
   *
   * @param {readonly T[]} items
   */
  set(items) {
    this.items = items;
    this.tops = [0];
    this.grow();
  }

  /** Shows what was added to the items, which may also have changed. */
  grow() {
    const { items, tops, kind, width } = this;
    for (let index = tops.length - 1; index < items.length; index++) {
      tops.push((tops[index] ?? 0) + kind.height(/** @type {T} */ (items[index]), width));
    }
    this.space.style.height = `${tops[items.length] ?? 0}px`;
    if (this.follows) this.toEnd();
    this.render();
  }

  /** Scrolls to the end and stays there. */
  toEnd() {
    this.follows = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Fills the visible rows. */
  render() {
    const { scroller, items, tops, shown } = this;
    const top = scroller.scrollTop - MARGIN;
    const bottom = scroller.scrollTop + scroller.clientHeight + MARGIN;
    const first = Math.max(0, indexAt(tops, top));
    let end = first;
    while (end < items.length && (tops[end] ?? 0) < bottom) end++;
    for (const [index, row] of shown) {
      if (index >= first && index < end) continue;
      shown.delete(index);
      row.hidden = true;
      this.spare.push(row);
    }
    for (let index = first; index < end; index++) this.#place(index);
    this.#announce();
  }

  /**
   * Makes an item the active one and shows it.
   *
   * @param {number} index
   */
  activate(index) {
    const item = this.items[index];
    if (item === undefined) return;
    this.active = item;
    this.#reveal(index);
    this.kind.choose?.(item);
  }

  /** @param {number} index */
  #reveal(index) {
    const { scroller, tops } = this;
    const [top = 0, bottom = 0] = tops.slice(index, index + 2);
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
    this.render();
  }

  /** @param {number} index */
  #place(index) {
    let row = this.shown.get(index);
    if (row === undefined) {
      row = this.spare.pop() ?? this.#make();
      this.shown.set(index, row);
      row.hidden = false;
    }
    const item = /** @type {T} */ (this.items[index]);
    const [top = 0, bottom = 0] = this.tops.slice(index, index + 2);
    row.style.transform = `translateY(${top}px)`;
    row.style.height = `${bottom - top}px`;
    row.dataset.index = String(index);
    if (this.isListBox) {
      row.id = `${this.id}-${index}`;
      row.setAttribute("aria-posinset", String(index + 1));
      row.setAttribute("aria-setsize", String(this.items.length));
      row.setAttribute("aria-selected", String(item === this.active));
    }
    this.kind.fill(row, item, index);
  }

  #make() {
    const row = this.kind.make();
    if (this.isListBox) row.setAttribute("role", "option");
    this.space.append(row);
    return row;
  }

  /** Tells assistive technology which row is active, if it is in the document. */
  #announce() {
    for (const [index, row] of this.shown) {
      if (this.items[index] !== this.active) continue;
      return this.scroller.setAttribute("aria-activedescendant", row.id);
    }
    this.scroller.removeAttribute("aria-activedescendant");
  }

  #scrolled() {
    const { scroller } = this;
    this.follows = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - NEAR_END;
    this.render();
  }

  /** What was in sight stays in sight: the end of a list that follows it, or else the active row. */
  #resized() {
    const { scroller, items, active, tops } = this;
    const index = active === undefined ? -1 : items.indexOf(active);
    const wasSeen = index >= 0 && (tops[index] ?? 0) < scroller.scrollTop + this.height;
    this.height = scroller.clientHeight;
    if (scroller.clientWidth === this.width) {
      if (this.follows) this.toEnd();
      this.render();
    } else {
      this.width = scroller.clientWidth;
      this.set(items);
    }
    if (wasSeen) this.#reveal(index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { items, scroller } = this;
    const index = this.active === undefined ? -1 : items.indexOf(this.active);
    const page = Math.max(1, Math.floor(scroller.clientHeight / 40));
    const last = items.length - 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page };
    const target = event.key === "Home" ? 0 : event.key === "End" ? last : moves[event.key];
    if (target !== undefined) this.activate(Math.min(last, Math.max(0, target)));
    else if (event.key === "Enter" && this.active !== undefined) this.kind.open?.(this.active, true);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest("[data-index]") : null;
    if (!(row instanceof HTMLElement)) return;
    const index = Number(row.dataset.index);
    this.activate(index);
    const item = this.items[index];
    if (item !== undefined) this.kind.open?.(item, false);
  }
}

/**
 * The last row that begins at or above a place.
 *
 * @param {readonly number[]} tops
 * @param {number} place
 * @returns {number}
 */
export function indexAt(tops, place) {
  let [low, high] = [0, tops.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
