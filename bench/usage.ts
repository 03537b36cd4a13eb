/**
 * What processes use, from the text of Linux's `/proc/PID/stat` (proc(5)). Pure.
 *
 * @module
 */

/** Linux counts CPU time for users in hundredths of a second, whatever its own clock does. */
const TICKS = 100;
/** Where the figures stand after the name: the group; the CPU time of the process, and of its children that have ended. */
const [GROUP, FIRST_TIME, LAST_TIME] = [2, 11, 14];

/**
 * The CPU time, user's and system's, of a process group (s): of the processes that are there, and of children that have ended.
 *
 * @param stats The lines of `/proc/PID/stat` of all processes.
 *
 * @example Usage
 * ```ts
 * import { cpuOf } from "./usage.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const line = "71 (a (b) c) S 1 70 70 0 -1 4194560 1 2 3 4 150 50 20 0 20 0";
 * assertEquals(cpuOf(line, 70), 2.2);
 * ```
 */
export function cpuOf(stats: string, group: number): number {
  let ticks = 0;
  for (const line of stats.split("\n")) {
    // A name may hold spaces and brackets.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ").map(Number);
    if (fields[GROUP] !== group) continue;
    for (let at = FIRST_TIME; at <= LAST_TIME; at++) ticks += fields[at] ?? 0;
  }
  return ticks / TICKS;
}

/** The memory that a process has in use (bytes), from `/proc/PID/status`; `null` when it says nothing. */
export function memoryOf(status: string): number | null {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
