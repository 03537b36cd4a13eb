/**
 * Reads a store from where it is to its end, in order, and again whenever there may be more. Pure.
 *
 * @module
 */
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import type { LineStore, StoredLine } from "./line_store.ts";

/** How many lines are asked for at once. */
const BATCH = 64;
/** A line that was announced may not be there yet: when it is looked for again (ms), the last of them until the next look at the store. */
const LOOK_AGAIN = [2, 8, 32, 128];

/** Reads the lines of a store after a number. */
export class Reader {
  #store: LineStore;
  #deliver: (line: StoredLine) => void;
  #time: TimeSource;
  #last: number;
  /** Up to here lines are known to be there. */
  #known: number;
  /** How many lines were announced and are not read; some of them may never come. */
  #announced = 0;
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
   * @param deliver Takes each line, with growing numbers. Some numbers may be missing: such a line is no longer there.
   */
  constructor(
    store: LineStore,
    last: number,
    deliver: (line: StoredLine) => void,
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
    this.#tries = 0;
    this.read();
  }

  /** There are lines up to this number. */
  known(number: number): void {
    if (number <= this.#known) return;
    this.#known = number;
    if (number > this.#last) this.read();
  }

  /**
   * Takes a line that was added just now, if it is the next one; so it need not be read.
   *
   * @returns Whether it was; if not, it will be read.
   */
  takeNext(line: StoredLine): boolean {
    if (this.#reading !== null || line.number !== this.#last + 1) {
      this.known(line.number);
      return false;
    }
    this.#pass(line);
    return true;
  }

  /** Goes on after another number: the store is another one, or an older state of it. */
  restart(last: number): void {
    this.#numbering++;
    this.#last = last;
    this.#known = last;
  }

  /** Reads to the end of the store. Resolves when it is reached; it never rejects. */
  read(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#again = true;
    return this.#reading ??= this.#readAll().finally(() => this.#reading = null);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #readAll(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        while (await this.#readBatch() && !this.#closed);
      } catch {
        // The broker is gone; it is read again when it is back.
        return;
      }
    }
    if (this.#announced > 0) this.#readLater();
  }

  /** Reads as many lines as there may be; returns whether there may be more. */
  async #readBatch(): Promise<boolean> {
    const { start, numbering } = { start: this.#last, numbering: this.#numbering };
    const expected = Math.max(this.#known - start, this.#announced, 1);
    const numbers = Array.from({ length: Math.min(expected, BATCH) }, (_, index) => start + 1 + index);
    const lines = await Promise.all(numbers.map((number) => this.#store.read(number)));
    for (const line of lines) {
      if (this.#closed || this.#numbering !== numbering) return true;
      if (line === null) return await this.#readOn();
      this.#pass(line);
    }
    return this.#known > this.#last || this.#announced > 0 || expected > BATCH;
  }

  /** The next line is not there: either those from here on are gone, or this is the end. */
  async #readOn(): Promise<boolean> {
    const { after, numbering } = { after: this.#last, numbering: this.#numbering };
    const line = await this.#store.readFrom(after + 1);
    if (this.#closed || this.#numbering !== numbering) return true;
    if (line === null) {
      this.#known = after;
      return false;
    }
    this.#pass(line);
    return true;
  }

  #pass(line: StoredLine): void {
    if (line.number <= this.#last) return;
    this.#last = line.number;
    if (this.#announced > 0) this.#announced--;
    this.#deliver(line);
  }

  #readLater(): void {
    const wait = LOOK_AGAIN[this.#tries++];
    if (wait === undefined) {
      this.#announced = 0;
      return;
    }
    this.#cancel = this.#time.after(wait, () => void this.read());
  }
}
