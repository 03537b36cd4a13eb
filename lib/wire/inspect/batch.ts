/**
 * What the page is sent: events without their bytes, the flows that changed, totals. Pure.
 *
 * Every text in it is untrusted; controls are escaped here, and the page shows it as text only.
 *
 * @module
 */
import { formatEndpoint } from "../../addr.ts";
import { decodeText, escapeControls } from "../../text.ts";
import type { Remark, WireCall, WireEvent } from "../event.ts";
import { wireTime } from "../event.ts";
import type { Flow, Flows, FlowState } from "./flows.ts";
import type { History, Kept } from "./history.ts";

/** A remark of `--explain` on the page. */
export interface RemarkRow {
  readonly mark: Remark["mark"];
  readonly text: string;
  readonly why?: string;
  readonly mistake?: number;
}

/** An event on the page; its bytes are asked for when somebody looks at them. */
export interface EventRow {
  readonly seq: number;
  readonly at: number;
  readonly flow: number;
  readonly call: WireCall | "silence";
  /** How many bytes it carried; absent if it carries none. */
  readonly size?: number;
  /** The start of them as text. */
  readonly excerpt?: string;
  /** Milliseconds. */
  readonly duration?: number;
  readonly offered?: number;
  readonly error?: string;
  readonly tls?: true;
  /** Whether its bytes are no longer kept. */
  readonly gone?: true;
  /** What a call without bytes was about: the name looked up and its addresses, the address listened on, what the handshake agreed on. */
  readonly about?: string;
  readonly remarks?: readonly RemarkRow[];
}

/** A connection or datagram flow on the page. */
export interface FlowRow {
  readonly flow: number;
  readonly transport: "tcp" | "udp";
  readonly local: string;
  readonly peer: string;
  readonly state: FlowState;
  readonly tls: boolean;
  readonly since: number;
  readonly last: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly events: number;
  readonly mistakes: number;
}

/** Figures of the whole run. */
export interface TotalsRow {
  readonly events: number;
  /** How many of the oldest events were dropped. */
  readonly dropped: number;
  readonly flows: number;
  readonly open: number;
  readonly forgotten: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly mistakes: number;
  /** When the run began, and what time it is for the script, in milliseconds since the epoch. */
  readonly started: number;
  readonly now: number;
}

/** A message to the page. */
export interface Batch {
  readonly events: readonly EventRow[];
  readonly flows: readonly FlowRow[];
  readonly totals: TotalsRow;
  /** How many events this page will not get: they were dropped before it could take them. */
  readonly missed: number;
}

/** How far a page is: the numbers of the next event, and of the first one since which flows may have changed. */
export interface Cursor {
  event: number;
  flows: number;
}

/** The most events in a batch. */
export const MAX_BATCH = 2000;
/** How many bytes of an event its excerpt shows. */
const EXCERPT_BYTES = 120;

/** Takes what a page does not have yet, at most {@linkcode MAX_BATCH} events of it, and moves its cursor. */
export function takeBatch(history: History, flows: Flows, cursor: Cursor): Batch {
  const missed = Math.max(0, history.first - cursor.event);
  const from = cursor.event + missed;
  const to = Math.min(history.next, from + MAX_BATCH);
  const events: EventRow[] = [];
  for (let seq = from; seq < to; seq++) {
    const kept = history.at(seq);
    if (kept !== undefined) events.push(eventRow(kept));
  }
  const changed = [...flows.changedSince(cursor.flows)].map(flowRow);
  cursor.event = to;
  cursor.flows = history.next;
  const now = wireTime();
  const totals = { ...flows.totals, events: history.next, dropped: history.first, started: history.started, now };
  return { events, flows: changed, totals, missed };
}

/** Conditional spreads would be shorter, and take twice the time of the rest: a flood has many events. */
function eventRow({ seq, at, flow, event, remarks, size }: Kept): EventRow {
  const row: { -readonly [Field in keyof EventRow]: EventRow[Field] } = {
    seq,
    at,
    flow,
    call: event?.call ?? "silence",
  };
  if (remarks.length > 0) row.remarks = remarks.map(remarkRow);
  if (event === null) return row;
  const { bytes, duration, offered, error, tls } = event;
  if (size >= 0) row.size = size;
  if (bytes !== null && bytes.length > 0) row.excerpt = excerptOf(bytes);
  else if (size > 0) row.gone = true;
  if (duration > 0) row.duration = duration;
  if (offered !== undefined) row.offered = offered;
  if (error !== undefined) row.error = escapeControls(error);
  if (tls === true) row.tls = true;
  const about = aboutOf(event);
  if (about !== "") row.about = escapeControls(about);
  return row;
}

function excerptOf(bytes: Uint8Array): string {
  return escapeControls(decodeText(bytes.subarray(0, EXCERPT_BYTES)));
}

function aboutOf({ call, name, addresses, local, peer, session, error }: WireEvent): string {
  if (call === "resolve") return `${name ?? ""} -> ${addresses?.join(", ") || error || "no address"}`;
  if (call === "listen" || call === "bind") return local === null ? "" : formatEndpoint(local);
  if (call === "connect" || call === "accept") return peer === null ? "" : formatEndpoint(peer);
  if (session === undefined) return "";
  const { version, cipher, alpn, serverName, subject, verified } = session;
  const parts = [
    version.replace("TLSv", "TLS "),
    cipher,
    alpn === null ? "" : `ALPN ${alpn}`,
    serverName === null ? "" : `SNI ${serverName}`,
    subject === null ? "no certificate" : `${subject} (${verified ? "verified" : "not verified"})`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function remarkRow({ mark, text, why, mistake }: Remark): RemarkRow {
  return {
    mark,
    text: escapeControls(text),
    ...(why === undefined ? {} : { why: escapeControls(why) }),
    ...(mistake === undefined ? {} : { mistake }),
  };
}

function flowRow({ flow, transport, local, peer, state, tls, since, last, ...counts }: Flow): FlowRow {
  const { bytesIn, bytesOut, events, mistakes } = counts;
  const ends = { local: local === null ? "" : formatEndpoint(local), peer: peer === null ? "" : formatEndpoint(peer) };
  return { flow, transport, ...ends, state, tls, since, last, bytesIn, bytesOut, events, mistakes };
}
