// @ts-check
/**
 * A member's own lines that have no receipt yet. Pure.
 *
 * Each has an id, so that the server says it once, however often it is sent.
 *
 * @module
 */

/**
 * A line without a receipt, or one that was rejected for a `reason`. `number` is the one that it was said under, if the receipt came
 * before the line; `tries` is how often it was sent, `isOut` whether it was in this connection; `isTold` if it was a private line that
 * has been passed on.
 *
 * @typedef {{ id: string, text: string, reason: string | null, number: number | null, tries: number, isOut: boolean,
 *   isTold: boolean }} Waiting
 */

/** The most lines that wait. */
const MAX_WAITING = 200;
/** So many are sent before the first has its receipt: the server remembers the last 100 ids, and must not forget one of these. */
const WINDOW = 32;

/** The lines that wait, in the order in which they were written. */
export class Outgoing {
  /** @type {Waiting[]} */
  waiting = [];
  #ids = 0;
  #prefix;
  #maxLine;

  /**
   * @param {string} prefix What the ids begin with: random, so that they are unique after a reload of the page.
   * @param {number} maxLine The maximum length of a line in bytes, its line end included.
   */
  constructor(prefix, maxLine) {
    this.#prefix = prefix;
    this.#maxLine = maxLine;
  }

  /** @returns {string} A new id. */
  id() {
    return `${this.#prefix}${(this.#ids++).toString(36)}`;
  }

  /**
   * Takes a line that the member wrote; {@linkcode send} sends it.
   *
   * @param {string} text
   * @returns {string | null} The problem, if it cannot be sent.
   */
  write(text) {
    const bytes = new TextEncoder().encode(text).length + 1;
    if (bytes > this.#maxLine) return `Too long: ${bytes} bytes; a line has at most ${this.#maxLine}.`;
    if (this.waiting.length >= MAX_WAITING) return `${MAX_WAITING} lines wait to be sent already.`;
    this.waiting.push({ id: this.id(), text, reason: null, number: null, tries: 0, isOut: false, isTold: false });
    return null;
  }

  /** A connection begins: nothing has been sent in it. */
  reopen() {
    for (const line of this.waiting) line.isOut = false;
  }

  /**
   * What to send now, while there is a connection.
   *
   * @returns {string[]}
   */
  send() {
    const due = this.waiting.filter(({ reason, number }) => reason === null && number === null).slice(0, WINDOW)
      .filter(({ isOut }) => !isOut);
    for (const line of due) {
      line.isOut = true;
      line.tries++;
    }
    return due.map(({ id, text }) => `/line ${id} ${text}`);
  }

  /**
   * Takes a receipt. The line goes on waiting until it is shown among the others.
   *
   * @param {string} id
   * @param {number} number 0 for what is no public line.
   * @param {number} last The last line that was shown.
   * @returns {Waiting | null} The line; `null` if none waits under this id.
   */
  receive(id, number, last) {
    const line = this.waiting.find((waiting) => waiting.id === id);
    if (line === undefined) return null;
    line.number = number;
    this.settle(last);
    return line;
  }

  /**
   * Takes a rejection.
   *
   * @param {string} id
   * @param {string} reason
   * @returns {boolean} Whether a line waits under this id.
   */
  reject(id, reason) {
    const line = this.waiting.find((waiting) => waiting.id === id);
    if (line !== undefined) line.reason = reason;
    return line !== undefined;
  }

  /**
   * Forgets the lines that are shown among the others.
   *
   * @param {number} last The last one that is.
   * @returns {boolean} Whether there were any.
   */
  settle(last) {
    const before = this.waiting.length;
    this.waiting = this.waiting.filter(({ number }) => number === null || number > last);
    return this.waiting.length < before;
  }

  /**
   * Whether a receipt has come for the line with this number.
   *
   * @param {number} number
   */
  has(number) {
    return this.waiting.some((line) => line.number === number);
  }

  /**
   * A private line has been passed on: the first that waits, since the server takes them in order.
   *
   * @returns {string | null} What was passed on.
   */
  told() {
    const line = this.waiting.find(({ text, isTold }) => !isTold && /^\s*\/msg\s/iu.test(text));
    if (line === undefined) return null;
    line.isTold = true;
    return line.text.replace(/^\s*\/msg\s+\S+\s+/iu, "");
  }

  /**
   * Gives up a line that was rejected.
   *
   * @param {string} id
   * @returns {string} Its text.
   */
  discard(id) {
    const line = this.waiting.find((waiting) => waiting.id === id);
    this.waiting = this.waiting.filter((waiting) => waiting !== line);
    return line?.text ?? "";
  }
}
