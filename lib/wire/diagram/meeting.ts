/**
 * A flow, seen from one end or both: who is the client, and which flows share a section. Pure.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import type { Call, Flow } from "./call.ts";
import { isWild } from "./pairing.ts";

/** A flow: its one known end, or both. */
export interface Meeting {
  readonly flows: readonly Flow[];
  /** Which of the flows is the client's end; `undefined` if the client's events are not given. */
  readonly client: Flow | undefined;
}

/** Finds the client's end: the one that connects, or for datagrams the one that sends first. */
export function clientOf(flows: readonly Flow[], role: Role | undefined): Flow | undefined {
  const calls = (flow: Flow, name: Call["call"]): boolean => flow.calls.some(({ call }) => call === name);
  const connects = flows.find((flow) => calls(flow, "connect"));
  if (connects !== undefined) return connects;
  if (flows.length === 1 && (role !== undefined || calls(flows[0] ?? NO_FLOW, "accept"))) {
    return role === "client" && !calls(flows[0] ?? NO_FLOW, "accept") ? flows[0] : undefined;
  }
  const first = (flow: Flow): number =>
    flow.calls.find(({ call }) => call === "send" || call === "write")?.issued ?? Infinity;
  const earliest = [...flows].sort((a, b) => first(a) - first(b))[0];
  if (flows.length > 1 || earliest === undefined) return earliest;
  const came = earliest.calls.find(({ call }) => call === "receive" || call === "read")?.at ?? Infinity;
  return first(earliest) <= came ? earliest : undefined;
}

/** Stands for a flow that is not there. */
export const NO_FLOW: Flow = { process: 0, transport: "tcp", number: 0, local: "", peer: "", calls: [] };

/** When the first thing passed (ms). A call that waits for the peer was issued long before. */
export function startOf({ flows }: Meeting): number {
  const times = flows.flatMap(({ calls }) =>
    calls.slice(0, 8).map(({ call, at, issued }) =>
      call === "connect" || call === "write" || call === "send" ? issued : at
    )
  );
  return Math.min(...times);
}

/**
 * Puts meetings into sections: each has one of its own, but datagrams that a client sends from a new port each, as `udp:client --count` does,
 * make up a series.
 *
 * @param meetings In the order of their times.
 */
export function sectioned(meetings: readonly Meeting[]): Meeting[][] {
  const sections: Meeting[][] = [];
  const series = new Map<string, Meeting[]>();
  for (const meeting of meetings) {
    const key = seriesOf(meeting);
    const open = key === null ? undefined : series.get(key);
    if (open !== undefined) {
      open.push(meeting);
      continue;
    }
    const section = [meeting];
    sections.push(section);
    if (key !== null) series.set(key, section);
  }
  return sections;
}

/** The same for all requests of a series: from one host to one server, a datagram each; `null` for what is more than that. */
function seriesOf({ flows, client }: Meeting): string | null {
  const server = flows.find((flow) => flow !== client);
  if ((client ?? server)?.transport !== "udp") return null;
  const asked = client?.calls.filter(({ call }) => call === "send") ??
    server?.calls.filter(({ call }) => call === "receive");
  if (asked === undefined || asked.length > 1) return null;
  // Whom the client asks: behind a relay, the server's own address is another.
  return [client?.process, hostOf(client?.local, server?.peer), client?.peer ?? server?.local].join(" ");
}

/** An endpoint as far as either end knows it. */
export function endText(local: string | undefined, asPeer: string | undefined): string {
  return (local === undefined || local === "" || isWild(local) ? asPeer : local) ?? local ?? "";
}

/** The address of an endpoint. */
export function hostOf(local: string | undefined, asPeer: string | undefined): string {
  return endText(local, asPeer).replace(/:\d+$/, "");
}
