/**
 * Tests of chance.
 *
 * @module
 */

/** The critical values of chi-square at a level of 0.1 %, by degrees of freedom: a right program exceeds one in a thousand seeds. */
const CRITICAL: Readonly<Record<number, number>> = { 1: 10.828, 3: 16.266, 9: 27.877, 15: 37.697 };

/** Whether counts fit what is expected of their cells, by Pearson's chi-square; with as many degrees of freedom as cells but one. */
export function fits(counts: readonly number[], expected: readonly number[]): boolean {
  const sum = counts.reduce((sum, count, cell) => {
    const mean = expected[cell] ?? 0;
    return sum + (count - mean) ** 2 / mean;
  }, 0);
  const critical = CRITICAL[counts.length - 1];
  if (critical === undefined) throw new Error(`no critical value for ${counts.length} cells`);
  return sum <= critical;
}

/** How often each whole number below `cells` occurs. */
export function countsOf(values: Iterable<number>, cells: number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
