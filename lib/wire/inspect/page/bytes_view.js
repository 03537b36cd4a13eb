// @ts-check
/// <reference lib="dom" />
/**
 * Bytes as hex or as text, with the boundaries of reads and writes marked.
 *
 * @module
 */
import { element, setText } from "./dom.js";
import { ascii, escapeControls, hex } from "./format.js";
import { VirtualList } from "./virtual_list.js";

/**
 * The bytes of one read or write.
 *
 * @typedef {object} Chunk
 * @property {string} label Shown at its start; "" for none.
 * @property {Uint8Array} bytes
 * @property {boolean} [isChosen] Whether it is marked and scrolled to.
 */

/**
 * A row: a boundary, some bytes, or a piece of text.
 *
 * @typedef {{ label: string, isChosen: boolean } | { offset: number, bytes: Uint8Array, perRow: number } | { text: string, end: string }} ByteRow
 */

const ROW = 20;
const BOUNDARY = 26;
/** How wide a character is (px). */
const CHARACTER = 7.3;

/** Shows bytes. */
export class BytesView {
  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    this.scroller = scroller;
    /** @type {readonly Chunk[]} */
    this.chunks = [];
    /** @type {"hex" | "text"} */
    this.mode = "hex";
    this.width = 0;
    /** @type {VirtualList<ByteRow>} */
    this.list = new VirtualList(scroller, {
      make: () => element("div.byte-row", element("span.offset"), element("span.hex"), element("span.chars")),
      fill: fillRow,
      height: (row) => "label" in row ? BOUNDARY : ROW,
    });
    new ResizeObserver(() => {
      if (scroller.clientWidth !== this.width) this.#lay();
    }).observe(scroller);
  }

  /**
   * @param {readonly Chunk[]} chunks
   * @param {"hex" | "text"} mode
   */
  show(chunks, mode) {
    this.chunks = chunks;
    this.mode = mode;
    this.list.active = undefined;
    this.#lay();
    const chosen = this.list.items.findIndex((row) => "label" in row && row.isChosen);
    this.scroller.scrollTop = this.list.tops[Math.max(0, chosen)] ?? 0;
  }

  /** Lays the rows out for the width. */
  #lay() {
    this.width = this.scroller.clientWidth;
    const columns = Math.max(16, Math.floor((this.width - 28) / CHARACTER));
    const perRow = columns >= 10 + 16 * 4 + 2 ? 16 : 8;
    /** @type {ByteRow[]} */
    const rows = [];
    let offset = 0;
    for (const { label, bytes, isChosen = false } of this.chunks) {
      if (label !== "") rows.push({ label, isChosen });
      if (this.mode === "text") { for (const row of textRows(bytes, columns)) rows.push(row); }
      else {
        for (let at = 0; at < bytes.length; at += perRow) {
          rows.push({ offset: offset + at, bytes: bytes.subarray(at, at + perRow), perRow });
        }
      }
      offset += bytes.length;
    }
    this.list.set(rows);
  }
}

/**
 * Text in pieces of at most `columns`, each line end shown.
 *
 * @param {Uint8Array} bytes
 * @param {number} columns
 * @returns {Generator<{ text: string, end: string }>}
 */
function* textRows(bytes, columns) {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  for (const [, line = "", end = ""] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (line === "" && end === "") return;
    const mark = end === "\r\n" ? "CRLF" : end === "\n" ? "LF" : end === "\r" ? "CR" : "";
    const pieces = wrapped(escapeControls(line), columns - 5);
    for (const [at, piece] of pieces.entries()) yield { text: piece, end: at === pieces.length - 1 ? mark : "" };
  }
}

/**
 * Cuts a line into pieces by their width on the screen; characters outside the Latin scripts may be twice as wide.
 *
 * @param {string} line
 * @param {number} columns
 * @returns {string[]}
 */
function wrapped(line, columns) {
  const pieces = [];
  let piece = "";
  let width = 0;
  for (const character of line) {
    const wide = (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
    if (width + wide > columns) {
      pieces.push(piece);
      [piece, width] = ["", 0];
    }
    piece += character;
    width += wide;
  }
  return [...pieces, piece];
}

/**
 * @param {HTMLElement} row
 * @param {ByteRow} item
 */
function fillRow(row, item) {
  const [offset, digits, chars] = row.children;
  if (offset === undefined || digits === undefined || chars === undefined) return;
  if ("label" in item) {
    row.className = item.isChosen ? "byte-row boundary chosen" : "byte-row boundary";
    setText(offset, item.label);
    setText(digits, "");
    setText(chars, "");
  } else if ("text" in item) {
    row.className = "byte-row text";
    setText(offset, "");
    setText(digits, item.text);
    setText(chars, item.end);
  } else {
    row.className = "byte-row";
    setText(offset, item.offset.toString(16).padStart(6, "0"));
    // Two digits and a gap each, a wider gap after the eighth.
    setText(digits, hex(item.bytes).padEnd(item.perRow * 3 - 1 + (item.perRow > 8 ? 1 : 0)));
    setText(chars, ascii(item.bytes));
  }
}
