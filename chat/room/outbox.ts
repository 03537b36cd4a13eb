/**
 * The bounded queue of bytes for one member of a room. Pure.
 *
 * @module
 */
import { encodeText } from "../../lib/text.ts";

/** The maximum number of bytes queued for one member. Lines are shared between outboxes, so many full ones cost little. */
export const MAX_OUTBOX = 1024 * 1024;
/** With more bytes queued than this, a member is behind: speakers that send much wait for it. */
export const BEHIND = 384 * 1024;
/** The most bytes to join for one write; a single chunk may be larger. */
const MAX_WRITE = 64 * 1024;

/** Bytes queued in one or more outboxes; reference-counted, so that the budget counts them once. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** How many outboxes hold it, including those that are writing it. */
  owners: number;
  /** Whether it counts against the memory budget. */
  counted: boolean;
}

/** What an outbox needs from the feed that fills it. */
export interface OutboxFeed {
  /** How many lines were said in this turn. */
  readonly position: number;
  /** The lines of this turn from a position on, as the outbox gets them, each with its newline. */
  since(position: number, outbox: Outbox): string;
  /** Schedules delivery at the end of this turn to an outbox with a line of its own. */
  touch(outbox: Outbox): void;
  /** Makes a chunk with one owner, and counts it if it fits into the budget. */
  chunk(bytes: Uint8Array): Chunk;
  /** Drops one reference to a chunk. */
  release(chunk: Chunk): void;
  /** An outbox has fallen behind (`true`) or caught up. */
  behind(outbox: Outbox, is: boolean): void;
  /** Removes an outbox. */
  remove(outbox: Outbox): void;
}

/** Options of {@linkcode Outbox}. */
export interface OutboxOptions {
  /** Called when the queue is full. */
  readonly onOverflow: () => void;
  /** The maximum number of bytes queued. */
  readonly max: number;
  /** How many bytes the member's transport has sent so far, to tell a slow one from a stalled one. */
  readonly sent: () => number;
}

/**
 * A bounded queue of bytes for one member. The room adds lines and never waits; a single writer takes them out in bounded amounts.
 *
 * @example Usage
 * ```ts
 * import { Feed } from "./feed.ts";
 * import { decodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const feed = new Feed();
 * const outbox = feed.open(() => {});
 * feed.say("for everybody", 1, null);
 * outbox.push("for you");
 * assertEquals(decodeText((await outbox.take())!), "for everybody\nfor you\n");
 * ```
 */
export class Outbox {
  /** How many lines of this turn are the member's own; it does not get them back. */
  spoken = 0;
  #feed: OutboxFeed;
  #options: OutboxOptions;
  /** How many of this turn's lines are already queued here. */
  #position: number;
  #chunks: Chunk[] = [];
  #bytes = 0;
  /** The chunk that the writer has taken and may still be writing. */
  #taken: Chunk | null = null;
  #ended = false;
  #numbered = false;
  #behind = false;
  /** Hands bytes, or the end, to the writer waiting in {@linkcode Outbox.take}. */
  #wake: ((bytes: Uint8Array | null) => void) | null = null;

  /** @param feed The lines for everyone; see `Feed.open`. */
  constructor(feed: OutboxFeed, options: OutboxOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#position = feed.position;
  }

  /** How many bytes are queued (for this turn's lines, the number of characters). */
  get queued(): number {
    return this.#bytes + (this.#ended ? 0 : this.#feed.since(this.#position, this).length);
  }

  /** How many bytes are queued from earlier turns. */
  get waiting(): number {
    return this.#bytes;
  }

  /** How many bytes the member's transport has sent so far. */
  get sent(): number {
    return this.#options.sent();
  }

  /** Reports that the queue is full. */
  overflow(): void {
    this.#options.onOverflow();
  }

  /** Whether the member gets each line for everyone with its number, and its own too. */
  get numbered(): boolean {
    return this.#numbered;
  }

  /** Numbers the lines from here on; what was said so far is queued without. */
  startNumbering(): void {
    this.#addOwn(this.#newLines());
    this.#numbered = true;
    this.spoken = 0;
  }

