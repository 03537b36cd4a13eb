/**
 * The recent lines of a room, bounded in memory. Pure.
 *
 * @module
 */
import { isNotice } from "../protocol.ts";

/** The maximum number of lines kept; an hour of a lively class has fewer. */
const MAX_LINES = 10_000;
/** The size of a page, in lines and in characters. */
const PAGE_LINES = 250;
const PAGE_SIZE = 64 * 1024;
/** The maximum number of characters kept; ten thousand lines of chat have about half a million. */
const MAX_SIZE = 4 * 1024 * 1024;

/** Lines kept as one string, so that the garbage collector has one object to track instead of hundreds. */
interface Page {
  readonly lines: string;
  readonly times: readonly number[];
}

/** The public lines of a room with their times; the oldest are dropped. */
export class Transcript {
  #pages: Page[] = [];
  /** The current page. */
  #lines: string[] = [];
  #times: number[] = [];
  #size = 0;
  #pagesSize = 0;

  /**
   * Adds a line, as the members got it.
   *
   * @param at When it was said, in milliseconds since 1970.
   */
  add(line: string, at: number): void {
    this.#lines.push(line);
    this.#times.push(at);
    this.#size += line.length + 1;
    if (this.#lines.length >= PAGE_LINES || this.#size >= PAGE_SIZE) this.#turnPage();
  }

  #turnPage(): void {
    this.#pages.push({ lines: this.#lines.join("\n"), times: this.#times });
    this.#pagesSize += this.#size;
    this.#lines = [];
    this.#times = [];
    this.#size = 0;
    while (this.#pages.length > MAX_LINES / PAGE_LINES || this.#pagesSize > MAX_SIZE) {
      this.#pagesSize -= (this.#pages.shift()?.lines.length ?? 0) + 1;
    }
  }

  /**
   * The last lines said by members, oldest first.
   *
   * @param limits The maximum number of lines, and of characters in all.
   */
  last({ lines, size }: { lines: number; size: number }): string[] {
    const found: string[] = [];
    let left = size;
    for (let page = this.#pages.length; page >= 0; page--) {
      const texts = this.#pages[page]?.lines.split("\n") ?? this.#lines;
      for (const line of texts.toReversed()) {
        if (isNotice(line)) continue;
        left -= line.length;
        if (found.length === lines || left < 0) return found.reverse();
        found.push(line);
      }
    }
    return found.reverse();
  }

  /** The whole transcript as text, each line with its time (ISO 8601). */
  text(): string {
    const pages = [...this.#pages, { lines: this.#lines.join("\n"), times: this.#times }];
    return pages.flatMap(({ lines, times }) => {
      const texts = lines.split("\n");
      return times.map((at, index) => `${new Date(at).toISOString()} ${texts[index]}\n`);
    }).join("");
  }
}
