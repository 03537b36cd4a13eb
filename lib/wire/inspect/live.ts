/**
 * The browsers that follow a run, by server-sent events (WHATWG HTML, "Server-sent events").
 *
 * There is no queue for a browser: it has a place in the common history, and is sent what comes after it when it has taken the last
 * batch. A slow one falls behind until its place is dropped from the history, and is then told how much it missed. Nothing waits for it.
 *
 * @module
 */
import { encodeText } from "../../text.ts";
import { type Cursor, MAX_BATCH, takeBatch } from "./batch.ts";
import { newestBytes } from "./bytes.ts";
import type { Flows } from "./flows.ts";
import type { History } from "./history.ts";

/** How often a browser is sent news (ms), and at most how often while it is more than a batch behind. */
const PERIOD = 80;
const PERIOD_BEHIND = 10;
/** The most of the run's time that making batches for a browser takes. */
const SHARE = 0.2;
/** How often it is sent the totals when there are no news (ms): also how a browser that is gone is noticed. */
const HEARTBEAT = 1000;
/** How long a browser that is behind may go on reading when the run is over (ms). */
const LAST_WORDS = 500;

/** The browsers that follow a run. */
export class Live {
  #history: History;
  #flows: Flows;
  #news = new Bell();
  #end = new Bell();
  #browsers = new Set<Promise<void>>();
  #endsAt = Infinity;

  constructor(history: History, flows: Flows) {
    this.#history = history;
    this.#flows = flows;
  }

  /** How many browsers follow. */
  get size(): number {
    return this.#browsers.size;
  }

  /** There is something new. */
  wake(): void {
    this.#news.ring();
  }

  /**
   * Follows the run from an event on.
   *
   * @returns The body of a `text/event-stream`.
   */
  follow(from: number): ReadableStream<Uint8Array> {
    const cursor: Cursor = { event: from, flows: from };
    const gone = Promise.withResolvers<void>();
    let [started, left, took] = [false, false, 0];
    let last: Iterator<Uint8Array> | null = null;
    this.#browsers.add(gone.promise);
    return new ReadableStream({
      pull: async (controller) => {
        if (last === null && started) await this.#due(cursor, took);
        started = true;
        if (left) return;
        if (last === null) {
          const began = performance.now();
          controller.enqueue(this.#batch(cursor));
          took = performance.now() - began;
          if (this.#isLast(cursor)) last = this.#lastWords();
          return;
        }
        const { done, value } = last.next();
        // After the last one the page closes the stream: then it has read everything.
        if (done === true) await gone.promise;
        else controller.enqueue(value);
      },
      cancel: () => {
        left = true;
        this.#browsers.delete(gone.promise);
        gone.resolve();
        // The pull that waits finds that its browser is gone; those of the others find that nothing has changed.
        this.#news.ring();
        this.#end.ring();
      },
    }, { highWaterMark: 0 });
  }

  /** Tells all browsers that the run is over; resolves when all have closed their streams. */
  async end(): Promise<void> {
    this.#endsAt = performance.now() + LAST_WORDS;
    this.#end.ring();
    this.#news.ring();
    await Promise.all(this.#browsers);
  }

  /**
   * Waits until a browser is to be sent something.
   *
   * @param took How long the last batch took (ms).
   */
  async #due(cursor: Cursor, took: number): Promise<void> {
    if (this.#endsAt < Infinity) return;
    const isBehind = this.#history.next - cursor.event > MAX_BATCH;
    await this.#end.wait(Math.max(isBehind ? PERIOD_BEHIND : PERIOD, took / SHARE - took));
    if (this.#endsAt === Infinity && cursor.event === this.#history.next) await this.#news.wait(HEARTBEAT);
  }

  /** Whether the run is over and a browser has everything, or had its time. */
  #isLast(cursor: Cursor): boolean {
    return this.#endsAt < Infinity && (cursor.event === this.#history.next || performance.now() >= this.#endsAt);
  }

  /** The newest bytes, so that the page can show them when there is nobody left to ask; then that the run is over. */
  *#lastWords(): Generator<Uint8Array> {
    for (const bytes of newestBytes(this.#history)) {
      if (performance.now() > this.#endsAt) break;
      yield message("bytes", bytes);
    }
    yield message("end", {});
  }

  #batch(cursor: Cursor): Uint8Array {
    const batch = takeBatch(this.#history, this.#flows, cursor);
    // The browser repeats the id when it connects again, and goes on there.
    return message("batch", batch, cursor.event);
  }
}

/** A server-sent event; JSON has no line breaks of its own. */
function message(event: string, data: unknown, id?: number): Uint8Array {
  return encodeText(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}

/** Wakes those who wait for it. */
class Bell {
  #sleepers = new Set<() => void>();

  /** Wakes everyone who is waiting now. */
  ring(): void {
    for (const wake of this.#sleepers) wake();
  }

  /** Waits for the bell, at most `ms`. */
  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#sleepers.add(resolve);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#sleepers.delete(resolve);
    }
  }
}
