/**
 * A pause that the end of a part of the run cuts short.
 *
 * @module
 */

/** Resolves after a time, or at once when the part of the run ends. */
export function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, time);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
