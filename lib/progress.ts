/**
 * Showing that something goes on.
 *
 * @module
 */
import type { Events } from "./events.ts";
import { SYSTEM_TIME, type TimeSource } from "./time.ts";

/** When to show the progress of some work. Times are in milliseconds. */
export interface ProgressOptions {
  /** From when on (1000): what is done sooner needs no explanation. */
  readonly after?: number;
  /** How often it is told anew (1000). */
  readonly every?: number;
  readonly time?: TimeSource;
}

/**
 * Waits for some work and shows, as a `status` event, how far it is. A terminal shows that line until the work is done.
 *
 * @param text The line, given the milliseconds since the start; "" for none.
 * @returns What the work returns; it rejects as the work does.
 *
 * @example Usage
 * ```ts
 * import { withProgress } from "./progress.ts";
 * import { NO_EVENTS } from "./events.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answer = withProgress(Promise.resolve(42), NO_EVENTS, (ms) => `Thinking … ${Math.floor(ms / 1000)} s`);
 * assertEquals(await answer, 42);
 * ```
 */
export async function withProgress<T>(
  work: Promise<T>,
  events: Events,
  text: (elapsed: number) => string,
  { after = 1000, every = 1000, time = SYSTEM_TIME }: ProgressOptions = {},
): Promise<T> {
  if (!events.detailed) return await work;
  const started = time.now();
  let shown = "";
  const tell = (line: string): void => {
    // An empty line is told only to remove ours: the work may be showing one of its own.
    if (line !== "" || shown !== "") events.emit({ event: "status", text: shown = line });
  };
  const show = (): void => {
    tell(text(time.now() - started));
    cancel = time.after(every, show);
  };
  let cancel = time.after(after, show);
  try {
    return await work;
  } finally {
    cancel();
    tell("");
  }
}
