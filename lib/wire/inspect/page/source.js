// @ts-check
/// <reference lib="dom" />
/**
 * Where the page gets bytes from: the script while it runs, and after that what it sent last.
 *
 * @module
 */
import { wayOf } from "./rows.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

/**
 * The bytes of one read or write.
 *
 * @typedef {{ seq: number, bytes: Uint8Array }} Piece
 */

/** The length of the header of a piece, as the script sends a stream. */
const HEADER = 16;

/** Gets the bytes of events. */
export class Source {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<number, Uint8Array>} What the script sent last, by the numbers of the events. */
    this.last = new Map();
    this.hasEnded = false;
  }

  /**
   * Keeps what the script sends at the end of the run.
   *
   * @param {Record<string, string>} bytes In base64, by the numbers of the events.
   */
  keep(bytes) {
    for (const [seq, text] of Object.entries(bytes)) {
      this.last.set(Number(seq), Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)));
    }
  }

  /**
   * The bytes of one event.
   *
   * @param {Row} row
   * @returns {Promise<Piece[]>}
   */
  async event({ seq, done }) {
    const bytes = this.last.get(done?.seq ?? seq);
    if (bytes !== undefined) return [{ seq, bytes }];
    return [{ seq, bytes: await this.#ask(`bytes?seq=${seq}`) }];
  }

  /**
   * All reads of an event's connection, or all writes.
   *
   * @param {Row} row
   * @returns {Promise<Piece[]>}
   */
  async stream(row) {
    const way = wayOf(row);
    if (!this.hasEnded) return taken(await this.#ask(`stream?flow=${row.flow}&way=${way}`));
    const pieces = [];
    for (const event of this.store.events) {
      const bytes = this.last.get(event.seq);
      if (bytes !== undefined && event.flow === row.flow && wayOf(event) === way) {
        pieces.push({ seq: event.seq, bytes });
      }
    }
    return pieces;
  }

  /** @param {string} path */
  async #ask(path) {
    const answer = this.hasEnded ? null : await fetch(path).catch(() => null);
    if (answer === null) throw new Error("The run has ended, and these bytes were not among the last.");
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return new Uint8Array(await answer.arrayBuffer());
  }
}

/**
 * Takes a stream apart.
 *
 * @param {Uint8Array} all
 * @returns {Piece[]}
 */
function taken(all) {
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const pieces = [];
  for (let offset = 0; offset < all.length;) {
    const [seq, length] = [view.getFloat64(offset), view.getFloat64(offset + 8)];
    pieces.push({ seq, bytes: all.subarray(offset + HEADER, offset + HEADER + length) });
    offset += HEADER + length;
  }
  return pieces;
}
