/**
 * Keeps a flood from filling a trace in the log: anybody can send datagrams from any number of source ports.
 *
 * @module
 */
import { BoundedMap } from "../../bounded_map.ts";
import { EventRate, type EventRateOptions, MAX_PEERS, seconds } from "../../event_rate.ts";
import type { Events, NetEvent } from "../../events.ts";
import { counted, thousands } from "../../text.ts";

/** How many peers stay known: those that were met last. */
const KNOWN = 4096;
/** What strangers may add (bytes, and bytes per second): the blocks of some three hundred peers at once, then of fifteen a second. */
const STRANGERS = { burst: 64 * 1024, rate: 4 * 1024 };

/**
 * Passes on all blocks of the peers that it knows, and those of strangers up to a rate; the rest is counted. A peer is known once a
 * block of it has passed. So a flood that forges a new source each time adds little to a log, and hides nobody who was there before.
 *
 * @example Usage
 * ```ts
 * import { Strangers } from "./strangers.ts";
 * import type { NetEvent } from "../../events.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told: string[] = [];
 * const log = { detailed: true, emit: (event: NetEvent): unknown => told.push("peer" in event ? String(event.peer) : "") };
 * const strangers = new Strangers(log, { burst: 1, rate: 0 });
 * for (const peer of ["192.0.2.1:7", "192.0.2.2:7", "192.0.2.1:7"]) strangers.emit({ event: "accepted", id: 1, peer });
 * assertEquals(told, ["192.0.2.1:7", "192.0.2.1:7"]);
 * strangers[Symbol.dispose]();
 * ```
 */
export class Strangers implements Disposable {
  #events: Events;
  #known = new BoundedMap<string, true>(KNOWN);
  #rate: EventRate;

  constructor(events: Events, options: EventRateOptions = STRANGERS) {
    this.#events = events;
    const summarize: EventRateOptions["summarize"] = ({ counts, peers, duration }) => {
      const calls = [...counts.values()].reduce((all, each) => all + each, 0);
      const whose = peers < MAX_PEERS ? counted(peers, "new peer") : `${thousands(peers)} new peers or more`;
      return `Not traced in the last ${seconds(duration)}: ${
        thousands(calls)
      } calls, of ${whose}; --trace FILE keeps all`;
    };
    const sink: Events = {
      detailed: true,
      emit: (event) => this.#meet(event),
      sizeOf: (event) => events.sizeOf?.(event) ?? JSON.stringify(event).length,
    };
    this.#rate = new EventRate(sink, { ...options, summarize });
  }

  /** Passes on a block, or counts it. */
  emit(event: NetEvent): void {
    const peer = peerOf(event);
    // Deleted and set again, it counts as new: of too many, those are forgotten that were silent longest.
    if (peer === null || this.#known.delete(peer)) this.#meet(event);
    else this.#rate.emit(event);
  }

  #meet(event: NetEvent): void {
    const peer = peerOf(event);
    if (peer !== null) this.#known.set(peer, true);
    this.#events.emit(event);
  }

  /** Tells what was left out since the last count. */
  [Symbol.dispose](): void {
    this.#rate[Symbol.dispose]();
  }
}

function peerOf(event: NetEvent): string | null {
  return "peer" in event && typeof event.peer === "string" ? event.peer : null;
}
