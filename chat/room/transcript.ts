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
  readonly numbers: readonly number[];
}

/** A line with its number. */
export interface NumberedLine {
  readonly number: number;
  readonly line: string;
}

/** The public lines of a room with their times; the oldest are dropped. */
export class Transcript {
  #pages: Page[] = [];
  /** The current page. */
  #lines: string[] = [];
  #times: number[] = [];
  #numbers: number[] = [];
  #size = 0;
  #pagesSize = 0;
  /** The first page of this numbering. */
  #start = 0;

  /**
   * Adds a line, as the members got it.
   *
   * @param at When it was said, in milliseconds since 1970.
   * @param number Its number in the journal.
   */
  add(line: string, at: number, number: number): void {
    this.#lines.push(line);
    this.#times.push(at);
    this.#numbers.push(number);
    this.#size += line.length + 1;
    if (this.#lines.length >= PAGE_LINES || this.#size >= PAGE_SIZE) this.#turnPage();
  }

  #turnPage(): void {
    this.#pages.push({ lines: this.#lines.join("\n"), times: this.#times, numbers: this.#numbers });
    this.#pagesSize += this.#size;
    this.#lines = [];
    this.#times = [];
    this.#numbers = [];
    this.#size = 0;
    while (this.#pages.length > MAX_LINES / PAGE_LINES || this.#pagesSize > MAX_SIZE) {
      this.#pagesSize -= (this.#pages.shift()?.lines.length ?? 0) + 1;
      if (this.#start > 0) this.#start--;
    }
  }

  /** Begins another numbering: the lines so far have no numbers any more, and are there as text only. */
  restart(): void {
    this.#turnPage();
    this.#start = this.#pages.length;
  }

  /**
   * The last lines said by members, oldest first.
   *
   * @param limits The maximum number of lines, and of characters in all.
   */
  last({ lines, size }: { lines: number; size: number }): NumberedLine[] {
    const found: NumberedLine[] = [];
    let left = size;
    for (const numbered of this.#newestFirst()) {
      if (isNotice(numbered.line)) continue;
      left -= numbered.line.length;
      if (found.length === lines || left < 0) break;
      found.push(numbered);
    }
    return found.reverse();
  }

  /**
   * The lines after a number, notices too, oldest first.
   *
   * @param size The maximum number of characters in all; the newest lines are those that fit.
   * @returns The lines; and whether they are all there are.
   */
  since(number: number, size: number): { lines: NumberedLine[]; complete: boolean } {
    const lines: NumberedLine[] = [];
    let left = size;
    for (const numbered of this.#newestFirst()) {
      if (numbered.number <= number) return { lines: lines.reverse(), complete: true };
      left -= numbered.line.length;
      if (left < 0) return { lines: lines.reverse(), complete: false };
      lines.push(numbered);
    }
    // Not even the line with the number itself is here: older ones may have been dropped.
    return { lines: lines.reverse(), complete: (lines[0]?.number ?? number + 1) <= number + 1 };
  }

  *#newestFirst(): Generator<NumberedLine> {
    for (let page = this.#pages.length; page >= this.#start; page--) {
      const numbers = this.#pages[page]?.numbers ?? this.#numbers;
      const texts = this.#pages[page]?.lines.split("\n") ?? this.#lines;
      for (let at = texts.length - 1; at >= 0; at--) yield { number: numbers[at] ?? 0, line: texts[at] ?? "" };
    }
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
