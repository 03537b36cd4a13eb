/**
 * Waiting for a broker's answer, but not for that of one that is gone.
 *
 * @module
 */
import type { Broker } from "./connection.ts";

/** Ends waiting when the connection to the broker is lost: it will not answer what it was asked before. */
export class UntilGone {
  /** Who waits. A promise that they all race with would remember each of them for as long as the broker is there. */
  #waiting = new Set<(reason: Error) => void>();

  constructor(broker: Broker) {
    broker.watch((up) => {
      if (up) return;
      for (const give of this.#waiting) give(new Error("the broker is gone"));
    });
  }

  /**
   * Waits for an answer.
   *
   * @throws {Error} The broker is gone.
   */
  async wait<T>(answer: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    answer.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }
}
