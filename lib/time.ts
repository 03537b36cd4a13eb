/**
 * Where the time comes from: the system, or a test that makes it pass.
 *
 * @module
 */

/** Tells the time and calls back when some of it has passed. */
export interface TimeSource {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /**
   * Calls back once, after so many milliseconds.
   *
   * @returns Calls it off.
   */
  after(ms: number, callback: () => void): () => void;
}

/** The system's time. */
export const SYSTEM_TIME: TimeSource = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
