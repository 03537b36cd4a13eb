// @ts-check
/// <reference lib="dom" />
/**
 * The inspector's page: follows the run and keeps the views up to date.
 *
 * @module
 */
import { Detail } from "./detail.js";
import { byId, element, inputById, setText } from "./dom.js";
import { FlowList } from "./flow_list.js";
import { count, plural, size } from "./format.js";
import { Rows } from "./rows.js";
import { Sequence } from "./sequence.js";
import { Source } from "./source.js";
import { Store } from "./store.js";

const store = new Store();
const rows = new Rows(store);
const bytes = new Source(store);
const detail = new Detail(store, bytes);
const role = document.body.dataset.role === "client" ? "client" : "server";
const sequence = new Sequence(rows, role, {
  choose: (row) => detail.show(row),
  open: (_, byKey) => go("detail", byKey),
});
const flows = new FlowList(store, { choose: chooseFlow, open: () => go("events") });
let isPaused = false;
let isDue = false;

/** Where there is room for one pane only; the style sheet has the same width. */
const ONE_PANE = matchMedia("(max-width: 719px)");

/**
 * Shows another pane, where there is room for one only, and moves the focus there.
 *
 * @param {string} pane
 * @param {boolean} [byKey] Whether a key did it; a click on an event leaves the focus on the events, for the arrow keys.
 */
function go(pane, byKey = false) {
  byId("panes").dataset.pane = pane;
  if (pane !== "detail") byId(pane === "flows" ? "flow-list" : "event-list").focus();
  else if (ONE_PANE.matches) byId("back-to-events").focus();
  else if (byKey) byId("bytes").focus();
}

/** @param {number | null} flow */
function chooseFlow(flow) {
  rows.filter.flow = flow;
  const known = flow === null ? undefined : store.flows.get(flow);
  setText(byId("flow-title"), flow === null ? "All events" : `#${flow} ${known?.peer ?? ""}`);
  byId("panes").classList.toggle("one-flow", flow !== null);
  byId("download").setAttribute("href", `capture.pcapng${flow === null ? "" : `?flow=${flow}`}`);
  setText(byId("download"), flow === null ? "Download" : `Download #${flow}`);
  detail.show(null);
  sequence.refilter();
}

/** Draws once before the next frame, however many messages came. */
function schedule() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    showTotals();
    if (isPaused) return;
    flows.update();
    sequence.update();
  });
}

function showTotals() {
  const { totals } = store;
  if (totals === null) return;
  const facts = [
    [document.body.dataset.flows?.toLowerCase() ?? "", `${count(totals.open)} open of ${count(totals.flows)}`],
    ["received", size(totals.bytesIn)],
    ["sent", size(totals.bytesOut)],
    ["events", count(totals.events)],
    ["mistakes", count(totals.mistakes)],
  ];
  const list = byId("totals");
  while (list.children.length < facts.length) list.append(element("div", element("dt"), element("dd")));
  for (const [at, [name = "", value = ""]] of facts.entries()) {
    const [term, text] = list.children[at]?.children ?? [];
    if (term !== undefined) setText(term, name);
    if (text !== undefined) setText(text, value);
  }
  const lost = [
    totals.dropped > 0 ? `The script has dropped the oldest ${plural(totals.dropped, "event")}` : "",
    store.missed > 0 ? `${count(store.missed)} of them before this page could show them` : "",
    store.dropped > 0 ? `this page shows the newest ${count(store.events.length)}` : "",
    totals.forgotten > 0 ? `${count(totals.forgotten)} of the ${count(totals.flows)} connections are forgotten` : "",
  ].filter((part) => part !== "");
  byId("notice").hidden = lost.length === 0;
  setText(byId("notice"), `${lost.join("; ")}.`);
  const fresh = totals.events - rows.until - 1;
  setText(byId("pause"), !isPaused ? "Pause" : fresh > 0 ? `Resume (${count(fresh)} new)` : "Resume");
}

/**
 * @param {string} state
 * @param {string} text
 */
function tell(state, text) {
  const pill = byId("state");
  if (pill.dataset.state === state) return;
  pill.dataset.state = state;
  setText(pill, text);
  setText(byId("said"), text);
}

function follow() {
  const source = new EventSource("live");
  source.addEventListener("batch", ({ data }) => {
    store.take(JSON.parse(data));
    tell(isPaused ? "paused" : "live", isPaused ? "paused" : "live");
    schedule();
  });
  source.addEventListener("bytes", ({ data }) => bytes.keep(JSON.parse(data)));
  source.addEventListener("end", () => {
    source.close();
    bytes.hasEnded = true;
    tell("ended", "the run has ended");
    byId("download").hidden = true;
  });
  source.addEventListener("error", () => {
    if (byId("state").dataset.state === "ended") return;
    tell("lost", source.readyState === EventSource.CLOSED ? "refused" : "no connection to the script");
  });
}

function pause() {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  rows.until = isPaused ? store.events.at(-1)?.seq ?? -1 : Infinity;
  const { state } = byId("state").dataset;
  if (state === "live" || state === "paused") tell(isPaused ? "paused" : "live", isPaused ? "paused" : "live");
  schedule();
}

function filter() {
  rows.filter.text = inputById("text").value.trim();
  rows.filter.way = /** @type {"" | "in" | "out"} */ (inputById("way").value);
  rows.filter.mistakes = inputById("mistakes").checked;
  sequence.refilter();
}

byId("pause").addEventListener("click", pause);
for (const id of ["text", "way", "mistakes"]) inputById(id).addEventListener("input", filter);
for (const button of document.querySelectorAll("button.back")) {
  if (button instanceof HTMLElement) button.addEventListener("click", () => go(button.dataset.to ?? "flows"));
}
byId("close-detail").addEventListener("click", () => {
  detail.show(null);
  go("events");
});
document.addEventListener("keydown", (event) => {
  // In a search field, Escape clears it.
  if (event.key !== "Escape" || event.target instanceof HTMLInputElement) return;
  const { pane } = byId("panes").dataset;
  if (detail.row !== null) detail.show(null);
  go(pane === "detail" ? "events" : "flows");
});
byId(role === "client" ? "left" : "right").classList.add("ours");
flows.sort();
follow();