  /** Adds a line for this member only, after everything said so far. */
  push(line: string): void {
    if (this.#ended) return;
    const added = this.#addOwn(`${this.#newLines()}${line}\n`);
    this.#feed.touch(this);
    if (!added) this.overflow();
  }

  /** Closes the queue; what is in it can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#addOwn(this.#newLines());
    this.#close();
  }

  /** Discards what is queued, and closes the queue. */
  abandon(): void {
    this.#releaseTaken();
    for (const chunk of this.#chunks) this.#feed.release(chunk);
    this.#chunks = [];
    this.#bytes = 0;
    this.#close();
  }

  /**
   * Takes what is queued, up to {@linkcode MAX_WRITE} bytes; if there is nothing, waits for the end of the turn that brings something.
   * `null` is the end. There is one caller, which has finished with the previous bytes.
   */
  take(): Promise<Uint8Array | null> {
    this.#releaseTaken();
    // No async function: its state would be kept for each member that hears nothing.
    return this.#chunks.length > 0 || this.#ended
      ? Promise.resolve(this.#next())
      : new Promise((resolve) => this.#wake = resolve);
  }

  #next(): Uint8Array | null {
    if (this.#chunks.length === 0) return null;
    const chunk = this.#taken = this.#takeChunks();
    this.#bytes -= chunk.bytes.length;
    this.#isBehind(this.#bytes > BEHIND);
    return chunk.bytes;
  }

  /**
   * At the end of a turn: queues its lines.
   *
   * @param all All lines of the turn, to share.
   * @returns `false` if they do not fit.
   */
  endTurn(all: Chunk | null): boolean {
    const own = this.spoken > 0 || this.#position > 0;
    const added = all === null || (own ? this.#addOwn(this.#newLines()) : this.#add(all));
    this.#position = 0;
    this.spoken = 0;
    if (this.#chunks.length > 0) this.#wakeWriter();
    return added;
  }

  /** The lines of this turn that are not queued yet. */
  #newLines(): string {
    const { position } = this.#feed;
    // A member that sends very much is usually the only speaker of the turn.
    const text = this.spoken === position ? "" : this.#feed.since(this.#position, this);
    this.#position = position;
    return text;
  }

  #addOwn(text: string): boolean {
    if (text === "") return true;
    const chunk = this.#feed.chunk(encodeText(text));
    const added = this.#add(chunk);
    this.#feed.release(chunk);
    return added;
  }

  #add(chunk: Chunk): boolean {
    if (this.#bytes + chunk.bytes.length > this.#options.max) return false;
    chunk.owners++;
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.length;
    this.#isBehind(this.#bytes > BEHIND);
    return true;
  }

  /** Removes the first chunks and joins them. */
  #takeChunks(): Chunk {
    let count = 0;
    let length = 0;
    for (const { bytes } of this.#chunks) {
      if (count > 0 && length + bytes.length > MAX_WRITE) break;
      count++;
      length += bytes.length;
    }
    const [first, ...others] = this.#chunks.splice(0, count);
    if (first === undefined) throw new Error("nothing is queued");
    if (others.length === 0) return first;
    const chunks = [first, ...others];
    const all = this.#feed.chunk(joined(chunks, length));
    for (const chunk of chunks) this.#feed.release(chunk);
    return all;
  }

  #isBehind(is: boolean): void {
    if (is !== this.#behind) this.#feed.behind(this, is);
    this.#behind = is;
  }

  /** The chunk that was taken has been written. */
  #releaseTaken(): void {
    if (this.#taken !== null) this.#feed.release(this.#taken);
    this.#taken = null;
  }

  #close(): void {
    this.#ended = true;
    this.#isBehind(false);
    this.#feed.remove(this);
    this.#wakeWriter();
  }

  #wakeWriter(): void {
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) wake(this.#next());
  }
}

function joined(chunks: readonly Chunk[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const { bytes } of chunks) {
    all.set(bytes, offset);
    offset += bytes.length;
  }
  return all;
}
