// @ts-check
/**
 * What the page knows of the run.
 *
 * @module
 */

/** @typedef {import("../batch.ts").Batch} Batch */
/** @typedef {import("../batch.ts").EventRow} EventRow */
/** @typedef {import("../batch.ts").FlowRow} FlowRow */
/** @typedef {import("../batch.ts").TotalsRow} TotalsRow */

/**
 * An event on the page. A write is told twice; here it is one event, at the time when it was issued.
 *
 * @typedef {EventRow & { done?: EventRow, merged?: true, isMistake: boolean }} Row
 */

/**
 * A flow on the page, with what it transferred in each of the last seconds.
 *
 * @typedef {FlowRow & { perSecond: Float64Array, second: number }} PageFlow
 */

/** The most events and flows kept here; the script keeps as many. */
const MAX_EVENTS = 100_000;
const MAX_FLOWS = 10_000;
/** How many are dropped at a time beyond the most. */
const SLACK = 5000;
/** How many seconds a sparkline shows. */
export const SECONDS = 30;

const ISSUED = new Set(["writing", "sending"]);
const DONE = new Set(["write", "send"]);
/** States that a flow does not leave. */
const OVER = new Set(["closed", "reset", "failed"]);

/** What the page knows of the run. */
export class Store {
  constructor() {
    /** @type {Row[]} The newest events, oldest first. */
    this.events = [];
    /** @type {Map<number, PageFlow>} */
    this.flows = new Map();
    /** @type {TotalsRow | null} */
    this.totals = null;
    /** How many events were dropped before this page could take them, and how many it has dropped itself. */
    this.missed = 0;
    this.dropped = 0;
    /** When the run began, in milliseconds since the epoch. */
    this.start = Infinity;
    /** @type {Map<number, Row[]>} Writes that have not returned, by flow. */
    this.pending = new Map();
  }

  /**
   * Takes a message of the script.
   *
   * @param {Batch} batch
   */
  take({ events, flows, totals, missed }) {
    this.missed += missed;
    this.totals = totals;
    this.start = Math.min(this.start, totals.started);
    for (const event of events) this.#add(event);
    if (this.events.length > MAX_EVENTS + SLACK) {
      this.dropped += this.events.splice(0, this.events.length - MAX_EVENTS).length;
    }
    for (const flow of flows) this.#update(flow, totals.now);
    if (this.flows.size > MAX_FLOWS + SLACK) this.#forget();
  }

  /**
   * An event by its number, if it is kept here.
   *
   * @param {number} seq
   * @returns {Row | undefined}
   */
  find(seq) {
    let [low, high] = [0, this.events.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    const found = this.events[low];
    return found?.seq === seq ? found : undefined;
  }

  /** @param {EventRow} event */
  #add(event) {
    const isMistake = event.remarks?.some(({ mistake }) => mistake !== undefined) ?? false;
    /** @type {Row} */
    const row = Object.assign(event, { isMistake });
    if (ISSUED.has(row.call)) {
      const waiting = this.pending.get(row.flow);
      if (waiting === undefined) this.pending.set(row.flow, [row]);
      else waiting.push(row);
    } else if (DONE.has(row.call)) {
      const issued = this.pending.get(row.flow)?.shift();
      if (issued !== undefined) {
        issued.done = event;
        if (event.remarks === undefined && event.error === undefined && event.offered === undefined) row.merged = true;
      }
    } else if (row.call === "close" || row.call === "reset") this.pending.delete(row.flow);
    this.events.push(row);
  }

  /**
   * @param {FlowRow} flow
   * @param {number} now
   */
  #update(flow, now) {
    const known = this.flows.get(flow.flow);
    const second = Math.floor(flow.last / 1000);
    const perSecond = known?.perSecond ?? new Float64Array(SECONDS);
    if (known !== undefined) clearOld(perSecond, known.second, second);
    // What a flow had transferred before this page saw it is no news, unless the flow itself is.
    const before = known === undefined && now - flow.since > 2000
      ? total(flow)
      : known === undefined
      ? 0
      : total(known);
    perSecond[second % SECONDS] = (perSecond[second % SECONDS] ?? 0) + total(flow) - before;
    this.flows.set(flow.flow, { ...flow, perSecond, second });
  }

  /** Forgets the oldest flows, closed ones first. */
  #forget() {
    let surplus = this.flows.size - MAX_FLOWS;
    for (const openToo of [false, true]) {
      for (const flow of this.flows.values()) {
        if (surplus <= 0) return;
        if (!openToo && !OVER.has(flow.state)) continue;
        this.flows.delete(flow.flow);
        surplus--;
      }
    }
  }
}

/**
 * What a flow transferred in each of the last seconds before `now`, the oldest first.
 *
 * @param {PageFlow} flow
 * @param {number} now Milliseconds since the epoch.
 * @returns {number[]}
 */
export function history(flow, now) {
  const last = Math.floor(now / 1000);
  const seconds = [];
  for (let second = last - SECONDS + 1; second <= last; second++) {
    const isKept = second <= flow.second && second > flow.second - SECONDS;
    seconds.push(isKept ? flow.perSecond[second % SECONDS] ?? 0 : 0);
  }
  return seconds;
}

/**
 * Bytes per second, over the last whole second and the current one.
 *
 * @param {PageFlow} flow
 * @param {number} now
 * @returns {number}
 */
export function rateOf(flow, now) {
  if (now - flow.last > 2000) return 0;
  const [before = 0, current = 0] = history(flow, now).slice(-2);
  return (before + current) / (1 + (now % 1000) / 1000);
}

/**
 * Clears the seconds in which nothing happened.
 *
 * @param {Float64Array} perSecond
 * @param {number} from The second that was written last.
 * @param {number} to
 */
function clearOld(perSecond, from, to) {
  for (let second = Math.max(from + 1, to - SECONDS + 1); second <= to; second++) perSecond[second % SECONDS] = 0;
}

/** @param {FlowRow} flow */
function total({ bytesIn, bytesOut }) {
  return bytesIn + bytesOut;
}
