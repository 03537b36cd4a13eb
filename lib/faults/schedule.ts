/**
 * Callbacks at given times, in exact order, with a single timer.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";

interface Entry {
  readonly due: number;
  /** Among equal times, the order in which they were added. */
  readonly order: number;
  readonly run: () => void;
}

/**
 * Runs callbacks in the order in which they are due. A timer for each would not do: timers are rounded to the millisecond, so that of
 * two callbacks the later one could run first.
 *
 * @example Usage
 * ```ts
 * import { Schedule } from "./schedule.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const order: number[] = [];
 * const schedule = new Schedule({ now: () => 0, after: (_, run) => (queueMicrotask(run), () => {}) });
 * schedule.add(0.2, () => order.push(2));
 * schedule.add(0.1, () => order.push(1));
 * schedule.clear();
 * assertEquals([order, schedule.size], [[], 0]);
 * ```
 */
export class Schedule {
  #time: TimeSource;
  #onEmpty: () => void;
  /** A binary heap: no entry is due later than its children, which are at 2i + 1 and 2i + 2. */
  #heap: Entry[] = [];
  #added = 0;
  #timer: { readonly due: number; readonly cancel: () => void } | null = null;

  /** @param onEmpty Called when the last callback has run. */
  constructor(time: TimeSource, onEmpty: () => void = () => {}) {
    this.#time = time;
    this.#onEmpty = onEmpty;
  }

  /** How many callbacks have not run yet. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first of them is to run; `Infinity` if there is none. */
  get due(): number {
    return this.#heap[0]?.due ?? Infinity;
  }

  /** Schedules a callback; it never runs before this call has returned. */
  add(due: number, run: () => void): void {
    const heap = this.#heap;
    let place = heap.length;
    const entry = { due, order: this.#added++, run };
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above];
      if (other === undefined || !isBefore(entry, other)) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = entry;
    this.#arm();
  }

  /** Drops all callbacks and cancels the timer. */
  clear(): void {
    this.#heap = [];
    this.#arm();
  }

  /** Sets the timer for the first entry. */
  #arm(): void {
    const due = this.#heap[0]?.due;
    if (due === this.#timer?.due) return;
    this.#timer?.cancel();
    this.#timer = null;
    if (due === undefined) return;
    // Rounded up: a timer that fires too early has to be set again.
    const cancel = this.#time.after(Math.max(0, Math.ceil(due - this.#time.now())), () => this.#fire());
    this.#timer = { due, cancel };
  }

  #fire(): void {
    this.#timer = null;
    const now = this.#time.now();
    for (let first; (first = this.#heap[0]) !== undefined && first.due <= now;) {
      this.#removeFirst();
      first.run();
    }
    this.#arm();
    if (this.size === 0) this.#onEmpty();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const isLeft = left !== undefined && (right === undefined || isBefore(left, right));
      const next = isLeft ? left : right;
      if (next === undefined || isBefore(last, next)) break;
      heap[place] = next;
      place = 2 * place + (isLeft ? 1 : 2);
    }
    heap[place] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.due < other.due || one.due === other.due && one.order < other.order;
}
