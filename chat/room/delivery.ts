/**
 * Delivers what the journal gives back: to the members' outboxes, to the transcript, and as an event. Pure.
 *
 * @module
 */
import type { TimeSource } from "../../lib/time.ts";
import { Crowd } from "./crowd.ts";
import type { Feed } from "./feed.ts";
import { type Entry, type Journal, lineOf, noticeOf, type Reader } from "./journal.ts";
import { isHere, type Member, type RemoteMember, type RoomEvent } from "./member.ts";
import { MAX_OUTBOX } from "./outbox.ts";
import { noticeLine } from "../protocol.ts";
import { type Cursor, formatCursor } from "../session_lines.ts";
import { type NumberedLine, Transcript } from "./transcript.ts";

/** The maximum history for a new member, in characters: it fits into an outbox in any script. */
const HISTORY_SIZE = MAX_OUTBOX / 8;

/** Options of {@linkcode Delivery}. */
export interface DeliveryOptions {
  readonly feed: Feed;
  readonly journal: Journal;
  /** The time of day in milliseconds since 1970. */
  readonly clock: () => number;
  /** The clock for what is told later. */
  readonly time?: TimeSource | undefined;
  readonly onEvent: (event: RoomEvent) => void;
  /** How many members are here. */
  readonly size: () => number;
  /** Called with the number of an entry that was appended with an id. */
  readonly onNumber: (number: number, id: string) => void;
  /** Called when the numbering begins anew. */
  readonly onRestart: () => void;
  /** Called when a server of the room is said to be gone, with each of its members. */
  readonly onGone: (name: string) => void;
}

/** What a member missed. */
export interface Missed {
  /** The number of the line before the first one. */
  readonly after: number;
  readonly lines: readonly NumberedLine[];
  /** Why these are not all; `null` if they are. */
  readonly gap: string | null;
}

/** The reader of a room's journal. */
export class Delivery implements Reader {
  /** What was delivered, the oldest lines dropped. */
  readonly transcript = new Transcript();
  #options: DeliveryOptions;
  #crowd: Crowd;
  #history: { readonly wanted: number; readonly lines: readonly NumberedLine[] } | null = null;
  #now = 0;
  #last = 0;
  /** Whether the journal has given back the past: nobody is there yet who would have to be told. */
  #live = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#crowd = new Crowd((text) => options.feed.say(noticeLine(text), null, null), options.time);
    options.journal.start(this);
    this.#live = true;
  }

  /** The place of the last line that was delivered. */
  get place(): Cursor {
    return { epoch: this.#options.journal.epoch, n: this.#last };
  }

  deliver(number: number, entry: Entry, by: Member | RemoteMember, id: string | null): void {
    const { feed, clock, onEvent, onNumber, onGone } = this.#options;
    const line = lineOf(entry);
    // All lines of a turn get the same time.
    if (feed.position === 0) this.#now = clock();
    this.#last = number;
    this.transcript.add(line, this.#now, number);
    if (entry.kind === "said" || entry.kind === "did") this.#history = null;
    if (!this.#live) return;
    const comesOrGoes = entry.kind === "joined" || entry.kind === "left";
    if (!comesOrGoes || this.#crowd.passes(entry.kind, this.#options.size())) {
      feed.say(line, number, isHere(by) ? by.outbox : null);
    }
    if (id !== null) onNumber(number, id);
    onEvent(eventOf(entry, by, line));
    if (entry.kind === "left" && entry.why === "server gone") onGone(entry.name);
  }

  confirm(number: number, id: string): void {
    this.#options.onNumber(number, id);
  }

  restart(): void {
    this.#last = 0;
    this.transcript.restart();
    this.#history = null;
    this.#options.onRestart();
  }

  /** The room is closed. */
  close(): void {
    this.#crowd.close();
  }

  /** The last lines that members said. They are looked for again only when one was said since: notices may be many. */
  history(lines: number): readonly NumberedLine[] {
    if (this.#history?.wanted !== lines) {
      this.#history = { wanted: lines, lines: this.transcript.last({ lines, size: HISTORY_SIZE }) };
    }
    return this.#history.lines;
  }

  /**
   * The lines after a place.
   *
   * @param lines How many there are at most if the place is in another numbering.
   */
  missed(cursor: Cursor, lines: number): Missed {
    if (cursor.epoch !== this.place.epoch || cursor.n > this.#last) {
      const history = this.history(lines);
      return {
        after: this.#before(history),
        lines: history,
        gap: "this room does not know the lines that you have seen",
      };
    }
    const { lines: since, complete } = this.transcript.since(cursor.n, HISTORY_SIZE);
    if (complete) return { after: cursor.n, lines: since, gap: null };
    return { after: this.#before(since), lines: since, gap: `lines are missing here, after ${formatCursor(cursor)}` };
  }

  #before([first]: readonly NumberedLine[]): number {
    return first === undefined ? this.#last : first.number - 1;
  }
}

function eventOf(entry: Entry, member: Member | RemoteMember, line: string): RoomEvent {
  switch (entry.kind) {
    case "said":
    case "did":
      return { kind: "said", member, text: entry.text, line };
    case "joined":
      return { kind: "joined", member, line };
    case "left":
      return { kind: "left", member, why: entry.why, line };
    case "renamed":
      return { kind: "notice", text: noticeOf(entry), line };
  }
}
