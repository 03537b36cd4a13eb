/**
 * What has been said in a room, as far back as memory allows. Pure.
 *
 * @module
 */
import { isNotice } from "./protocol.ts";

/** How many lines are remembered; an hour of a lively class has fewer. */
const MOST = 10_000;
/** How many lines make a page. */
const PAGE = 250;

/** Lines that are kept as one text: the collector of garbage has one thing to look after instead of hundreds. */
interface Page {
  readonly lines: string;
  readonly times: readonly number[];
}

/** The public lines of a room with their times; the oldest are forgotten. */
export class Transcript {
  #pages: Page[] = [];
  /** The page that is being written. */
  #lines: string[] = [];
  #times: number[] = [];

  /**
   * Adds a line, as the members got it.
   *
   * @param at When it was said, in milliseconds since 1970.
   */
  add(line: string, at: number): void {
    this.#lines.push(line);
    this.#times.push(at);
    if (this.#lines.length < PAGE) return;
    this.#pages.push({ lines: this.#lines.join("\n"), times: this.#times });
    this.#lines = [];
    this.#times = [];
    // Cut rarely, and then by half: shifting would move all pages each time.
    if (this.#pages.length >= 2 * MOST / PAGE) this.#pages = this.#pages.slice(-MOST / PAGE);
  }

  /** The last lines that people said, oldest first. */
  last(count: number): string[] {
    let spoken = this.#lines.filter((line) => !isNotice(line));
    for (let page = this.#pages.length - 1; page >= 0 && spoken.length < count; page--) {
      const earlier = this.#pages[page]?.lines.split("\n") ?? [];
      spoken = [...earlier.filter((line) => !isNotice(line)), ...spoken];
    }
    return count === 0 ? [] : spoken.slice(-count);
  }

  /** All of it as text, each line with its time (ISO 8601). */
  text(): string {
    const pages = [...this.#pages, { lines: this.#lines.join("\n"), times: this.#times }];
    return pages.flatMap(({ lines, times }) => {
      const texts = lines.split("\n");
      return times.map((at, index) => `${new Date(at).toISOString()} ${texts[index]}\n`);
    }).join("");
  }
}
