/**
 * A relay's faults in its log.
 *
 * @module
 */
import { EventRate } from "../../lib/event_rate.ts";
import type { Events } from "../../lib/events.ts";
import type { FaultSink } from "../../lib/faults/fault.ts";
import type { FaultTransport } from "../../lib/faults/plan.ts";
import { faultEvent, faultRate } from "../../lib/script/fault_event.ts";

/** Logs each fault as it happens; in prose no faster than a person can follow. */
export class FaultLog implements Disposable {
  #rate: EventRate;
  #transport: FaultTransport;

  constructor(events: Events, { transport, json }: { transport: FaultTransport; json: boolean }) {
    this.#rate = new EventRate(events, faultRate(json));
    this.#transport = transport;
  }

  /** Logs one under the number of the client's connection or flow, which is one less than that towards the server. */
  readonly tell: FaultSink = (fault) => {
    if (!this.#rate.detailed) return;
    const direction = fault.direction === "out" ? "up" : "down";
    this.#rate.emit(faultEvent(fault, this.#transport, { id: fault.flow - 1, direction }));
  };

  /** Logs how many were left out. */
  [Symbol.dispose](): void {
    this.#rate[Symbol.dispose]();
  }
}
