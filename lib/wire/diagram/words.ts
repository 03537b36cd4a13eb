/**
 * Sizes and times in a diagram's words. Pure.
 *
 * @module
 */

/** A number of bytes: `19 B`, `65,536 B`, `2.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000_000) return `${bytes.toLocaleString("en-US")} B`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A time on an axis: `0.42 ms`, `12.003 s`. */
export function timeText(ms: number): string {
  if (ms < 100) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  return ms < 100_000 ? `${(ms / 1000).toFixed(3)} s` : `${(ms / 1000).toFixed(1)} s`;
}

/** A span of time for reading: `0.42 ms`, `17 ms`, `12.0 s`, `5 min`. */
export function spanText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(0)} min`;
}
