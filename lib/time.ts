/**
 * The clock: the system's, or a fake one in tests.
 *
 * @module
 */

/** A clock with timers. */
export interface TimeSource {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /**
   * Calls back once, after `ms` milliseconds.
   *
   * @returns Cancels the timer.
   */
  after(ms: number, callback: () => void): () => void;
}

/** The system clock. */
export const SYSTEM_TIME: TimeSource = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
