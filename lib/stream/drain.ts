/**
 * Draining a connection when its server stops.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";

/** How long an idle connection stays open (ms): a request sent before the stop may still be in flight. */
const SETTLE_TIME = 100;

/** Closes a connection once it is idle. */
export class Drain {
  /** Whether the server is stopping. */
  requested = false;
  /** Whether the drain closed the connection: a read then returns the end, while any other local close makes it fail. */
  done = false;
  #time: TimeSource;
  #isIdle: () => boolean;
  #close: () => void;
  #cancel = (): void => {};
  #stopped = false;

  /**
   * @param isIdle Returns whether no exchange is open.
   * @param close Closes the connection.
   */
  constructor(time: TimeSource, { isIdle, close }: { isIdle: () => boolean; close: () => void }) {
    this.#time = time;
    this.#isIdle = isIdle;
    this.#close = close;
  }

  /** Closes the connection if it is idle now and still idle after the settle time. */
  request(): void {
    this.requested = true;
    if (this.#stopped || !this.#isIdle()) return;
    this.#cancel();
    this.#cancel = this.#time.after(SETTLE_TIME, () => {
      this.done = this.#isIdle();
      if (this.done) this.#close();
    });
  }

  /** Cancels the timer: the connection is closed. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}
