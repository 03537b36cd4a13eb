/**
 * What `wire:show` makes of the steps of a capture.
 *
 * @module
 */
import type { Events } from "../lib/events.ts";
import type { Remark, WireEvent } from "../lib/wire/event.ts";
import { Explainer } from "../lib/wire/explain/explainer.ts";
import type { Step } from "../lib/wire/pcap/events.ts";
import { logTrace } from "../lib/wire/trace/trace.ts";

/** Takes the steps of a capture, and what it has to say at the end of it. */
export interface Teller {
  step(step: Step): void;
}

/** How often the explainer may speak of silence (ms), and how often at most between two events. */
const TICK = 250;
const MOST_TICKS = 60;

/** Explains a capture as `--explain` explains a run; the clock is that of its packets. */
export class ExplainTeller implements Teller {
  #events: Events;
  #explainer: Explainer | null = null;
  #last = 0;

  constructor(events: Events) {
    this.#events = events;
  }

  step({ event, remarks }: Step): void {
    this.#explainer ??= new Explainer({ role: roleOf(event), live: false });
    const explainer = this.#explainer;
    if (this.#last > 0) this.#wait(explainer, event.at);
    this.#last = event.at;
    this.#tell(remarks);
    this.#tell(explainer.explain(event));
  }

  /** Lets the time until the next event pass, first in ticks, then in ever longer steps. */
  #wait(explainer: Explainer, until: number): void {
    let now = this.#last;
    for (let ticks = 0, step = TICK; now + step < until && ticks < MOST_TICKS; ticks++) {
      now += step;
      if (ticks > MOST_TICKS / 2) step *= 1.5;
      this.#tell(explainer.silence(now));
    }
  }

  #tell(remarks: readonly Remark[]): void {
    for (const { flow: id, ...remark } of remarks) this.#events.emit({ event: "explain", id, ...remark });
  }
}

/** Which kind of script makes such a call first. */
function roleOf({ call }: WireEvent): "client" | "server" {
  return call === "accept" || call === "receive" ? "server" : "client";
}

/** Dumps a capture as `--trace` dumps a run. */
export class TraceTeller implements Teller {
  #events: Events;
  #json: boolean;
  #trace: ReturnType<typeof logTrace> | null = null;

  constructor(events: Events, json: boolean) {
    this.#events = events;
    this.#json = json;
  }

  step({ event, remarks }: Step): void {
    this.#trace ??= logTrace(this.#events, { json: this.#json, start: event.at });
    for (const { flow, text } of remarks) this.#events.emit({ event: "warning", message: `#${flow} ${text}` });
    this.#trace.event(event, remarks);
  }
}
