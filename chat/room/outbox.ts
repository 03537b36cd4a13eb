/**
 * What waits for one member of a room, within a bound. Pure.
 *
 * @module
 */
import { encodeText } from "../../lib/text.ts";

/** The most bytes that may wait for one member. The room's lines are shared, so many full outboxes cost little. */
export const MAX_OUTBOX = 1024 * 1024;
/** With so many bytes waiting, a member is behind: those who say much wait for it. */
export const BEHIND = 384 * 1024;
/** The most bytes that are copied together for one write; a single piece may be larger. */
const BITE = 64 * 1024;

/** Bytes that wait in one outbox or in many: they are counted once, for as long as anybody has them. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** How many outboxes have it, one that is writing it included. */
  owners: number;
  /** Whether the memory budget counts it. */
  counted: boolean;
}

/** What an outbox needs of the feed that fills it. */
export interface OutboxFeed {
  /** How many lines were said in this turn. */
  readonly position: number;
  /** The lines of this turn from a position on that are not the outbox's own, each with its newline. */
  since(position: number, outbox: Outbox): string;
  /** Has the end of this turn deliver what was said. */
  schedule(): void;
  /** Makes a piece of bytes for one outbox, and counts it if the budget has room. */
  piece(bytes: Uint8Array): Piece;
  /** One owner less. */
  release(piece: Piece): void;
  /** An outbox falls behind (`true`), or has caught up. */
  behind(outbox: Outbox, is: boolean): void;
  /** Forgets an outbox. */
  remove(outbox: Outbox): void;
}

/** How an outbox is made. */
export interface OutboxOptions {
  /** Called when there is no room for more. */
  readonly onOverflow: () => void;
  /** The most bytes that may wait. */
  readonly max: number;
  /** How many bytes the member's transport has sent so far: whether it moves at all. */
  readonly sent: () => number;
}

/**
 * A bounded queue of bytes for one member. The room puts lines in and never waits; one writer takes them out, so many bytes at a time.
 *
 * @example Usage
 * ```ts
 * import { Feed } from "./feed.ts";
 * import { decodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const feed = new Feed();
 * const outbox = feed.open(() => {});
 * feed.say("for everybody", null);
 * outbox.push("for you");
 * assertEquals(decodeText((await outbox.take())!), "for everybody\nfor you\n");
 * ```
 */
export class Outbox {
  /** How many lines of this turn are the member's own, which it does not get itself. */
  spoken = 0;
  #feed: OutboxFeed;
  #options: OutboxOptions;
  /** How much of this turn's lines the member has already. */
  #position: number;
  #pieces: Piece[] = [];
  #bytes = 0;
  /** What the writer has taken and may still be writing. */
  #taken: Piece | null = null;
  #ended = false;
  #behind = false;
  /** Wakes the writer that waits in {@linkcode Outbox.take}. */
  #wake: (() => void) | null = null;

  /** @param feed What everybody gets; see `Feed.open`. */
  constructor(feed: OutboxFeed, options: OutboxOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#position = feed.position;
  }

  /** How many bytes wait (of this turn's lines, the characters). */
  get queued(): number {
    return this.#bytes + (this.#ended ? 0 : this.#feed.since(this.#position, this).length);
  }

  /** How many bytes wait from earlier turns. */
  get waiting(): number {
    return this.#bytes;
  }

  /** How many bytes the member's transport has sent so far. */
  get sent(): number {
    return this.#options.sent();
  }

  /** There is no room for more. */
  overflow(): void {
    this.#options.onOverflow();
  }

  /** Adds a line for this member alone, after all that was said before. */
  push(line: string): void {
    if (this.#ended) return;
    const added = this.#addOwn(`${this.#missed()}${line}\n`);
    this.#feed.schedule();
    if (!added) this.overflow();
  }

  /** Says that nothing more will come; what was said so far can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#addOwn(this.#missed());
    this.#close();
  }

  /** Throws away what waits, and ends. */
  abandon(): void {
    this.#landed();
    for (const piece of this.#pieces) this.#feed.release(piece);
    this.#pieces = [];
    this.#bytes = 0;
    this.#close();
  }

  /**
   * Takes what waits, up to a bite, or waits for the end of the turn in which there is something; `null` is the end. One taker, who is
   * done with what it took before.
   */
  async take(): Promise<Uint8Array | null> {
    this.#landed();
    while (this.#pieces.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#taken = this.#bite();
    this.#bytes -= piece.bytes.length;
    this.#isBehind(this.#bytes > BEHIND);
    return piece.bytes;
  }

  /**
   * The turn is over: takes over what was said in it.
   *
   * @param all All of it, to be shared.
   * @returns `false` when there is no room for it.
   */
  catchUp(all: Piece | null): boolean {
    const own = this.spoken > 0 || this.#position > 0;
    const added = all === null || (own ? this.#addOwn(this.#missed()) : this.#add(all));
    this.#position = 0;
    this.spoken = 0;
    if (this.#pieces.length > 0) this.#rouse();
    return added;
  }

  /** What was said in this turn and has not been taken over yet. */
  #missed(): string {
    const { position } = this.#feed;
    // Who talks and talks is mostly alone with it.
    const text = this.spoken === position ? "" : this.#feed.since(this.#position, this);
    this.#position = position;
    return text;
  }

  #addOwn(text: string): boolean {
    if (text === "") return true;
    const piece = this.#feed.piece(encodeText(text));
    const added = this.#add(piece);
    this.#feed.release(piece);
    return added;
  }

  #add(piece: Piece): boolean {
    if (this.#bytes + piece.bytes.length > this.#options.max) return false;
    piece.owners++;
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.length;
    this.#isBehind(this.#bytes > BEHIND);
    return true;
  }

  /** Takes the first pieces off and makes one of them. */
  #bite(): Piece {
    let count = 0;
    let length = 0;
    for (const { bytes } of this.#pieces) {
      if (count > 0 && length + bytes.length > BITE) break;
      count++;
      length += bytes.length;
    }
    const [first, ...others] = this.#pieces.splice(0, count);
    if (first === undefined) throw new Error("nothing waits");
    if (others.length === 0) return first;
    const pieces = [first, ...others];
    const all = this.#feed.piece(joined(pieces, length));
    for (const piece of pieces) this.#feed.release(piece);
    return all;
  }

  #isBehind(is: boolean): void {
    if (is !== this.#behind) this.#feed.behind(this, is);
    this.#behind = is;
  }

  /** What was taken has been written. */
  #landed(): void {
    if (this.#taken !== null) this.#feed.release(this.#taken);
    this.#taken = null;
  }

  #close(): void {
    this.#ended = true;
    this.#isBehind(false);
    this.#feed.remove(this);
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

function joined(pieces: readonly Piece[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const { bytes } of pieces) {
    all.set(bytes, offset);
    offset += bytes.length;
  }
  return all;
}
