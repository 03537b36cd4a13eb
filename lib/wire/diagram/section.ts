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
import { endText, hostOf, type Meeting, NO_FLOW } from "./meeting.ts";
import { notesOf, type Sighting, sightingsOf } from "./sightings.ts";
import { meet } from "./pairing.ts";
import { sizeText, spanText } from "./words.ts";

/** Where a section stands in its diagram. */
export interface Place {
  /** Its place among the sections. */
  readonly index: number;
  /** The diagram's start, in milliseconds since the epoch. */
  readonly zero: number;
  /** What is drawn besides. */
  readonly before: readonly Step[];
  /** Whether there were more events than those given. */
  readonly cut: boolean;
}

/**
 * Builds the section.
 *
 * @param meetings One, or those of a series.
 */
export function sectionOf(meetings: readonly Meeting[], { index, zero, before, cut }: Place): Section {
  // Where the server's events are given, what it did not get in one of the flows is lost, and not just unknown.
  const complete = meetings.some(({ flows }) => flows.length > 1);
  const parts = meetings.map((meeting) => partOf(meeting, zero));
  const steps = [
    ...before,
    ...parts.flatMap((part) =>
      parts.length === 1 ? stepsOf(part, { cut }) : numbered(stepsOf(part, { complete, cut }), part)
    ),
  ];
  for (const step of steps) if (step.type === "arrow") keepOrder(step);
  steps.sort((a, b) => timeOf(a) - timeOf(b));
  const [{ left, right }] = [parts[0] ?? {}];
  const client = parts.length === 1
    ? endText(left?.local, right?.peer)
    : `${hostOf(left?.local, right?.peer)}, ${parts.length} ports`;
  return {
    heading: headingOf(meetings, index),
    facts: factsOf(steps),
    ends: [client, endText(right?.local, left?.peer)],
    steps,
    leftOut: { arrows: 0, bytes: 0 },
  };
}

/** The ends of a meeting, with the diagram's times. */
interface Part {
  readonly left?: Flow | undefined;
  readonly right?: Flow | undefined;
}

function partOf({ flows, client }: Meeting, zero: number): Part {
  const server = flows.find((flow) => flow !== client);
  const [left, right] = [client, server].map((flow) =>
    flow === undefined ? undefined : { ...flow, calls: flow.calls.map((call) => shifted(call, -zero)) }
  );
  return { left, right };
}

/**
 * @param complete Whether the right end's events are given even if there are none.
 * @param cut Whether there were more events than those given.
 */
function stepsOf({ left, right }: Part, { complete = false, cut = false }): Step[] {
  const told = find(left, "handshake") !== undefined;
  return [
    ...handshake(find(left, "connect"), find(right, "accept"), LEFT),
    ...passed(left, right ?? (complete ? NO_FLOW : undefined), cut),
    ...(left === undefined ? [] : notesOf(left, LEFT)),
    // Both ends tell the TLS handshake: once is enough.
    ...(right === undefined ? [] : notesOf(right, RIGHT)).filter(({ side }) => side !== null || !told),
  ];
}

/** Says at each arrow of a series which flow it belongs to. */
function numbered(steps: readonly Step[], { left, right }: Part): Step[] {
  const flow = `flow ${(left ?? right)?.number}`;
  return steps.map((step) =>
    step.type === "note" ? step : { ...step, remark: step.remark === undefined ? flow : `${flow} · ${step.remark}` }
  );
}

function headingOf(meetings: readonly Meeting[], index: number): string {
  const [{ flows }] = [meetings[0] ?? { flows: [] }];
  const calls = flows.flatMap(({ calls }) => calls);
  const failed = calls.some(({ call, error }) => call === "connect" && error !== undefined);
  const tls = calls.some(({ tls, call }) => tls === true || call === "handshake");
  // The log's number, unless there are two.
  const number = (flows.length === 1 ? flows[0]?.number : undefined) || index + 1;
  const name = flows[0]?.transport === "udp" ? "UDP flow" : "TCP connection";
  return [
    meetings.length === 1 ? `${name} ${number}` : `UDP, ${meetings.length} flows`,
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

function passed(left: Flow | undefined, right: Flow | undefined, cut: boolean): Arrow[] {
  const seen = [left, right].map((flow) => flow === undefined ? null : sightingsOf(flow).sort(byTime));
  const way = (side: Side, way: Sighting["way"]): Sighting[] | null =>
    seen[side]?.filter((one) => one.way === way) ?? null;
  return [
    ...joined(way(LEFT, "out"), way(RIGHT, "in"), LEFT, cut),
    ...joined(way(RIGHT, "out"), way(LEFT, "in"), RIGHT, cut),
  ];
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
