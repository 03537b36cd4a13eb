/**
 * Reads a store from where it is to its end, in order, and again whenever there may be more. Pure.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import type { LineStore, StoredLine } from "./line_store.ts";

/** How many lines are asked for at once. */
const BATCH = 64;
/** A line that was announced may not be there yet: when it is looked for again (ms), before it is given up until the store is looked at. */
const LOOK_AGAIN = [2, 8, 32, 128];
/** After the last line that was announced, the end is looked for, once for as many lines as come within this time (ms). */
const LOOK_FOR_END = 20;

/** Reads the lines of a store after a number. */
export class Reader implements Disposable {
  #store: LineStore;
  #deliver: (line: StoredLine, missing: number) => void;
  #time: TimeSource;
  #last: number;
  /** Up to here lines are known to be there. */
  #known: number;
  /** How many lines were announced and not read, about: one may be read before it is announced. */
  #announced = 0;
  /** Whether the end was seen since the last announcement. */
  #ended = true;
  /** While the end is looked for: how many lines to try at once; else 0. */
  #stride = 0;
  /** How often we were told that there is more: an end that was asked for before that is none. */
  #hints = 0;
  /** Which of {@linkcode LOOK_AGAIN} is next. */
  #tries = 0;
  #reading: Promise<void> | null = null;
  /** How often the numbering has begun anew: what was asked before that belongs to another one. */
  #numbering = 0;
  #again = false;
  #cancel: (() => void) | null = null;
  #closed = false;

  /**
   * @param last The number after which to read.
   * @param deliver Takes each line, with growing numbers, and how many lines before it are no longer there.
   */
  constructor(
    store: LineStore,
    last: number,
    deliver: (line: StoredLine, missing: number) => void,
    time: TimeSource = SYSTEM_TIME,
  ) {
    this.#store = store;
    this.#last = last;
    this.#known = last;
    this.#deliver = deliver;
    this.#time = time;
  }

  /** The number of the last line that was delivered, or passed over. */
  get last(): number {
    return this.#last;
  }

  /** Another server has added a line. */
  announced(): void {
    this.#announced++;
    this.#hints++;
    this.#ended = false;
    this.#tries = 0;
    this.read();
  }

  /** There are lines up to this number. */
  known(number: number): void {
    if (number > this.#known) this.#hints++;
    this.#known = Math.max(this.#known, number);
    // An earlier try may have failed.
    if (this.#known > this.#last) this.read();
  }

  /** Takes a line that was added just now, so that it need not be read; unless others come before it. */
  takeNext(line: StoredLine): void {
    if (this.#reading !== null || line.number !== this.#last + 1) this.known(line.number);
    else this.#pass(line);
  }

  /** Goes on after another number: the store is another one, or an older state of it. */
  restart(last: number): void {
    this.#numbering++;
    this.#last = last;
    this.#known = last;
  }

  /** Reads as far as lines are known to be, and one more. Resolves when that is done, or the broker is gone. */
  read(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#again = true;
    return this.#reading ??= this.#readAll();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        while (await this.#readBatch() && !this.#closed);
      }
      if (!this.#closed) this.#readLater();
    } catch {
      // The broker is gone; it is read again when it is back.
    }
    this.#reading = null;
  }

  /** Reads as many lines as there may be; returns whether there may be more. */
  async #readBatch(): Promise<boolean> {
    const { start, numbering } = { start: this.#last, numbering: this.#numbering };
    const expected = Math.min(Math.max(this.#known - start, this.#announced, this.#stride), BATCH);
    if (expected <= 1) return await this.#readOne();
    const numbers = Array.from({ length: expected }, (_, index) => start + 1 + index);
    const lines = await Promise.all(numbers.map((number) => this.#store.read(number)));
    for (const line of lines) {
      if (this.#closed || this.#numbering !== numbering) return true;
      // Either it is gone and others follow, or this is the end.
      if (line === null) return await this.#readOne();
      this.#pass(line);
    }
    return this.#mayGoOn();
  }

  /** Reads the next line, wherever it is. */
  async #readOne(): Promise<boolean> {
    const { numbering, hints } = { numbering: this.#numbering, hints: this.#hints };
    const line = await this.#store.readFrom(this.#last + 1);
    if (this.#closed || this.#numbering !== numbering) return true;
    if (line === null) {
      this.#stride = 0;
      if (this.#hints === hints) this.#known = this.#last;
      this.#ended = this.#hints === hints;
      return false;
    }
    this.#pass(line);
    return this.#mayGoOn();
  }

  /** After lines that were there: whether more may be. */
  #mayGoOn(): boolean {
    this.#stride *= 2;
    return this.#known > this.#last || this.#announced > 0 || this.#stride > 0;
  }

  #pass(line: StoredLine): void {
    const missing = line.number - this.#last - 1;
    this.#last = line.number;
    if (this.#announced > 0) this.#announced--;
    this.#deliver(line, missing);
  }

  #readLater(): void {
    const [again, end] = [this.#announced > 0 ? LOOK_AGAIN[this.#tries++] : undefined, !this.#ended];
    if (again === undefined) this.#announced = 0;
    if (again === undefined && !end) return;
    this.#cancel = this.#time.after(again ?? LOOK_FOR_END, () => {
      if (again === undefined) this.#stride = 1;
      this.read();
    });
  }
}
