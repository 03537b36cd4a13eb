// @ts-check
/**
 * Who is in the room, as the page learns it: by asking once in each connection, then from the notices. Pure.
 *
 * @module
 */

/** @typedef {import("./lines.js").News} News */

/** The members' names. */
export class Roster {
  /** @type {Set<string>} */
  names = new Set();
  /** @type {string | null} The id of the page's own question. */
  #asked = null;
  /** @type {Set<string>} The answer so far; a long one has several lines. */
  #answer = new Set();

  /**
   * The page asks, in a line with this id.
   *
   * @param {string} id
   */
  ask(id) {
    this.#asked = id;
  }

  /**
   * Takes a receipt.
   *
   * @param {string} id
   * @returns {boolean} Whether it is that of the page's question: then the answer is complete.
   */
  complete(id) {
    if (id !== this.#asked) return false;
    this.#asked = null;
    this.names = this.#answer;
    return true;
  }

  /**
   * Learns from a notice.
   *
   * @param {News} news
   * @returns {boolean} Whether it answers the page's question: nobody else has asked for it.
   */
  learn({ all, more, joined = [], left = [] }) {
    if (all !== undefined) this.#answer = new Set();
    for (const name of all ?? more ?? []) this.#answer.add(name);
    const isList = all !== undefined || more !== undefined;
    if (isList && this.#asked !== null) return true;
    if (isList) this.names = this.#answer;
    for (const name of left) this.names.delete(name);
    for (const name of joined) this.names.add(name);
    return false;
  }
}
