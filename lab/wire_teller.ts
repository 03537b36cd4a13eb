/**
 * What `wire:show` makes of the steps of a capture.
 *
 * @module
 */
import type { Events, Role } from "../lib/events.ts";
import { SILENCE_TICK, type WireEvent } from "../lib/wire/event.ts";
import type { Recorder } from "../lib/wire/diagram/recorder.ts";
import type { Explainer } from "../lib/wire/explain/explainer.ts";
import { writeFailure } from "../lib/wire/file_output.ts";
import type { Step } from "../lib/wire/pcap/events.ts";

/** Takes the steps of a capture, one after the other. */
export type Teller = (step: Step) => void;

/** How often at most the explainer is asked about the silence between two events. */
const MOST_TICKS = 60;

/** Explains a capture as `--explain` explains a run; the clock is that of its packets. */
export async function explainTeller(events: Events): Promise<Teller> {
  const { Explainer } = await import("../lib/wire/explain/explainer.ts");
  const { remarksIn } = await import("../lib/wire/explain/in_log.ts");
  const tell = remarksIn(events);
  let explainer: Explainer | null = null;
  let last = 0;
  return ({ event, remarks }) => {
    if (explainer === null) explainer = new Explainer({ role: roleOf(event), live: false });
    else for (const now of ticks(last, event.at)) tell(explainer.silence(now));
    last = event.at;
    tell(remarks);
    tell(explainer.explain(event));
  };
}

/** Moments between two events: first in even steps, then in ever longer ones. */
function* ticks(from: number, to: number): Generator<number> {
  let step = SILENCE_TICK;
  for (let [now, count] = [from + step, 0]; now < to && count < MOST_TICKS; now += step, count++) {
    yield now;
    if (count > MOST_TICKS / 2) step *= 1.5;
  }
}

/** Which kind of script makes such a call first. */
function roleOf({ call }: WireEvent): Role {
  return call === "accept" || call === "receive" ? "server" : "client";
}

/** Dumps a capture as `--trace` dumps a run. */
export async function traceTeller(events: Events, { json }: { json: boolean }): Promise<Teller> {
  const { logTrace } = await import("../lib/wire/trace/trace.ts");
  let trace: ReturnType<typeof logTrace> | null = null;
  return ({ event, remarks }) => {
    trace ??= logTrace(events, { json, start: event.at });
    for (const { flow, text } of remarks) events.emit({ event: "warning", message: `#${flow} ${text}` });
    trace.event(event, remarks);
  };
}

/** A sequence diagram of one capture, or of the captures of both sides. */
export interface DiagramDrawing {
  /** Takes another capture. */
  teller(): Teller;
  /**
   * Draws what was taken. A new file is readable by its owner only.
   *
   * @throws {Failure} The file cannot be written.
   */
  draw(title: string): Promise<void>;
}

/**
 * Collects what a diagram needs: the first calls of the first connections.
 *
 * @throws {UsageError} The file's name ends neither in `.svg` nor in `.html`.
 */
export async function diagramDrawing(path: string): Promise<DiagramDrawing> {
  const { diagramFormat, drawRecorded } = await import("../lib/wire/diagram/draw.ts");
  const { Recorder } = await import("../lib/wire/diagram/recorder.ts");
  const format = diagramFormat(path);
  const recorders: Recorder[] = [];
  return {
    teller() {
      const recorder = new Recorder();
      recorders.push(recorder);
      return ({ event }) => recorder.add(event);
    },
    async draw(title) {
      try {
        await Deno.writeTextFile(path, drawRecorded(recorders, { title, format }), { mode: 0o600 });
      } catch (error) {
        throw writeFailure(path, error);
      }
    },
  };
}
