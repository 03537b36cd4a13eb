/**
 * A sleep that can be cut short.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";

/** Lets one waiter at a time sleep, and wakes it early. */
export class Waker {
  #time: TimeSource;
  #wake: () => void = () => {};

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /** Sleeps for some milliseconds or until {@linkcode Waker.wake}; `Infinity` sets no timer. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = ms === Infinity ? () => {} : this.#time.after(Math.ceil(ms), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the sleep, if there is one. */
  wake(): void {
    this.#wake();
  }
}
