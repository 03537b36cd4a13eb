/**
 * Sizes and times in a diagram's words. Pure.
 *
 * @module
 */
import { thousands } from "../../text.ts";

/** A number of bytes: `19 B`, `65,536 B`, `2.4 MB`, `1.2 GB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000_000) return `${thousands(bytes)} B`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** A time on an axis, ten characters at most: `0.42 ms`, `12.003 s`, `1:02:03`, `12.5 d`. */
export function timeText(ms: number): string {
  if (ms < 100) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  if (ms < 1000_000) return ms < 100_000 ? `${(ms / 1000).toFixed(3)} s` : `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 100 * HOUR) return ms < 9999 * DAY ? `${(ms / DAY).toFixed(1)} d` : "> 9999 d";
  const two = (number: number): string => String(Math.floor(number)).padStart(2, "0");
  return `${Math.floor(ms / HOUR)}:${two(ms % HOUR / MINUTE)}:${two(ms % MINUTE / 1000)}`;
}

/** A span of time for reading: `0.42 ms`, `17 ms`, `12.0 s`, `5 min`, `3.5 h`, `12 d`. */
export function spanText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 2 * MINUTE) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 2 * HOUR) return `${(ms / MINUTE).toFixed(0)} min`;
  return ms < 2 * DAY ? `${(ms / HOUR).toFixed(1)} h` : `${(ms / DAY).toFixed(0)} d`;
}
