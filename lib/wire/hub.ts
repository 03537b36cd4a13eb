/**
 * The one stream of wire events of a process, and its readers.
 *
 * @module
 */
import { type Remark, type WireEvent, type WireReader, type WireSink, wireTime } from "./event.ts";

/** Explains events in words: what {@linkcode WireHub} needs of `Explainer`. */
export interface Explains {
  explain(event: WireEvent): readonly Remark[];
  silence(now: number): readonly Remark[];
  /** What is left to be said at the end. */
  end?(now: number): readonly Remark[];
}

/** How often the explainer may say that nothing happens (ms). */
const TICK = 250;
const NONE: readonly Remark[] = [];

/**
 * Passes each event to every reader, with what is to be said about it if one of them shows that: it is worked out once for all.
 *
 * @example Usage
 * ```ts
 * import { WireHub } from "./hub.ts";
 * import { wireTime } from "./event.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const calls: string[] = [];
 * const hub = new WireHub([{ event: ({ call }) => calls.push(call) }], null);
 * const local = { hostname: "127.0.0.1", port: 12345 };
 * const nothing = { flow: 0, peer: null, bytes: null, duration: 0 };
 * hub.emit({ at: wireTime(), transport: "tcp", call: "listen", local, ...nothing });
 * await hub.end();
 * assertEquals(calls, ["listen"]);
 * ```
 */
export class WireHub implements WireSink {
  #readers: readonly WireReader[];
  #explainer: Explains | null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param explainer Needed if a reader wants remarks. */
  constructor(readers: readonly WireReader[], explainer: Explains | null) {
    this.#readers = readers;
    this.#explainer = explainer;
    if (explainer === null) return;
    this.#timer = setInterval(() => this.#tick(explainer), TICK);
    // It must not keep a run alive that has nothing left to do.
    Deno.unrefTimer(this.#timer);
  }

  emit(event: WireEvent): void {
    const remarks = this.#explainer?.explain(event) ?? NONE;
    for (const reader of this.#readers) reader.event(event, remarks);
  }

  /** The run is over: each reader writes what is left. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#say(this.#explainer?.end?.(wireTime()) ?? NONE);
    await Promise.all(this.#readers.map((reader) => reader.end?.()));
  }

  #tick(explainer: Explains): void {
    this.#say(explainer.silence(wireTime()));
  }

  #say(remarks: readonly Remark[]): void {
    if (remarks.length > 0) { for (const reader of this.#readers) reader.silence?.(remarks); }
  }
}
