/**
 * Numbers for connections and flows. Pure.
 *
 * @module
 */
/** Counts 1, 2, 3 …. */
export function counter(): () => number {
  let last = 0;
  return () => ++last;
}
