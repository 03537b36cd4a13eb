/**
 * What is known of each connection and datagram flow: its ends, its state, its counts. Pure.
 *
 * @module
 */
import type { Endpoint } from "../../addr.ts";
import type { Remark, WireEvent } from "../event.ts";
import type { Kept } from "./history.ts";

/**
 * The state of a flow. `open`; `peerFinished`: its FIN was read, this side may still send; `finished`: this side has sent its FIN, the
 * peer may still send; `closing`: both; `closed`; `reset`: cut off by either side; `failed`: never established.
 */
export type FlowState = "open" | "peerFinished" | "finished" | "closing" | "closed" | "reset" | "failed";

/** A connection or a datagram flow. */
export interface Flow {
  readonly flow: number;
  readonly transport: "tcp" | "udp";
  local: Endpoint | null;
  peer: Endpoint | null;
  state: FlowState;
  tls: boolean;
  /** When its first and its latest event happened, in milliseconds since the epoch. */
  readonly since: number;
  last: number;
  bytesIn: number;
  bytesOut: number;
  /** How many events it had, and how many remarks that name a mistake. */
  events: number;
  mistakes: number;
  /** The number of the event that changed it last. */
  changed: number;
}

/** Figures of all flows together, the forgotten ones included. */
export interface FlowTotals {
  flows: number;
  open: number;
  bytesIn: number;
  bytesOut: number;
  mistakes: number;
  /** How many flows were forgotten. */
  forgotten: number;
}

/** States that a flow does not leave. */
const OVER: ReadonlySet<FlowState> = new Set(["closed", "reset", "failed"]);
/** Errors by which the peer, or this side, cut the connection. */
const CUTS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * The flows of a run, updated with every event. Beyond `max`, the oldest are forgotten, closed ones first.
 *
 * @example Usage
 * ```ts
 * import { Flows } from "./flows.ts";
 * import { History } from "./history.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [history, flows] = [new History(), new Flows()];
 * const peer = { hostname: "192.0.2.1", port: 50000 };
 * const bytes = new Uint8Array(5);
 * const read = { at: 0, transport: "tcp", call: "read", flow: 1, local: null, peer, bytes, duration: 0 } as const;
 * flows.take(history.add(read, []));
 * assertEquals([flows.totals.bytesIn, flows.of(1)?.state], [5, "open"]);
 * ```
 */
export class Flows {
  readonly totals: FlowTotals = { flows: 0, open: 0, bytesIn: 0, bytesOut: 0, mistakes: 0, forgotten: 0 };
  #max: number;
  #flows = new Map<number, Flow>();

  /** @param max The most flows that are remembered. */
  constructor(max = 10_000) {
    this.#max = max;
  }

  /** A flow by its number; `undefined` if it is forgotten, or has had no event. */
  of(flow: number): Flow | undefined {
    return this.#flows.get(flow);
  }

  /** The flows that changed with an event of this number or a later one, the oldest flow first. */
  *changedSince(seq: number): Generator<Flow> {
    for (const flow of this.#flows.values()) if (flow.changed >= seq) yield flow;
  }

  /** Takes an event into account. */
  take({ seq, at, flow: number, event, remarks }: Kept): void {
    const mistakes = mistakesIn(remarks);
    this.totals.mistakes += mistakes;
    if (number === 0) return;
    const flow = this.#flows.get(number) ?? (event === null ? undefined : this.#open(event));
    if (flow === undefined) return;
    flow.changed = seq;
    flow.last = at;
    flow.mistakes += mistakes;
    if (event === null) return;
    flow.events++;
    flow.local = event.local ?? flow.local;
    flow.peer = event.peer ?? flow.peer;
    if (event.tls === true || event.session !== undefined) flow.tls = true;
    this.#count(flow, event);
    this.#move(flow, event);
  }

  #open({ flow, transport, local, peer, at }: WireEvent): Flow {
    const opened: Flow = {
      ...{ flow, transport, local, peer, state: "open", tls: false, since: at, last: at },
      ...{ bytesIn: 0, bytesOut: 0, events: 0, mistakes: 0, changed: 0 },
    };
    this.#flows.set(flow, opened);
    this.totals.flows++;
    this.totals.open++;
    if (this.#flows.size > this.#max) this.#makeRoom(opened);
    return opened;
  }

  /** Only what a call has transferred counts, so `writing` and `sending` do not. */
  #count(flow: Flow, { call, bytes }: WireEvent): void {
    if (bytes === null) return;
    if (call === "read" || call === "receive") {
      flow.bytesIn += bytes.length;
      this.totals.bytesIn += bytes.length;
    } else if (call === "write" || call === "send") {
      flow.bytesOut += bytes.length;
      this.totals.bytesOut += bytes.length;
    }
  }

  #move(flow: Flow, event: WireEvent): void {
    const state = nextState(flow.state, event);
    if (!OVER.has(flow.state) && OVER.has(state)) this.totals.open--;
    flow.state = state;
  }

  /** Forgets a tenth at a time: looking for the closed ones takes a pass over all. */
  #makeRoom(newest: Flow): void {
    let surplus = Math.max(1, Math.floor(this.#max / 10));
    this.totals.forgotten += surplus;
    for (const openToo of [false, true]) {
      for (const flow of this.#flows.values()) {
        if (surplus === 0) return;
        if (flow === newest || !(openToo || OVER.has(flow.state))) continue;
        this.#flows.delete(flow.flow);
        if (!OVER.has(flow.state)) this.totals.open--;
        surplus--;
      }
    }
  }
}

/** How many remarks name a mistake. */
function mistakesIn(remarks: readonly Remark[]): number {
  let count = 0;
  for (const { mistake } of remarks) if (mistake !== undefined) count++;
  return count;
}

/** The state after an event. */
function nextState(state: FlowState, { call, bytes, error, transport }: WireEvent): FlowState {
  if (OVER.has(state)) return state;
  if (call === "reset") return "reset";
  if (call === "close") return "closed";
  if (error !== undefined) {
    if (call === "connect" || call === "handshake") return "failed";
    return transport === "tcp" && CUTS.has(error) ? "reset" : state;
  }
  if (call === "closeWrite") return state === "peerFinished" ? "closing" : "finished";
  if (call === "read" && bytes === null) return state === "finished" ? "closing" : "peerFinished";
  return state;
}
