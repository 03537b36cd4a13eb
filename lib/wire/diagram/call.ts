/**
 * What a diagram keeps of an event: its bytes shortened to an excerpt. Pure.
 *
 * @module
 */
import { formatEndpoint } from "../../addr.ts";
import type { WireEvent } from "../event.ts";

/** How many of an event's bytes are kept. */
const KEPT = 96;

/** A {@linkcode WireEvent} with a part of its bytes. */
export interface Call extends Omit<WireEvent, "bytes"> {
  /** When the call was issued: milliseconds since the epoch. */
  readonly issued: number;
  /** How many bytes it transferred; `null` if it transfers none. */
  readonly size: number | null;
  /** The first of them. */
  readonly head: Uint8Array;
  /** Equal for equal datagrams; 0 on a byte stream. */
  readonly digest: number;
  /** How many calls it stands for, if for more than one, and when the first of them returned. */
  readonly count?: number;
  readonly first?: number;
}

/** Shortens an event. */
export function callOf({ bytes, ...event }: WireEvent): Call {
  return {
    ...event,
    issued: event.at - event.duration,
    size: bytes?.length ?? null,
    head: bytes?.slice(0, KEPT) ?? new Uint8Array(),
    digest: event.transport === "udp" && bytes !== null ? digestOf(bytes) : 0,
  };
}

/** Moves a call in time (ms). */
export function shifted(call: Call, by: number): Call {
  if (by === 0) return call;
  const { at, issued, first } = call;
  return { ...call, at: at + by, issued: issued + by, ...(first === undefined ? {} : { first: first + by }) };
}

/** FNV-1a, 32 bits: it tells datagrams apart, and is no defence against somebody who forges one. */
function digestOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The calls of one connection, or of the datagrams that one socket exchanges with one peer. */
export interface Flow {
  /** The process: its number among those whose events are given. */
  readonly process: number;
  readonly transport: "tcp" | "udp";
  /** As in {@linkcode WireEvent.flow}. */
  readonly number: number;
  /** The ends as text; "" while unknown. */
  local: string;
  peer: string;
  readonly calls: Call[];
}

/** A process's calls, by flow. */
export interface Grouped {
  readonly flows: readonly Flow[];
  /** Calls that belong to no flow: lookups and listeners. */
  readonly others: readonly Call[];
}

/** Sorts a process's calls into flows, in the order of their first calls. */
export function flowsOf(calls: readonly Call[], process: number): Grouped {
  const flows = new Map<string, Flow>();
  const others: Call[] = [];
  for (const call of calls) {
    if (call.peer === null) {
      const only = call.call === "receive" ? onlyFlowAt(call, flows) : undefined;
      (only?.calls ?? others).push(call);
      continue;
    }
    const peer = formatEndpoint(call.peer);
    // Each address that a connect tries is a connection of its own, whether it has a number or not.
    const key = `${call.transport} ${call.flow} ${peer}`;
    let flow = flows.get(key);
    if (flow === undefined) {
      flow = { process, transport: call.transport, number: call.flow, local: "", peer, calls: [] };
      flows.set(key, flow);
    }
    if (call.local !== null) flow.local = formatEndpoint(call.local);
    flow.calls.push(call);
  }
  return { flows: [...flows.values()], others };
}

/** The flow that an error belongs to of which the system does not say whose it is: sure only if the socket has no other. */
function onlyFlowAt({ local }: Call, flows: ReadonlyMap<string, Flow>): Flow | undefined {
  if (local === null) return undefined;
  const own = [...flows.values()].filter((flow) => flow.local === formatEndpoint(local));
  return own.length === 1 ? own[0] : undefined;
}
