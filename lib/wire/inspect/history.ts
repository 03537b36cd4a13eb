/**
 * The newest events of a run, within a bound on their number and one on their bytes. Pure.
 *
 * @module
 */
import { type Remark, type WireEvent, wireTime } from "../event.ts";

/** An event and what `--explain` says about it, or what it says about silence. */
export interface Kept {
  /** Its number in the run, from 0. */
  readonly seq: number;
  readonly at: number;
  readonly flow: number;
  /** `null` for silence. */
  readonly event: WireEvent | null;
  readonly remarks: readonly Remark[];
  /** How many bytes the event carried, also when they are no longer kept; -1 if it carries none. */
  readonly size: number;
}

/** How much a {@linkcode History} keeps. */
export interface HistoryBounds {
  /** The most events (100,000). */
  readonly events?: number;
  /** The most bytes that they carry together (64 MiB). */
  readonly bytes?: number;
}

const NOTHING = new Uint8Array(0);

/**
 * Keeps the newest events of a run. Beyond the bound on events the oldest are dropped. Beyond the bound on bytes the oldest lose their
 * bytes and stay: an event without its bytes still tells what happened.
 *
 * @example Usage
 * ```ts
 * import { History } from "./history.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const history = new History({ events: 2 });
 * for (let flow = 1; flow <= 3; flow++) history.addSilence({ at: 0, flow, mark: "state", text: "Nothing happens." });
 * assertEquals([history.first, history.next, history.at(0), history.at(2)?.flow], [1, 3, undefined, 3]);
 * ```
 */
export class History {
  /** When it was made, in milliseconds since the epoch: the start of the run. */
  readonly started = wireTime();
  #capacity: number;
  #maxBytes: number;
  #ring: Kept[] = [];
  #first = 0;
  #next = 0;
  #bytes = 0;
  /** The oldest event that may still have its bytes. */
  #firstBytes = 0;

  constructor({ events = 100_000, bytes = 64 * 1024 * 1024 }: HistoryBounds = {}) {
    this.#capacity = events;
    this.#maxBytes = bytes;
  }

  /** The number of the oldest event kept, which is also how many were dropped. */
  get first(): number {
    return this.#first;
  }

  /** The number of the next event, which is also how many there were. */
  get next(): number {
    return this.#next;
  }

  /** The number of the oldest event from which on all still have their bytes. */
  get firstWithBytes(): number {
    return Math.max(this.#first, this.#firstBytes);
  }

  /** An event by its number; `undefined` if it was dropped, or has not happened. */
  at(seq: number): Kept | undefined {
    return seq >= this.#first && seq < this.#next ? this.#ring[seq % this.#capacity] : undefined;
  }

  /** Adds an event. */
  add(event: WireEvent, remarks: readonly Remark[]): Kept {
    const { at, flow, bytes } = event;
    this.#bytes += bytes?.length ?? 0;
    return this.#push({ seq: this.#next, at, flow, event, remarks, size: bytes?.length ?? -1 });
  }

  /** Adds a remark about silence. */
  addSilence(remark: Remark): Kept {
    const { at, flow } = remark;
    return this.#push({ seq: this.#next, at, flow, event: null, remarks: [remark], size: -1 });
  }

  #push(kept: Kept): Kept {
    if (this.#next - this.#first >= this.#capacity) {
      this.#bytes -= this.#ring[this.#first % this.#capacity]?.event?.bytes?.length ?? 0;
      this.#first++;
    }
    this.#ring[this.#next % this.#capacity] = kept;
    this.#next++;
    // The newest event keeps its bytes whatever their number, so that a single large one can be looked at.
    for (let seq = this.firstWithBytes; this.#bytes > this.#maxBytes && seq < this.#next - 1; seq++) this.#forget(seq);
    return kept;
  }

  /** Gives up the bytes of an event. */
  #forget(seq: number): void {
    this.#firstBytes = seq + 1;
    const kept = this.#ring[seq % this.#capacity];
    const bytes = kept?.event?.bytes;
    if (!kept?.event || !bytes) return;
    this.#bytes -= bytes.length;
    this.#ring[seq % this.#capacity] = { ...kept, event: { ...kept.event, bytes: NOTHING } };
  }
}
