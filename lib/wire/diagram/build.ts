/**
 * From the events of one process or several to a diagram. Pure.
 *
 * @module
 */
import { unmapped } from "../../addr.ts";
import type { Role } from "../../events.ts";
import type { WireEvent } from "../event.ts";
import { type Call, type Flow, flowsOf, shifted } from "./call.ts";
import { clockCorrections } from "./clock.ts";
import { clientOf, type Meeting, sectioned, startOf } from "./meeting.ts";
import { type Diagram, LEFT, type Section, type Step, timeOf } from "./model.ts";
import { pairedFlows } from "./pairing.ts";
import { MAX_SECTIONS, MAX_STEPS, Recorder } from "./recorder.ts";
import { callRemarks, clockRemarks, leftOutRemarks, lookupText, type Unkept } from "./remarks.ts";
import { sectionOf } from "./section.ts";

/** What is told besides the events. */
export interface Told {
  readonly title: string;
  /** What the process is, if the events are those of one process. */
  readonly role?: Role;
  /** What the recorder did not keep. */
  readonly unkept?: Unkept;
}

/** Builds the diagram of whole events, a list for each process. */
export function diagramOf(sides: readonly (readonly WireEvent[])[], told: Told): Diagram {
  const calls = sides.map((events) => {
    const recorder = new Recorder({ steps: Infinity, sections: Infinity });
    for (const event of events) recorder.add(event);
    return recorder.calls;
  });
  return diagramOfCalls(calls, told);
}

/** Builds the diagram of shortened events. */
export function diagramOfCalls(sides: readonly (readonly Call[])[], told: Told): Diagram {
  const grouped = sides.map((calls, process) => flowsOf(calls, process));
  const { pairs, single } = pairedFlows(grouped.map(({ flows }) => flows));
  const corrections = clockCorrections(pairs, sides.length);
  const role = sides.length === 1 ? told.role : undefined;
  const meetings = [...pairs.map(({ one, other }) => [one, other]), ...single.map((flow) => [flow])].map(
    (ends): Meeting => {
      const flows = ends.map((flow) => corrected(flow, corrections[flow.process] ?? 0));
      return { flows, client: clientOf(flows, role) };
    },
  ).sort((a, b) => startOf(a) - startOf(b));
  const groups = sectioned(meetings);
  const drawn = groups.slice(0, MAX_SECTIONS);
  const others = grouped.flatMap(({ others }, process) =>
    others.map((call) => ({ process, call: shifted(call, corrections[process] ?? 0) }))
  );
  const lookups = lookupsOf(drawn.flat(), others);
  const start = Math.min(...drawn.flat().map(startOf), ...[...lookups.values()].map(({ at }) => at));
  const sections = drawn.map((group, index) => {
    const before = group.map((meeting) => lookups.get(meeting)).filter((lookup) => lookup !== undefined);
    const cut = (told.unkept?.arrows ?? 0) > 0;
    return sectionOf(group, { index, zero: start, before: before.map((lookup) => noteOf(lookup, start)), cut });
  });
  const shown = new Set(lookups.values());
  return {
    title: told.title,
    start: Number.isFinite(start) ? start : 0,
    notes: [
      ...callRemarks(others.map(({ call }) => call).filter((call) => !shown.has(call))),
      ...clockRemarks(corrections, sides.map((_, process) => nameOf(process, meetings))),
      ...leftOutRemarks(groups.length - drawn.length, told.unkept ?? { flows: 0, arrows: 0, bytes: 0 }),
    ],
    sections: limited(sections),
  };
}

function corrected(flow: Flow, by: number): Flow {
  return by === 0 ? flow : { ...flow, calls: flow.calls.map((call) => shifted(call, by)) };
}

/** Finds for each lookup the first connection that used what it found. */
function lookupsOf(
  meetings: readonly Meeting[],
  others: readonly { readonly process: number; readonly call: Call }[],
): Map<Meeting, Call> {
  const lookups = new Map<Meeting, Call>();
  for (const { process, call } of others) {
    if (call.call !== "resolve" || call.error !== undefined) continue;
    const addresses = (call.addresses ?? []).map(unmapped);
    const user = meetings.find((meeting) =>
      !lookups.has(meeting) && meeting.client?.process === process && startOf(meeting) >= call.at &&
      meeting.client.calls.some(({ peer }) => peer !== null && addresses.includes(unmapped(peer.hostname)))
    );
    if (user !== undefined) lookups.set(user, call);
  }
  return lookups;
}

function noteOf(lookup: Call, start: number): Step {
  return { type: "note", side: LEFT, when: { at: lookup.at - start, known: true }, text: lookupText(lookup) };
}

/** What a process is, if it is the same in all its flows. */
function nameOf(process: number, meetings: readonly Meeting[]): string {
  const own = meetings.filter(({ flows }) => flows.some((flow) => flow.process === process));
  if (own.every(({ client }) => client?.process === process)) return "the client";
  return own.every(({ client }) => client?.process !== process) ? "the server" : `process ${process + 1}`;
}

/** Keeps the first steps of all sections together. */
function limited(sections: readonly Section[]): Section[] {
  const times = sections.flatMap(({ steps }) => steps.map(timeOf)).sort((a, b) => a - b);
  const end = times[MAX_STEPS];
  if (end === undefined) return [...sections];
  return sections.map((section) => {
    const cut = section.steps.filter((step) => timeOf(step) >= end).filter((step) => step.type === "arrow");
    const bytes = cut.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const steps = section.steps.filter((step) => timeOf(step) < end);
    return { ...section, steps, leftOut: { arrows: cut.length, bytes } };
  });
}
