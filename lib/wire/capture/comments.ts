/**
 * What `--explain` says, as comments of packets. Pure.
 *
 * @module
 */
import { escapeControls } from "../../text.ts";
import type { Remark } from "../event.ts";

/** No comments: one array for all packets without. */
export const NO_COMMENTS: readonly string[] = [];

/** The most comments that wait for a packet. */
const MOST = 32;

/** The remarks as comments, one each. Wireshark and its kin print them on terminals, so nothing in them may drive one. */
export function commentsOf(remarks: readonly Remark[]): readonly string[] {
  if (remarks.length === 0) return NO_COMMENTS;
  return remarks.map(({ text, why, mistake }) => {
    const number = mistake === undefined ? "" : `[mistake ${mistake}] `;
    return escapeControls(`${number}${text}${why === undefined ? "" : `\n${why}`}`, { lines: true });
  });
}

/** Comments that wait for a packet; the first of them are kept. */
export class WaitingComments {
  #comments: string[] = [];
  #dropped = 0;

  /** Keeps comments for the next packet. */
  add(comments: readonly string[]): void {
    for (const comment of comments) {
      if (this.#comments.length < MOST) this.#comments.push(comment);
      else this.#dropped++;
    }
  }

  /** Those that waited, followed by these; none wait any more. */
  take(comments: readonly string[] = NO_COMMENTS): readonly string[] {
    if (this.#comments.length === 0) return comments;
    const dropped = this.#dropped > 0 ? [`(${this.#dropped} more remarks had no packet of their own)`] : [];
    const all = [...this.#comments, ...dropped, ...comments];
    this.#comments = [];
    this.#dropped = 0;
    return all;
  }
}
