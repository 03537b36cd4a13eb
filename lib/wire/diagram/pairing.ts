/**
 * Which flows of several processes are the two ends of one. Pure.
 *
 * @module
 */
import type { Direction } from "../event.ts";
import type { Flow } from "./call.ts";

/** Two processes' views of one flow. */
export interface Pair {
  readonly one: Flow;
  readonly other: Flow;
}

/**
 * Finds the two ends of each flow: one's local endpoint is the other's peer. Of several between the same endpoints, one after the other, the
 * first belongs to the first. Where something between the two changes addresses, a relay or a NAT, what passed is compared instead.
 *
 * @returns The pairs, and the flows of which one end is given.
 */
export function pairedFlows(processes: readonly (readonly Flow[])[]): { pairs: Pair[]; single: Flow[] } {
  const open = new Map<string, Flow[]>();
  const pairs: Pair[] = [];
  for (const other of processes.flat()) {
    const [here, there] = [portOf(other.local), portOf(other.peer)];
    const far = open.get(`${other.transport} ${there} ${here}`) ?? [];
    const index = far.findIndex((one) => one.process !== other.process && meet(one, other));
    const [one] = index < 0 ? [] : far.splice(index, 1);
    if (one !== undefined) {
      pairs.push({ one, other });
      continue;
    }
    const key = `${other.transport} ${here} ${there}`;
    const waiting = open.get(key) ?? [];
    waiting.push(other);
    open.set(key, waiting);
  }
  return relayed(pairs, [...open.values()].flat());
}

/** Whether an endpoint, as text, is on the wildcard address. */
export function isWild(endpoint: string): boolean {
  return /^(0\.0\.0\.0|\[::\]):/.test(endpoint);
}

function portOf(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(":"));
}

/** Whether two flows have the same two endpoints. */
export function meet(one: Flow, other: Flow): boolean {
  return isSame(one.local, other.peer) && isSame(other.local, one.peer);
}

/** A socket that is bound to the wildcard address does not know at which of the machine's addresses it is asked. */
function isSame(local: string, peer: string): boolean {
  return local === peer || isWild(local);
}

/** How far apart the beginnings of a relayed flow's ends may be (ms). */
const NEAR = 60_000;

/** How many flows are compared with each other. */
const COMPARED = 200;

/**
 * Pairs what is left: a client's flow with a server's to which the same was sent. Of several that are alike, those that begin closest to each
 * other belong together, the server's after the client's if possible.
 */
function relayed(pairs: readonly Pair[], flows: readonly Flow[]): { pairs: Pair[]; single: Flow[] } {
  const single = new Set(flows);
  const found = [...pairs];
  const servers = flows.filter((flow) => !isClient(flow)).slice(0, COMPARED)
    .map((flow) => ({ flow, came: contentsOf(flow, "in") }));
  const candidates = flows.filter(isClient).slice(0, COMPARED).flatMap((one) => {
    const sent = contentsOf(one, "out");
    return servers.filter(({ flow, came }) =>
      flow.process !== one.process && flow.transport === one.transport && isCopy(came, sent)
    ).map(({ flow }) => ({ one, other: flow, apart: (flow.calls[0]?.at ?? 0) - (one.calls[0]?.at ?? 0) }));
  }).filter(({ apart }) => Math.abs(apart) < NEAR);
  const cost = (apart: number): number => apart < 0 ? NEAR - apart : apart;
  for (const { one, other } of candidates.sort((a, b) => cost(a.apart) - cost(b.apart))) {
    if (!single.has(one) || !single.has(other)) continue;
    for (const end of [one, other]) single.delete(end);
    found.push({ one, other });
  }
  return { pairs: found, single: [...single] };
}

function isClient({ calls }: Flow): boolean {
  const first = calls.find(({ call }) => call !== "resolve");
  return first?.call === "connect" || first?.call === "send" || first?.call === "write";
}

/** What passed one way, to be compared: datagrams one by one, of a stream its beginning. */
function contentsOf({ transport, calls }: Flow, way: Direction): readonly (number | string)[] {
  const own = calls.filter(({ call, size }) =>
    size !== null && (way === "in" ? call === "read" || call === "receive" : call === "write" || call === "send")
  );
  if (transport === "udp") return own.map(({ digest }) => digest);
  const whole = own.findIndex(({ head, size }) => size !== head.length);
  const heads = own.slice(0, whole < 0 ? own.length : whole + 1).flatMap(({ head }) => [...head]);
  return heads.length === 0 ? [] : [heads.slice(0, 64).join(" ")];
}

/** Whether most of what came was sent; boundaries and losses make a stream's beginning the shorter of the two. */
function isCopy(came: readonly (number | string)[], sent: readonly (number | string)[]): boolean {
  const known = came.filter((one) => sent.some((two) => one === two || isPrefix(one, two) || isPrefix(two, one)));
  return known.length > 0 && known.length * 2 >= came.length;
}

function isPrefix(start: number | string, whole: number | string): boolean {
  return typeof start === "string" && typeof whole === "string" && whole.startsWith(`${start} `);
}
