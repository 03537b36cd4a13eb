// @ts-check
/// <reference lib="dom" />
/**
 * Everything about one event: what happened, what `--explain` says, its bytes.
 *
 * @module
 */
import { byId, element, quoted, setText } from "./dom.js";
import { BytesView } from "./bytes_view.js";
import { count, plural, sinceStart, size, span } from "./format.js";
import { nameOf, sentenceOf, wayOf } from "./rows.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("./source.js").Piece} Piece */
/** @typedef {import("./bytes_view.js").Chunk} Chunk */

/** The views of the bytes: of this event as hex and text, of everything in its direction likewise. */
const VIEWS = /** @type {const} */ ([
  ["hex", "Hex"],
  ["text", "Text"],
  ["stream-hex", "Stream, hex"],
  ["stream-text", "Stream, text"],
]);

/** Shows one event. */
export class Detail {
  /**
   * @param {Store} store
   * @param {Source} source
   */
  constructor(store, source) {
    this.store = store;
    this.source = source;
    /** @type {Row | null} */
    this.row = null;
    /** @type {typeof VIEWS[number][0]} */
    this.view = "hex";
    this.bytes = new BytesView(byId("bytes"));
    /** Guards against an answer that comes after the next question. */
    this.asked = 0;
    for (const [view, name] of VIEWS) {
      const tab = element("button.tab", name);
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "bytes");
      tab.dataset.view = view;
      tab.addEventListener("click", () => this.#choose(view));
      byId("views").append(tab);
    }
    byId("views").addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Shows an event.
   *
   * @param {Row | null} row `null` for none.
   */
  show(row) {
    this.row = row;
    byId("panes").classList.toggle("with-detail", row !== null);
    if (row === null) return;
    setText(byId("detail-title"), `${nameOf(row)}${row.size === undefined ? "" : `, ${plural(row.size, "byte")}`}`);
    byId("detail-body").replaceChildren(this.#facts(row), ...remarksOf(row));
    const hasBytes = (row.size ?? 0) > 0;
    byId("bytes-part").hidden = !hasBytes;
    if (hasBytes) this.#choose(this.view);
  }

  /** @param {Row} row */
  #facts(row) {
    const flow = this.store.flows.get(row.flow);
    const events = this.store.events;
    const before = events.findLast(({ seq, flow, merged }) => seq < row.seq && flow === row.flow && !merged);
    const duration = row.done?.duration ?? row.duration;
    const isWaiting = (row.call === "writing" || row.call === "sending") && row.done === undefined;
    /** @type {[string, string][]} */
    const facts = [
      ["Time", `${sinceStart(row.at - this.store.start)} s (${clock(row.at)})`],
      ["Gap", before === undefined ? "" : `${span(row.at - before.at)} after the one before it in #${row.flow}`],
      [
        flow?.transport === "udp" ? "Flow" : "Connection",
        flow === undefined ? "" : `#${flow.flow}, ${flow.local || "?"} \u2194 ${flow.peer || "?"}`,
      ],
      ["Duration", isWaiting ? "it has not returned yet" : duration === undefined ? "" : span(duration)],
      ["Accepted", row.offered === undefined ? "" : `${plural(row.size ?? 0, "byte")} of ${count(row.offered)}`],
      ["Error", row.error ?? ""],
      ["TLS", row.tls && row.size !== undefined ? "these bytes are plain text; on the wire they were encrypted" : ""],
      ["What", row.excerpt === undefined ? sentenceOf(row) : ""],
    ];
    const list = element("dl.facts");
    for (const [name, text] of facts) if (text !== "") list.append(element("dt", name), element("dd", text));
    return list;
  }

  /** @param {typeof VIEWS[number][0]} view */
  #choose(view) {
    this.view = view;
    for (const tab of byId("views").children) {
      const isChosen = tab instanceof HTMLElement && tab.dataset.view === view;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.setAttribute("tabindex", isChosen ? "0" : "-1");
    }
    if (this.row !== null && (this.row.size ?? 0) > 0) this.#load(this.row, view);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = VIEWS.findIndex(([view]) => view === this.view) + step + VIEWS.length;
    this.#choose(VIEWS[at % VIEWS.length]?.[0] ?? "hex");
    const chosen = byId("views").querySelector('[aria-selected="true"]');
    if (chosen instanceof HTMLElement) chosen.focus();
  }

  /**
   * @param {Row} row
   * @param {string} view
   */
  async #load(row, view) {
    const asked = ++this.asked;
    const isStream = view.startsWith("stream");
    const mode = view.endsWith("text") ? "text" : "hex";
    try {
      const pieces = await (isStream ? this.source.stream(row) : this.source.event(row));
      if (asked !== this.asked) return;
      const chunks = isStream ? this.#labelled(pieces, row) : pieces.map(({ bytes }) => ({ label: "", bytes }));
      this.bytes.show(chunks, mode);
      this.#note(isStream ? this.#streamNote(row, chunks) : "");
    } catch (error) {
      if (asked !== this.asked) return;
      this.bytes.show([], mode);
      this.#note(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} text */
  #note(text) {
    byId("bytes-note").hidden = text === "";
    setText(byId("bytes-note"), text);
  }

  /**
   * @param {Row} row
   * @param {readonly Chunk[]} chunks
   */
  #streamNote(row, chunks) {
    const way = wayOf(row);
    const flow = this.store.flows.get(row.flow);
    const shown = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const all = flow === undefined ? shown : way === "in" ? flow.bytesIn : flow.bytesOut;
    const rest = all > shown ? `; ${size(all - shown)} before them are not shown` : "";
    return `${plural(chunks.length, way === "in" ? "read" : "write")}, ${plural(shown, "byte")}${rest}`;
  }

  /**
   * Says of each read or write of a stream which it is.
   *
   * @param {readonly Piece[]} pieces
   * @param {Row} row The one that is looked at.
   * @returns {Chunk[]}
   */
  #labelled(pieces, row) {
    const name = wayOf(row) === "in" ? "read" : "write";
    const chosen = row.done?.seq ?? row.seq;
    let before = NaN;
    return pieces.map(({ seq, bytes }, index) => {
      const at = this.store.find(seq)?.at ?? NaN;
      const gap = Number.isNaN(at - before) ? "" : `, +${span(at - before)}`;
      before = at;
      const label = `${name} ${count(index + 1)}: ${plural(bytes.length, "byte")}${gap}`;
      return { label, bytes, isChosen: seq === chosen };
    });
  }
}

/**
 * @param {Row} row
 * @returns {HTMLElement[]}
 */
function remarksOf({ remarks = [] }) {
  return remarks.map(({ mark, text, why, mistake }) => {
    const made = element(`div.remark ${mark}`);
    if (mistake !== undefined) made.append(element("b", `[mistake ${mistake}]`), " ");
    made.append(...quoted(text));
    if (why !== undefined) made.append(element("p.why", why));
    return made;
  });
}

/** @param {number} at */
function clock(at) {
  const date = new Date(at);
  return `${date.toLocaleTimeString("en-GB")}.${String(Math.floor(at % 1000)).padStart(3, "0")}`;
}
