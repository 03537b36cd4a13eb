/**
 * The one stream of wire events of a process, and its readers.
 *
 * @module
 */
import { type Remark, SILENCE_TICK, type WireEvent, type WireReader, type WireSink, wireTime } from "./event.ts";

/** Explains events in words: what {@linkcode WireHub} needs of `Explainer`. */
export interface Explains {
  explain(event: WireEvent): readonly Remark[];
  silence(now: number): readonly Remark[];
  /** What is left to be said at the end. */
  end?(now: number): readonly Remark[];
}

/** Options of a {@linkcode WireHub}. */
export interface WireHubOptions {
  /** Told once for each reader that has thrown, and for the explainer: a fault of ours, which the run must not suffer for. */
  readonly onTrouble?: (message: string) => void;
}

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
  #onTrouble: (message: string) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param explainer Needed if a reader wants remarks. */
  constructor(readers: readonly WireReader[], explainer: Explains | null, { onTrouble }: WireHubOptions = {}) {
    this.#readers = readers;
    this.#explainer = explainer;
    this.#onTrouble = onTrouble ?? (() => {});
    if (explainer === null) return;
    this.#timer = setInterval(() => this.#say((each) => each.silence(wireTime())), SILENCE_TICK);
    // It must not keep a run alive that has nothing left to do.
    Deno.unrefTimer(this.#timer);
  }

  /** Never throws: the call on a socket that it tells goes on whatever becomes of its readers. */
  emit(event: WireEvent): void {
    const remarks = this.#explainer === null ? NONE : this.#remarks((explainer) => explainer.explain(event));
    for (const reader of this.#readers) {
      try {
        reader.event(event, remarks);
      } catch (error) {
        this.#drop(reader, error);
      }
    }
  }

  /** The run is over: each reader writes what is left. Never rejects. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#say((explainer) => explainer.end?.(wireTime()) ?? NONE);
    await Promise.all(this.#readers.map((reader) => this.#endOf(reader)));
  }

  #say(ask: (explainer: Explains) => readonly Remark[]): void {
    const remarks = this.#remarks(ask);
    if (remarks.length === 0) return;
    for (const reader of this.#readers) {
      try {
        reader.silence?.(remarks);
      } catch (error) {
        this.#drop(reader, error);
      }
    }
  }

  #remarks(ask: (explainer: Explains) => readonly Remark[]): readonly Remark[] {
    if (this.#explainer === null) return NONE;
    try {
      return ask(this.#explainer);
    } catch (error) {
      this.#explainer = null;
      clearInterval(this.#timer);
      this.#onTrouble(`Cannot explain any more: ${said(error)}; the run goes on without it`);
      return NONE;
    }
  }

  /** A reader that has thrown gets no more events; it ends now, so that what it has is written. */
  #drop(reader: WireReader, error: unknown): void {
    this.#readers = this.#readers.filter((each) => each !== reader);
    this.#onTrouble(`Cannot show the wire any more: ${said(error)}; the run goes on without it`);
    this.#endOf(reader);
  }

  async #endOf(reader: WireReader): Promise<void> {
    try {
      await reader.end?.();
    } catch (error) {
      this.#onTrouble(`Cannot write what was left of the wire: ${said(error)}`);
    }
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
