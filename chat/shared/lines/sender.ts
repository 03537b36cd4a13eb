/**
 * The lines of this server on their way into the store: in order, again and again until each has its number. Pure.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { type Added, type LineStore, TooLargeError } from "./line_store.ts";

/** With this many lines, or bytes of them, on the way, speakers wait. */
const FULL_LINES = 1000;
const FULL_BYTES = 1024 * 1024;
/** Nobody waits to join or to leave: beyond this many lines, what is added is dropped. */
const MOST_LINES = 2 * FULL_LINES;
/** After a failure the next try waits (ms): first this long, then twice as long each time, up to the other. */
const FIRST_RETRY = 50;
const LAST_RETRY = 1000;

/** A line on its way. */
export interface Waiting {
  readonly id: string;
  readonly data: Uint8Array;
}

/** Who is told what becomes of a line. */
export interface SenderEvents {
  /** It has its number; called in the order of the lines. */
  stored(line: Waiting, place: Added): void;
  /** It never gets one. */
  refused(line: Waiting, reason: string): void;
  /** The store has not taken a line; it is tried again. */
  trouble(error: unknown): void;
}

interface Sent extends Waiting {
  place: Added | null;
}

/** Sends lines, each until it has a number. */
export class Sender implements Disposable {
  #store: LineStore;
  #events: SenderEvents;
  #time: TimeSource;
  /** From the first line without a number on; some after it may have theirs. The first `#sent` of them are on their way, or were. */
  #queue: Sent[] = [];
  #sent = 0;
  #onTheWay = 0;
  #bytes = 0;
  /** Whether a line has failed: what is on its way is waited for, then all is sent again from that one on. */
  #failed = false;
  #retry = FIRST_RETRY;
  #cancelRetry: (() => void) | null = null;
  #ready: PromiseWithResolvers<void> | null = null;
  #empty: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor(store: LineStore, events: SenderEvents, time: TimeSource = SYSTEM_TIME) {
    this.#store = store;
    this.#events = events;
    this.#time = time;
  }

  /** Whether the last try failed. */
  get failing(): boolean {
    return this.#retry > FIRST_RETRY;
  }

  /** How many lines have no number yet. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether speakers should wait for {@linkcode Sender.ready}. */
  get full(): boolean {
    return this.#queue.length >= FULL_LINES || this.#bytes >= FULL_BYTES;
  }

  /** Resolves when it is not, or no longer, full; or closed. */
  ready(): Promise<void> {
    if (!this.full || this.#closed) return Promise.resolve();
    return (this.#ready ??= Promise.withResolvers()).promise;
  }

  /** Resolves when no line waits, or closed. */
  empty(): Promise<void> {
    if (this.#queue.length === 0 || this.#closed) return Promise.resolve();
    return (this.#empty ??= Promise.withResolvers()).promise;
  }

  /**
   * Adds a line.
   *
   * @returns Whether there was room for it. For a line that did not ignore {@linkcode Sender.full}, there always is.
   */
  add(line: Waiting): boolean {
    if (this.#queue.length >= MOST_LINES || this.#closed) return false;
    this.#queue.push({ ...line, place: null });
    this.#bytes += line.data.length;
    this.#send();
    return true;
  }

  /** A line was found in the store, whatever became of its acknowledgement. */
  found(id: string, number: number): void {
    // Not many are on their way; one that was not sent cannot be found.
    const line = this.#queue.slice(0, this.#sent).find((each) => each.id === id);
    if (line === undefined || line.place !== null) return;
    line.place = { number, before: false };
    this.#settle();
  }

  /** The broker is back: no need to wait for the next try. */
  again(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#onTheWay === 0) this.#restart();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#ready?.resolve();
    this.#empty?.resolve();
  }

  #send(): void {
    while (!this.#failed && !this.#closed && this.#store.up && this.#onTheWay < this.#store.window) {
      const line = this.#queue[this.#sent];
      if (line === undefined) return;
      this.#sent++;
      // It never rejects.
      if (line.place === null) this.#try(line);
    }
  }

  async #try(line: Sent): Promise<void> {
    this.#onTheWay++;
    try {
      line.place ??= await this.#store.add(line.id, line.data);
      this.#retry = FIRST_RETRY;
    } catch (error) {
      if (error instanceof TooLargeError) this.#refuse(line, error.message);
      else if (line.place === null) this.#fail(error);
    }
    this.#onTheWay--;
    if (this.#closed) return;
    this.#settle();
    if (this.#failed && this.#onTheWay === 0) this.#restartLater();
    else this.#send();
  }

  #fail(error: unknown): void {
    this.#failed = true;
    if (!this.#closed) this.#events.trouble(error);
  }

  #refuse(line: Sent, reason: string): void {
    const at = this.#queue.indexOf(line);
    this.#queue.splice(at, 1);
    this.#sent--;
    this.#bytes -= line.data.length;
    this.#events.refused(line, reason);
  }

  /** Takes the lines that have their numbers from the front. */
  #settle(): void {
    let done = 0;
    for (; done < this.#sent && this.#queue[done]?.place !== null; done++);
    if (done === 0) return;
    const lines = this.#queue.splice(0, done);
    this.#sent -= done;
    for (const line of lines) this.#bytes -= line.data.length;
    for (const line of lines) if (line.place !== null) this.#events.stored(line, line.place);
    if (this.#queue.length === 0) this.#empty?.resolve();
    if (this.full) return;
    this.#ready?.resolve();
    this.#ready = null;
  }

  #restartLater(): void {
    this.#cancelRetry = this.#time.after(this.#retry, () => {
      this.#cancelRetry = null;
      this.#restart();
    });
    this.#retry = Math.min(this.#retry * 2, LAST_RETRY);
  }

  #restart(): void {
    this.#failed = false;
    this.#sent = 0;
    this.#send();
  }
}
