/**
 * Long work in slices, so that everybody else is served in between.
 *
 * @module
 */

/** How long one slice may take (ms). */
const SLICE = 4;

/** The turn that was given last, and how many wait for theirs; the next one comes after it. */
let turns = Promise.resolve();
let waiting = 0;

/** Waits for a turn of the event loop of one's own: however many wait, one slice of work is done per turn. */
async function nextTurn(): Promise<void> {
  waiting++;
  turns = turns.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
  await turns;
  waiting--;
}

/** One piece of long work, cut by the clock. */
export class Slices {
  readonly #check: () => void;
  /** Who comes while others wait has to wait too. */
  #until = waiting > 0 ? 0 : performance.now() + SLICE;

  /** @param check Called at every {@linkcode rest}; what it throws ends the work. */
  constructor(check: () => void = () => {}) {
    this.#check = check;
  }

  /** Whether the slice is over. */
  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets the others go on, if it is time. Call it after every small step. */
  async rest(): Promise<void> {
    this.#check();
    if (!this.over) return;
    await nextTurn();
    this.#check();
    this.#until = performance.now() + SLICE;
  }

  /** Does work that yields after every small step; returns what it returns. */
  async run<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      if (this.over) await this.rest();
      const { done, value } = work.next();
      if (done === true) return value;
    }
  }
}
