/**
 * How an open connection comes to rest when its server stops.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";

/** How long a connection at rest is watched for more (ms): what was sent before the stop needs time to arrive. */
const SETTLE_TIME = 100;

/** Closes a connection once it is at rest. */
export class Drain {
  /** Whether the server is stopping. */
  requested = false;
  /** Whether this closed the connection: an end, where any other close of ours cuts a read off. */
  done = false;
  #time: TimeSource;
  #isIdle: () => boolean;
  #close: () => void;
  #cancel = (): void => {};

  /**
   * @param isIdle Tells whether no exchange is open.
   * @param close Closes the connection.
   */
  constructor(time: TimeSource, { isIdle, close }: { isIdle: () => boolean; close: () => void }) {
    this.#time = time;
    this.#isIdle = isIdle;
    this.#close = close;
  }

  /** Closes the connection if it is at rest, and still is when the last look is over. */
  request(): void {
    this.requested = true;
    if (!this.#isIdle()) return;
    this.#cancel();
    this.#cancel = this.#time.after(SETTLE_TIME, () => {
      this.done = this.#isIdle();
      if (this.done) this.#close();
    });
  }

  /** The connection is closed. */
  stop(): void {
    this.#cancel();
  }
}
