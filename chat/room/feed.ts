/**
 * The lines of a room on their way to its members, within a bound for each. Pure.
 *
 * Whatever is said in one turn of the event loop is put into bytes once and shared by all who get the same; each member's own writer
 * then takes all that has gathered for it in one piece. So a line to a thousand members costs one line, not a thousand.
 *
 * @module
 */
import type { MemoryShare } from "../../lib/memory.ts";
import { encodeText } from "../../lib/text.ts";
import { Laggards } from "./laggards.ts";
import { MAX_OUTBOX, Outbox, type OutboxFeed, type Piece } from "./outbox.ts";

/**
 * When so many bytes wait for the end of the turn, those who speak should wait for it too. A member that is not behind has
 * room for them.
 */
const FULL = 256 * 1024;
/** When memory is spent, a member goes on for whom no more than this waits (bytes). */
const SPARED = 16 * 1024;

/** Calls back when this turn of the event loop is over. */
export type NextTurn = (callback: () => void) => void;

/** What is said to everybody, and whoever gets it. */
export class Feed implements OutboxFeed {
  /** Who is behind. */
  readonly laggards = new Laggards();
  #nextTurn: NextTurn;
  #memory: MemoryShare | null;
  /** How many bytes of the budget we hold. */
  #held = 0;
  /** How many bytes the budget had no room for in this turn; they wait all the same, until its end. */
  #short = 0;
  #outboxes = new Set<Outbox>();
  /** What was said in this turn, and by whom. */
  #lines: string[] = [];
  #speakers: (Outbox | null)[] = [];
  #size = 0;
  /** Resolves at the end of this turn; `null` when nothing waits for it. */
  #turn: PromiseWithResolvers<void> | null = null;

  /** @param memory Counts what waits; released by its owner. */
  constructor(nextTurn: NextTurn = setImmediate, memory: MemoryShare | null = null) {
    this.#nextTurn = nextTurn;
    this.#memory = memory;
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
   * @param sent How many bytes its transport has sent so far; without it, it seems to take nothing.
   */
  open(
    onOverflow: () => void,
    { max = MAX_OUTBOX, sent = () => 0 }: { max?: number; sent?: () => number } = {},
  ): Outbox {
    const outbox = new Outbox(this, { onOverflow, max, sent });
    this.#outboxes.add(outbox);
    return outbox;
  }

  /** Says a line to everybody but one. */
  say(line: string, except: Outbox | null): void {
    this.#lines.push(line);
    this.#speakers.push(except);
    this.#size += byteLength(line);
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

  piece(bytes: Uint8Array): Piece {
    const counted = this.#count(bytes.length);
    if (!counted) this.#short += bytes.length;
    return { bytes, owners: 1, counted };
  }

  release(piece: Piece): void {
    if (--piece.owners === 0 && piece.counted) this.#count(-piece.bytes.length);
  }

  behind(outbox: Outbox, is: boolean): void {
    if (is) this.laggards.add(outbox);
    else this.laggards.delete(outbox);
  }

  /** Forgets somebody. */
  remove(outbox: Outbox): void {
    this.#outboxes.delete(outbox);
  }

  #deliver(): void {
    const turn = this.#turn;
    this.#turn = null;
    const all = this.#lines.length === 0 ? null : this.piece(encodeText(`${this.#lines.join("\n")}\n`));
    const overflown: Outbox[] = [];
    for (const outbox of this.#outboxes) if (!outbox.catchUp(all)) overflown.push(outbox);
    this.#lines = [];
    this.#speakers = [];
    this.#size = 0;
    for (const outbox of overflown) outbox.overflow();
    if (all !== null) this.release(all);
    if (this.#short > 0) this.#makeRoom();
    turn?.resolve();
  }

  /** The memory of all connections is spent: those for whom the most waits go, until there is enough again. */
  #makeRoom(): void {
    const needed = this.#short;
    this.#short = 0;
    const fullest = [...this.#outboxes].filter(({ waiting }) => waiting > SPARED)
      .sort((one, other) => other.waiting - one.waiting);
    for (const outbox of fullest) {
      const enough = this.#count(needed);
      if (enough) return void this.#count(-needed);
      outbox.overflow();
    }
  }

  /** Counts bytes more (or fewer) against the budget; `false` when that has no room for them. */
  #count(bytes: number): boolean {
    if (this.#memory?.hold(this.#held + bytes) === false) return false;
    this.#held += bytes;
    return true;
  }
}

/** How many bytes a text has in UTF-8; most lines are ASCII, and need not be encoded for that. */
function byteLength(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : encodeText(text).length;
}
