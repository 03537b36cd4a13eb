// @ts-check
/**
 * Which events are shown, and what is said of each.
 *
 * @module
 */
import { escapeControls, plural } from "./format.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

/**
 * What an event must be like to be shown.
 *
 * @typedef {object} Filter
 * @property {number | null} flow Only this flow; `null` for all.
 * @property {string} text Only events in which it occurs, whatever its case.
 * @property {"" | "in" | "out"} way
 * @property {boolean} mistakes Only events with a remark that names a mistake.
 */

/** @type {Record<string, "in" | "out">} */
const WAYS = {
  ...{ read: "in", receive: "in" },
  ...{ writing: "out", write: "out", sending: "out", send: "out", closeWrite: "out" },
};

/**
 * Which way something went, or "" if nothing did.
 *
 * @param {Row} row
 * @returns {"in" | "out" | ""}
 */
export function wayOf({ call, error, size }) {
  // A call that failed carried nothing.
  return error !== undefined && size === undefined ? "" : WAYS[call] ?? "";
}

/**
 * Whether an event passes a filter.
 *
 * @param {Row} row
 * @param {Filter} filter
 * @returns {boolean}
 */
export function passes(row, filter) {
  if (row.merged || (filter.flow !== null && row.flow !== filter.flow)) return false;
  if (filter.mistakes && !row.isMistake) return false;
  if (filter.way !== "" && wayOf(row) !== filter.way) return false;
  return filter.text === "" || textOf(row).includes(filter.text.toLowerCase());
}

/**
 * Everything that is shown of an event, in lower case.
 *
 * @param {Row} row
 */
function textOf(row) {
  const said = row.remarks?.map(({ text, mistake }) => mistake === undefined ? text : `[mistake ${mistake}] ${text}`);
  return `#${row.flow} ${nameOf(row)} ${sentenceOf(row)} ${said?.join(" ") ?? ""}`.toLowerCase();
}

/** @type {Record<string, string>} */
const NAMES = { writing: "write", sending: "send", handshake: "TLS", closeWrite: "shutdown", silence: "silence" };

/**
 * The name of the call.
 *
 * @param {Row} row
 * @returns {string}
 */
export function nameOf(row) {
  // A write that has a row of its own when it returned: an error, a short write, a remark.
  if (row.call === "write" || row.call === "send") return `${row.call} returned`;
  return NAMES[row.call] ?? row.call;
}

/**
 * What happened, if it is not told by the bytes.
 *
 * @param {Row} row
 * @returns {string}
 */
export function sentenceOf(row) {
  const { call, size, error, about = "", offered } = row;
  if (offered !== undefined) return `took ${plural(size ?? 0, "byte")} of ${offered}: a short write`;
  if (row.gone) return "(its bytes are no longer kept)";
  if (row.excerpt !== undefined) return row.excerpt;
  if (size === 0) return call === "receive" || call === "send" || call === "sending" ? "(an empty datagram)" : "";
  const failed = error === undefined ? "" : `failed: ${error}`;
  if (call === "connect" || call === "accept") {
    return [`${call === "connect" ? "to" : "from"} ${about}`, failed].filter((part) => part !== "").join(" ");
  }
  if (failed !== "") return [about, failed].filter((part) => part !== "").join(" ");
  if (call === "listen" || call === "bind") return `on ${about}`;
  if (call === "read") return "end of stream: the peer has finished sending (FIN)";
  if (call === "closeWrite") return "this side has finished sending (FIN)";
  if (call === "reset") return "this side cut the connection (RST)";
  return escapeControls(about);
}

/** The events that are shown, kept up to date as events are added. */
export class Rows {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Filter} */
    this.filter = { flow: null, text: "", way: "", mistakes: false };
    /** @type {Row[]} */
    this.shown = [];
    this.taken = 0;
    this.dropped = 0;
    /** The last event that was there when the display was paused. */
    this.until = Infinity;
  }

  /**
   * Takes what was added to the store.
   *
   * @returns {boolean} Whether rows are gone or others than before, so that the list must be set anew.
   */
  update() {
    const { events, dropped } = this.store;
    const isNew = dropped !== this.dropped;
    if (isNew) {
      this.taken = Math.max(0, this.taken - (dropped - this.dropped));
      this.dropped = dropped;
      const oldest = events[0]?.seq ?? 0;
      const keep = this.shown.findIndex(({ seq }) => seq >= oldest);
      this.shown = keep < 0 ? [] : this.shown.slice(keep);
    }
    for (; this.taken < events.length; this.taken++) {
      const row = events[this.taken];
      if (row === undefined || row.seq > this.until) break;
      if (passes(row, this.filter)) this.shown.push(row);
    }
    return isNew;
  }

  /** Applies a filter to all events. */
  refilter() {
    this.shown = [];
    this.taken = 0;
    this.dropped = this.store.dropped;
    this.update();
  }
}
