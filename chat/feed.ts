/**
 * The lines of a room on their way to its members, within a bound for each. Pure.
 *
 * Whatever is said in one turn of the event loop is put into bytes once and shared by all who get the same; each member's own writer
 * then takes all that has gathered for it in one piece. So a line to a thousand members costs one line, not a thousand.
 *
 * @module
 */
import { encodeText } from "../lib/text.ts";

/** The most bytes that may wait for one member. The room's lines are shared, so many full outboxes cost little. */
export const MAX_OUTBOX = 1024 * 1024;
/** When so many characters wait for the end of the turn, those who speak should wait for it too. */
const FULL = 256 * 1024;

/** Calls back when this turn of the event loop is over. */
export type NextTurn = (callback: () => void) => void;

/** What is said to everybody, and whoever gets it. */
export class Feed {
  #nextTurn: NextTurn;
  #outboxes = new Set<Outbox>();
  /** What was said in this turn, and by whom. */
  #lines: string[] = [];
  #speakers: (Outbox | null)[] = [];
  #size = 0;
  /** Resolves at the end of this turn; `null` when nothing waits for it. */
  #turn: PromiseWithResolvers<void> | null = null;

  constructor(nextTurn: NextTurn = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** How many lines were said in this turn. */
  get position(): number {
    return this.#lines.length;
  }

  /** Whether so much was said in this turn that speakers should wait for its end. */
  get full(): boolean {
    return this.#size >= FULL;
  }

  /** Waits for the end of this turn. */
  turn(): Promise<void> {
    this.schedule();
    return this.#turn?.promise ?? Promise.resolve();
  }

  /**
   * Adds somebody who gets what is said from now on.
   *
   * @param onOverflow Called when there is no room for more: the member reads too slowly.
   */
  open(onOverflow: () => void, max: number = MAX_OUTBOX): Outbox {
    const outbox = new Outbox(this, onOverflow, max);
    this.#outboxes.add(outbox);
    return outbox;
  }

  /** Says a line to everybody but one. */
  say(line: string, except: Outbox | null): void {
    this.#lines.push(line);
    this.#speakers.push(except);
    this.#size += line.length;
    if (except !== null) except.spoken++;
    this.schedule();
  }

  /** The lines of this turn from a position on that are not a member's own, each with its newline. */
  since(position: number, outbox: Outbox): string {
    let text = "";
    for (let index = position; index < this.#lines.length; index++) {
      if (this.#speakers[index] !== outbox) text += `${this.#lines[index]}\n`;
    }
    return text;
  }

  /** Has the end of this turn deliver what was said; an outbox with something of its own asks for it too. */
  schedule(): void {
    if (this.#turn !== null) return;
    this.#turn = Promise.withResolvers();
    this.#nextTurn(() => this.#deliver());
  }

  /** Forgets somebody. */
  remove(outbox: Outbox): void {
    this.#outboxes.delete(outbox);
  }

  #deliver(): void {
    const turn = this.#turn;
    this.#turn = null;
    const all = this.#lines.length === 0 ? null : encodeText(`${this.#lines.join("\n")}\n`);
    const overflown: Outbox[] = [];
    for (const outbox of this.#outboxes) if (!outbox.catchUp(all)) overflown.push(outbox);
    this.#lines = [];
    this.#speakers = [];
    this.#size = 0;
    for (const outbox of overflown) outbox.overflow();
    turn?.resolve();
  }
}

/**
 * A bounded queue of bytes for one member: the room puts lines in and never waits, one writer takes out whatever has gathered.
 *
 * @example Usage
 * ```ts
 * import { Feed } from "./feed.ts";
 * import { decodeText } from "../lib/text.ts";
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
  /** Called when there is no room for more. */
  readonly overflow: () => void;
  #feed: Feed;
  #max: number;
  /** How much of this turn's lines the member has already. */
  #position: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  /** Wakes the writer that waits in {@linkcode Outbox.take}. */
  #wake: (() => void) | null = null;

  /** @param feed What everybody gets; see {@linkcode Feed.open}. */
  constructor(feed: Feed, onOverflow: () => void, max: number) {
    this.#feed = feed;
    this.overflow = onOverflow;
    this.#max = max;
    this.#position = feed.position;
  }

  /** How many bytes wait (of this turn's lines, the characters). */
  get queued(): number {
    return this.#bytes + (this.#ended ? 0 : this.#feed.since(this.#position, this).length);
  }

  /** Adds a line for this member alone, after all that was said before. */
  push(line: string): void {
    if (this.#ended) return;
    const added = this.#add(encodeText(`${this.#missed()}${line}\n`));
    this.#feed.schedule();
    if (!added) this.overflow();
  }

  /** Says that nothing more will come; what was said so far can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#add(encodeText(this.#missed()));
    this.#close();
  }

  /** Throws away what waits, and ends. */
  abandon(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#close();
  }

  /** Takes all that waits, or waits for the end of the turn in which there is something; `null` is the end. One taker. */
  async take(): Promise<Uint8Array | null> {
    while (this.#pieces.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const pieces = this.#pieces;
    const all = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : joined(pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    return all;
  }

  /**
   * The turn is over: takes over what was said in it.
   *
   * @param all All of it, in bytes to be shared.
   * @returns `false` when there is no room for it.
   */
  catchUp(all: Uint8Array | null): boolean {
    const own = this.spoken > 0 || this.#position > 0;
    const added = all === null || this.#add(own ? encodeText(this.#missed()) : all);
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

  #add(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (this.#bytes + bytes.length > this.#max) return false;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    return true;
  }

  #close(): void {
    this.#ended = true;
    this.#feed.remove(this);
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}
