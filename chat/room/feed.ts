/**
 * The lines of a room on their way to its members, bounded per member. Pure.
 *
 * All lines said in one turn of the event loop are encoded once and shared by the members that get the same ones; each member's writer
 * then takes everything queued for it in one chunk. So a line to a thousand members is encoded once, not a thousand times.
 *
 * @module
 */
import type { MemoryShare } from "../../lib/memory.ts";
import { encodeText } from "../../lib/text.ts";
import { numbered } from "../session_lines.ts";
import { Laggards } from "./laggards.ts";
import { type Chunk, MAX_OUTBOX, Outbox, type OutboxFeed } from "./outbox.ts";

/**
 * With this many bytes queued in a turn, speakers should wait for its end. The outbox of a member that is not behind has room for
 * them.
 */
const FULL = 256 * 1024;
/** When memory runs out, members with at most this much queued are spared (bytes). */
const SPARED = 16 * 1024;

/** Calls back at the end of this turn of the event loop. */
export type NextTurn = (callback: () => void) => void;

/** The lines said to everyone, and the outboxes that get them. */
export class Feed implements OutboxFeed {
  /** The members that are behind. */
  readonly laggards = new Laggards();
  #nextTurn: NextTurn;
  #memory: MemoryShare | null;
  /** How many bytes we hold of the memory budget. */
  #held = 0;
  /** How many bytes of this turn exceed the budget; they stay queued all the same until its end. */
  #overBudget = 0;
  #outboxes = new Set<Outbox>();
  /** Those that got lines of their own in this turn. */
  #touched = new Set<Outbox>();
  /** The lines of this turn, their numbers, and their speakers. */
  #lines: string[] = [];
  #numbers: (number | null)[] = [];
  #speakers: (Outbox | null)[] = [];
  #size = 0;
  /** Resolves at the end of this turn; `null` if its end is not scheduled. */
  #turn: PromiseWithResolvers<void> | null = null;

  /** @param memory Counts the queued bytes; released by its owner. */
  constructor(nextTurn: NextTurn = setImmediate, memory: MemoryShare | null = null) {
    this.#nextTurn = nextTurn;
    this.#memory = memory;
  }

  /** How many lines were said in this turn. */
  get position(): number {
    return this.#lines.length;
  }

  /** Whether this turn has so many bytes that speakers should wait for its end. */
  get full(): boolean {
    return this.#size >= FULL;
  }

  /** Waits for the end of this turn. */
  turn(): Promise<void> {
    this.schedule();
    return this.#turn?.promise ?? Promise.resolve();
  }

  /**
   * Adds an outbox that gets what is said from now on.
   *
   * @param onOverflow Called when the outbox is full: the member reads too slowly.
   * @param sent How many bytes its transport has sent so far; if omitted, it counts as stalled.
   */
  open(
    onOverflow: () => void,
    { max = MAX_OUTBOX, sent = () => 0 }: { max?: number; sent?: () => number } = {},
  ): Outbox {
    const outbox = new Outbox(this, { onOverflow, max, sent });
    this.#outboxes.add(outbox);
    return outbox;
  }

  /**
   * Says a line to everyone but the speaker; an outbox that is numbered gets its own lines too.
   *
   * @param number `null` for a line that has none.
   */
  say(line: string, number: number | null, except: Outbox | null): void {
    this.#lines.push(line);
    this.#numbers.push(number);
    this.#speakers.push(except);
    this.#size += byteLength(line);
    if (except !== null && !except.numbered) except.spoken++;
    this.schedule();
  }

  /** The lines of this turn from a position on, as the outbox gets them, each with its newline. */
  since(position: number, outbox: Outbox): string {
    if (outbox.numbered) return this.#numberedSince(position);
    let text = "";
    for (let index = position; index < this.#lines.length; index++) {
      if (this.#speakers[index] !== outbox) text += `${this.#lines[index]}\n`;
    }
    return text;
  }

  #numberedSince(position: number): string {
    let text = "";
    for (let index = position; index < this.#lines.length; index++) {
      const line = this.#lines[index] ?? "";
      const number = this.#numbers[index] ?? null;
      text += number === null ? `${line}\n` : `${numbered(number, line)}\n`;
    }
    return text;
  }

  touch(outbox: Outbox): void {
    this.#touched.add(outbox);
    this.schedule();
  }

  /** Schedules delivery at the end of this turn. */
  schedule(): void {
    if (this.#turn !== null) return;
    this.#turn = Promise.withResolvers();
    this.#nextTurn(() => this.#deliver());
  }

  chunk(bytes: Uint8Array): Chunk {
    const counted = this.#count(bytes.length);
    if (!counted) this.#overBudget += bytes.length;
    return { bytes, owners: 1, counted };
  }

  release(chunk: Chunk): void {
    if (--chunk.owners === 0 && chunk.counted) this.#count(-chunk.bytes.length);
  }

  behind(outbox: Outbox, is: boolean): void {
    if (is) this.laggards.add(outbox);
    else this.laggards.delete(outbox);
  }

  /** Removes an outbox. */
  remove(outbox: Outbox): void {
    this.#outboxes.delete(outbox);
    this.#touched.delete(outbox);
  }

  #deliver(): void {
    const turn = this.#turn;
    this.#turn = null;
    const overflown = this.#endTurn();
    this.#lines = [];
    this.#numbers = [];
    this.#speakers = [];
    this.#size = 0;
    for (const outbox of overflown) outbox.overflow();
    if (this.#overBudget > 0) this.#makeRoom();
    turn?.resolve();
  }

  /** Queues the lines of the turn, encoded once for all outboxes that get the same; returns those that are full. */
  #endTurn(): Outbox[] {
    const overflown: Outbox[] = [];
    let plain: Chunk | null = null;
    let withNumbers: Chunk | null = null;
    for (const outbox of this.#lines.length > 0 ? this.#outboxes : this.#touched) {
      let all: Chunk | null = null;
      if (this.#lines.length === 0) all = null;
      else if (outbox.numbered) all = withNumbers ??= this.chunk(encodeText(this.#numberedSince(0)));
      else all = plain ??= this.chunk(encodeText(`${this.#lines.join("\n")}\n`));
      if (!outbox.endTurn(all)) overflown.push(outbox);
    }
    this.#touched.clear();
    for (const all of [plain, withNumbers]) if (all !== null) this.release(all);
    return overflown;
  }

  /** The memory of all connections has run out: drops the members with the most queued until there is enough again. */
  #makeRoom(): void {
    const needed = this.#overBudget;
    this.#overBudget = 0;
    const fullest = [...this.#outboxes].filter(({ waiting }) => waiting > SPARED)
      .sort((one, other) => other.waiting - one.waiting);
    for (const outbox of fullest) {
      const enough = this.#count(needed);
      if (enough) return void this.#count(-needed);
      outbox.overflow();
    }
  }

  /** Adds to the bytes held of the budget, or subtracts; `false` if they do not fit. */
  #count(bytes: number): boolean {
    if (this.#memory?.hold(this.#held + bytes) === false) return false;
    this.#held += bytes;
    return true;
  }
}

/** The length of a text in UTF-8; most lines are ASCII and need no encoding for that. */
function byteLength(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : encodeText(text).length;
}
