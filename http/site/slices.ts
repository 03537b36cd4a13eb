/**
 * Long work in slices, so that other clients are served in between.
 *
 * @module
 */

/** How long one slice may take (ms). */
const SLICE = 4;

/** The last assigned turn, after which the next one comes, and the number of tasks that wait for a turn. */
let turns = Promise.resolve();
let waiting = 0;

/** Waits for a turn of the event loop that no other task has: however many tasks wait, one slice runs per turn. */
async function nextTurn(): Promise<void> {
  waiting++;
  turns = turns.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
  await turns;
  waiting--;
}

/** A long task, divided into slices of time. */
export class Slices {
  readonly #check: () => void;
  /** The end of the slice; a task that starts while others wait must wait too. */
  #until = waiting > 0 ? 0 : performance.now() + SLICE;

  /** @param check Called at every {@linkcode pause}; an error that it throws ends the task. */
  constructor(check: () => void = () => {}) {
    this.#check = check;
  }

  /** Whether the slice is over. */
  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Yields to other tasks if the slice is over. Call it after every small step. */
  async pause(): Promise<void> {
    this.#check();
    if (!this.over) return;
    await nextTurn();
    this.#check();
    this.#until = performance.now() + SLICE;
  }

  /** Runs a generator that yields after every small step; returns its result. */
  async run<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      if (this.over) await this.pause();
      const { done, value } = work.next();
      if (done === true) return value;
    }
  }
}
