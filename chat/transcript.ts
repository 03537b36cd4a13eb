/**
 * What has been said in a room, as far back as memory allows. Pure.
 *
 * @module
 */

/** How many lines are remembered; an hour of a lively class has fewer. */
const MOST = 10_000;

/** A line, as the members got it. */
export interface Entry {
  readonly line: string;
  /** When it was said, in milliseconds since 1970. */
  readonly at: number;
  /** Whether somebody said it, or it is a notice. */
  readonly spoken: boolean;
}

/** The public lines of a room with their times; the oldest are forgotten. */
export class Transcript {
  #entries: Entry[] = [];

  /** Adds a line. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    // Cut rarely, and then by half: shifting each time would move 10,000 entries per line.
    if (this.#entries.length >= 2 * MOST) this.#entries = this.#entries.slice(-MOST);
  }

  /** The last lines that people said, oldest first. */
  last(count: number): string[] {
    const lines: string[] = [];
    for (let index = this.#entries.length - 1; index >= 0 && lines.length < count; index--) {
      const entry = this.#entries[index];
      if (entry?.spoken === true) lines.push(entry.line);
    }
    return lines.reverse();
  }

  /** All of it as text, each line with its time (ISO 8601). */
  text(): string {
    return this.#entries.map(({ at, line }) => `${new Date(at).toISOString()} ${line}\n`).join("");
  }
}
