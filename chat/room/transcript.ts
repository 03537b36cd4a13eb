/**
 * What has been said in a room, as far back as memory allows. Pure.
 *
 * @module
 */
import { isNotice } from "../protocol.ts";

/** How many lines are remembered; an hour of a lively class has fewer. */
const MOST = 10_000;
/** How many lines make a page, and how many characters. */
const PAGE = 250;
const PAGE_SIZE = 64 * 1024;
/** The most characters that are remembered: ten thousand lines of a chat have half a million. */
const MOST_SIZE = 4 * 1024 * 1024;

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
    if (this.#lines.length >= PAGE || this.#size >= PAGE_SIZE) this.#turnPage();
  }

  #turnPage(): void {
    this.#pages.push({ lines: this.#lines.join("\n"), times: this.#times });
    this.#pagesSize += this.#size;
    this.#lines = [];
    this.#times = [];
    this.#size = 0;
    while (this.#pages.length > MOST / PAGE || this.#pagesSize > MOST_SIZE) {
      this.#pagesSize -= (this.#pages.shift()?.lines.length ?? 0) + 1;
    }
  }

  /**
   * The last lines that people said, oldest first.
   *
   * @param most How many lines, and how many characters in all.
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

  /** All of it as text, each line with its time (ISO 8601). */
  text(): string {
    const pages = [...this.#pages, { lines: this.#lines.join("\n"), times: this.#times }];
    return pages.flatMap(({ lines, times }) => {
      const texts = lines.split("\n");
      return times.map((at, index) => `${new Date(at).toISOString()} ${texts[index]}\n`);
    }).join("");
  }
}
