// @ts-check
/// <reference lib="dom" />
/**
 * The list of connections and datagram flows.
 *
 * @module
 */
import { byId, element, inputById, setText, svg } from "./dom.js";
import { count, plural, size } from "./format.js";
import { history, rateOf, SECONDS } from "./store.js";
import { VirtualList } from "./virtual_list.js";

/** @typedef {import("./store.js").PageFlow} PageFlow */
/** @typedef {import("./store.js").Store} Store */

/** What each state is called. */
const STATES = {
  open: "open",
  peerFinished: "half-closed by peer",
  finished: "half-closed here",
  closing: "both have finished",
  closed: "closed",
  reset: "reset",
  failed: "failed",
};
const HEIGHT = 58;
/** The size of a sparkline (px). */
const [WIDTH, TALL] = [48, 18];
/** Everything, as the first row of the list. */
const ALL = "all";

/** @typedef {typeof ALL | PageFlow["flow"]} Entry A row of the list: the number of a flow. */

/** Shows the connections; tells which one is chosen. */
export class FlowList {
  /**
   * @param {Store} store
   * @param {{ choose(flow: number | null): void, open(): void }} told
   */
  constructor(store, told) {
    this.store = store;
    /** @type {VirtualList<Entry>} */
    this.list = new VirtualList(byId("flow-list"), {
      make: makeRow,
      fill: (row, entry) => entry === ALL ? fillAll(row, store) : fillFlow(row, store, entry),
      height: (entry) => entry === ALL ? 40 : HEIGHT,
      choose: (entry) => told.choose(entry === ALL ? null : entry),
      open: told.open,
    });
    this.list.active = ALL;
    this.known = -1;
    this.sortedAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    for (const id of ["find", "order"]) inputById(id).addEventListener("input", () => this.sort());
  }

  /** Shows what has changed. */
  update() {
    const isStable = inputById("order").value === "number";
    if (isStable && this.known === this.store.totals?.flows) return this.list.render();
    // An order by size changes under the reader's eyes, so it is renewed once a second only.
    const wait = this.sortedAt + (isStable ? 200 : 1000) - performance.now();
    if (wait <= 0) return this.sort();
    this.list.render();
    this.timer ??= setTimeout(() => this.sort(), wait);
  }

  /** Filters and orders the list. */
  sort() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sortedAt = performance.now();
    this.known = this.store.totals?.flows ?? 0;
    const wanted = inputById("find").value.trim().toLowerCase();
    const flows = [...this.store.flows.values()].filter((flow) => wanted === "" || textOf(flow).includes(wanted));
    const compare = ORDERS[inputById("order").value];
    if (compare !== undefined) flows.sort(compare);
    this.list.set([ALL, ...flows.map(({ flow }) => flow)]);
    const empty = byId("no-flows");
    empty.hidden = flows.length > 0;
    setText(empty, this.store.flows.size === 0 ? "None yet." : "None matches.");
  }
}

/** @type {Record<string, (one: PageFlow, other: PageFlow) => number>} */
const ORDERS = {
  number: (one, other) => one.flow - other.flow,
  newest: (one, other) => other.flow - one.flow,
  bytes: (one, other) => other.bytesIn + other.bytesOut - one.bytesIn - one.bytesOut,
  mistakes: (one, other) => other.mistakes - one.mistakes || one.flow - other.flow,
};

/** @param {PageFlow} flow */
function textOf({ flow, peer, local, state, transport, tls }) {
  return `#${flow} ${peer} ${local} ${STATES[state]} ${transport} ${tls ? "tls" : ""}`.toLowerCase();
}

function makeRow() {
  const line = svg("polyline", { points: "" });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${TALL}`, width: `${WIDTH}`, height: `${TALL}`, class: "spark" });
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  const first = element("div.line", element("span.dot"), element("span.number"), element("span.peer"));
  first.append(element("span.tag"), element("span.wrong"));
  const second = element("div.line", element("span.state"), element("span.traffic"));
  return element("div.flow-row", element("div.texts", first, second), picture);
}

/**
 * @param {HTMLElement} row
 * @param {Record<string, string>} texts By class.
 */
function fill(row, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const target = row.querySelector(`.${name}`);
    if (target !== null) setText(target, text);
  }
}

/**
 * @param {HTMLElement} row
 * @param {Store} store
 */
function fillAll(row, { totals }) {
  row.className = "flow-row all";
  row.dataset.state = "all";
  const traffic = `${plural(totals?.events ?? 0, "event")}`;
  fill(row, { number: "", peer: "All events", tag: "", wrong: "", state: "", traffic });
}

/**
 * @param {HTMLElement} row
 * @param {Store} store
 * @param {number} number
 */
function fillFlow(row, { flows, totals }, number) {
  const flow = flows.get(number);
  if (flow === undefined) return;
  const now = totals?.now ?? flow.last;
  const rate = rateOf(flow, now);
  row.className = "flow-row";
  row.dataset.state = flow.state;
  fill(row, {
    number: `#${flow.flow}`,
    peer: flow.peer || flow.local || "?",
    tag: flow.transport === "udp" ? "UDP" : flow.tls ? "TLS" : "",
    wrong: flow.mistakes === 0 ? "" : plural(flow.mistakes, "mistake"),
    state: flow.transport === "udp" && flow.state === "open" ? "active" : STATES[flow.state],
    traffic: `\u2193 ${size(flow.bytesIn)} \u2191 ${size(flow.bytesOut)}${rate > 0 ? ` \u00b7 ${size(rate)}/s` : ""}`,
  });
  row.title = `${flow.local} \u2194 ${flow.peer}, ${count(flow.events)} events`;
  const seconds = history(flow, now);
  const most = Math.max(...seconds);
  const points = most === 0 ? "" : seconds.map((bytes, at) => {
    return `${(at / (SECONDS - 1) * WIDTH).toFixed(1)},${(TALL - 1 - bytes / most * (TALL - 3)).toFixed(1)}`;
  }).join(" ");
  row.querySelector("polyline")?.setAttribute("points", points);
  row.querySelector("svg")?.toggleAttribute("hidden", most === 0);
}
