/**
 * The journal of a room: what happens there for all to see, numbered in the order in which everyone sees it. Pure.
 *
 * A room appends entries and delivers each one when the journal gives it back with its number. {@linkcode LocalJournal} does that at
 * once. A journal that several servers share does it when the entry has its place among those of the others.
 *
 * @module
 */
import { actionLine, chatLine, noticeLine } from "../protocol.ts";
import type { LeaveReason, Member, RemoteMember } from "./member.ts";

/** Something that happened, before it is made a line: names and text are as the member gave them. */
export type Entry =
  | { readonly kind: "said" | "did"; readonly name: string; readonly text: string }
  | { readonly kind: "joined"; readonly name: string }
  | { readonly kind: "left"; readonly name: string; readonly why: LeaveReason }
  | { readonly kind: "renamed"; readonly name: string; readonly to: string };

/** The line that members get for an entry. */
export function lineOf(entry: Entry): string {
  switch (entry.kind) {
    case "said":
      return chatLine(entry.name, entry.text);
    case "did":
      return actionLine(entry.name, entry.text);
    default:
      return noticeLine(noticeOf(entry));
  }
}

/** The text of an entry's notice. */
export function noticeOf(entry: Exclude<Entry, { kind: "said" | "did" }>): string {
  switch (entry.kind) {
    case "joined":
      return `${entry.name} joined`;
    case "left":
      return `${entry.name} left (${entry.why})`;
    case "renamed":
      return `${entry.name} is now ${entry.to}`;
  }
}

/** Takes what a journal gives back: the room. */
export interface Reader {
  /**
   * Takes an entry with its number; numbers grow, and may have gaps.
   *
   * @param by The member that it is about: one of this server, as it was appended, or one of another server.
   * @param id As it was appended; `null` from another server.
   */
  deliver(number: number, entry: Entry, by: Member | RemoteMember, id: string | null): void;
  /** Takes the number of an entry that had been appended before under the same id, and was delivered then. */
  confirm(number: number, id: string): void;
  /** The numbering begins anew, in another epoch: what comes next may have any number. */
  restart(): void;
}

/** Numbers the entries of a room. */
export interface Journal {
  /** Names the numbering: numbers of one epoch can be compared. One word of at most 64 letters, digits, `_` and `-`. */
  readonly epoch: string;
  /** Whether so many entries wait for their number that speakers should wait for {@linkcode Journal.ready}. */
  readonly full: boolean;
  /** Waits until the journal is no longer full. */
  ready(): Promise<void>;
  /** Names the reader; called once, before anything is appended. It gets the entries of the past too, if there are any. */
  start(reader: Reader): void;
  /**
   * Appends an entry.
   *
   * @param by The member that it is about.
   * @param id `KEY.ID` identifies a line that may be appended again, on any server of the room; then it is confirmed with the number
   * that it has. KEY is a member's secret: hash it before anyone else can read it.
   */
  append(entry: Entry, by: Member | RemoteMember, id: string | null): void;
}

/** The journal of a room that no other server shares. */
export class LocalJournal implements Journal {
  readonly epoch: string = crypto.randomUUID().replaceAll("-", "");
  readonly full = false;
  #last = 0;
  #reader: Reader | null = null;

  ready(): Promise<void> {
    return Promise.resolve();
  }

  start(reader: Reader): void {
    this.#reader = reader;
  }

  append(entry: Entry, by: Member | RemoteMember, id: string | null): void {
    this.#reader?.deliver(++this.#last, entry, by, id);
  }
}
