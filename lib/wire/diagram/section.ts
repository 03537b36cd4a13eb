/**
 * One flow, seen from one end or both, as a section of a diagram. Pure.
 *
 * @module
 */
import { plural } from "../../text.ts";
import { type Call, type Flow, shifted } from "./call.ts";
import { handshake } from "./handshake.ts";
import { joined } from "./match.ts";
import { type Arrow, LEFT, momentsOf, RIGHT, type Section, type Side, type Step, timeOf } from "./model.ts";
import { notesOf, type Sighting, sightingsOf } from "./sightings.ts";
import { isWild, meet } from "./pairing.ts";
import { sizeText, spanText } from "./words.ts";

/** A flow: its one known end, or both. */
export interface Meeting {
  readonly flows: readonly Flow[];
  /** Which of the flows is the client's end; `undefined` if the client's events are not given. */
  readonly client: Flow | undefined;
}

/** Finds the client's end: the one that connects, or for datagrams the one that sends first. */
export function clientOf(flows: readonly Flow[], role: "client" | "server" | undefined): Flow | undefined {
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

const NO_FLOW: Flow = { process: 0, transport: "tcp", number: 0, local: "", peer: "", calls: [] };

/**
 * Builds the section.
 *
 * @param index Its place among the sections.
 * @param zero The diagram's start, in milliseconds since the epoch.
 * @param before What is drawn besides.
 */
export function sectionOf({ flows, client }: Meeting, index: number, zero: number, before: readonly Step[]): Section {
  const server = flows.find((flow) => flow !== client);
  const ends = [client, server].map((flow) =>
    flow === undefined ? undefined : { ...flow, calls: flow.calls.map((call) => shifted(call, -zero)) }
  );
  const [left, right] = ends;
  const told = find(left, "handshake") !== undefined;
  const steps: Step[] = [
    ...before,
    ...handshake(find(left, "connect"), find(right, "accept"), LEFT),
    ...passed(left, right),
    ...(left === undefined ? [] : notesOf(left, LEFT)),
    // Both ends tell the TLS handshake: once is enough.
    ...(right === undefined ? [] : notesOf(right, RIGHT)).filter(({ side }) => side !== null || !told),
  ];
  for (const step of steps) if (step.type === "arrow") keepOrder(step);
  steps.sort((a, b) => timeOf(a) - timeOf(b));
  const [known = NO_FLOW] = flows;
  const number = flows.length === 1 ? known.number : index + 1;
  return {
    heading: headingOf(flows, number === 0 ? index + 1 : number),
    facts: factsOf(steps),
    ends: [endText(left?.local, right?.peer), endText(right?.local, left?.peer)],
    steps,
    leftOut: { arrows: 0, bytes: 0 },
  };
}

function endText(local: string | undefined, asPeer: string | undefined): string {
  return (local === undefined || local === "" || isWild(local) ? asPeer : local) ?? local ?? "";
}

function headingOf(flows: readonly Flow[], number: number): string {
  const calls = flows.flatMap(({ calls }) => calls);
  const failed = calls.some(({ call, error }) => call === "connect" && error !== undefined);
  const tls = calls.some(({ tls, call }) => tls === true || call === "handshake");
  return [
    `${flows[0]?.transport === "udp" ? "UDP flow" : "TCP connection"} ${number}`,
    ...(isRelayed(flows) ? ["relayed"] : []),
    ...(failed ? ["not established"] : []),
    ...(tls ? ["TLS as plain text"] : []),
  ].join(", ");
}

/** Whether the two ends do not know each other by the same addresses. */
function isRelayed([one, other]: readonly Flow[]): boolean {
  return one !== undefined && other !== undefined && !meet(one, other);
}

function find(flow: Flow | undefined, name: Call["call"]): Call | undefined {
  return flow?.calls.find(({ call }) => call === name);
}

function passed(left: Flow | undefined, right: Flow | undefined): Arrow[] {
  const seen = [left, right].map((flow) => flow === undefined ? null : sightingsOf(flow).sort(byTime));
  const way = (side: Side, way: Sighting["way"]): Sighting[] | null =>
    seen[side]?.filter((one) => one.way === way) ?? null;
  return [...joined(way(LEFT, "out"), way(RIGHT, "in"), LEFT), ...joined(way(RIGHT, "out"), way(LEFT, "in"), RIGHT)];
}

function byTime(a: Sighting, b: Sighting): number {
  return a.when.at - b.when.at;
}

/** Clocks that no correction brings together could draw an arrow that goes back in time. */
function keepOrder({ leaves, arrives, last }: Arrow): void {
  for (const moment of [arrives, last]) {
    if (moment && leaves) moment.at = Math.max(moment.at, leaves.at);
  }
}

function factsOf(steps: readonly Step[]): string {
  const arrows = steps.filter((step) => step.type === "arrow");
  const sum = (side: Side): number =>
    arrows.filter(({ from, again }) => from === side && !again).reduce(
      (n, { size }) => n + (size ?? 0),
      0,
    );
  const [sent, answered] = [sum(LEFT), sum(RIGHT)];
  const lost = arrows.filter(({ lost, kind }) => lost && kind === "datagram").length;
  const twice = arrows.filter(({ again }) => again).length;
  const times = steps.flatMap(momentsOf).map(({ at }) => at);
  const span = times.reduce((a, b) => Math.max(a, b), -Infinity) - times.reduce((a, b) => Math.min(a, b), Infinity);
  return [
    ...(sent + answered === 0 ? [] : [`→ ${sizeText(sent)}`, `← ${sizeText(answered)}`]),
    ...(lost === 0 ? [] : [`${lost} lost`]),
    ...(twice === 0 ? [] : [plural(twice, "duplicate")]),
    ...(span > 0 ? [spanText(span)] : []),
  ].join(" · ");
}
