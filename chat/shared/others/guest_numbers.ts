/**
 * The numbers of guests: each server takes a block of them from the room's, so that no two guests of a room have the same, and no guest
 * waits for its name. Pure.
 *
 * @module
 */
import type { Table } from "./bus.ts";

const KEY = "guests";
/** How many numbers a block has, and with how many left the next one is taken. */
const BLOCK = 100;
const FEW = 50;
/** How often a block is tried that other servers want at the same time. */
const TRIES = 100;
/** Numbers by chance, for when the broker has been gone for longer than the block lasts. */
const [FIRST_RANDOM, RANDOM] = [1_000_000, 9_000_000];

/** The numbers of this server's guests. */
export class GuestNumbers {
  #table: Table;
  /** The highest number that is known to be in use. */
  #inUse: () => number;
  #next = 1;
  #end = 1;
  #blocks: { from: number; end: number }[] = [];
  #reserving = false;

  private constructor(table: Table, inUse: () => number) {
    this.#table = table;
    this.#inUse = inUse;
  }

  /**
   * Takes the first block.
   *
   * @param inUse The highest number that other servers' guests have, should the broker have forgotten what was given.
   * @throws {Error} The table cannot be reached.
   */
  static async open(table: Table, inUse: () => number): Promise<GuestNumbers> {
    const numbers = new GuestNumbers(table, inUse);
    await numbers.#reserve();
    return numbers;
  }

  /** The next number. */
  next(): number {
    if (this.#next === this.#end) this.#openBlock();
    const left = this.#end - this.#next;
    if (left < FEW && this.#blocks.length === 0 && !this.#reserving) this.#reserveLater();
    return left === 0 ? FIRST_RANDOM + Math.floor(Math.random() * RANDOM) : this.#next++;
  }

  #openBlock(): void {
    const block = this.#blocks.shift();
    if (block === undefined) return;
    this.#next = block.from;
    this.#end = block.end;
  }

  /** If that fails, the next guest tries again. */
  async #reserveLater(): Promise<void> {
    this.#reserving = true;
    await this.#reserve().catch(() => {});
    this.#reserving = false;
  }

  async #reserve(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const held = await this.#table.get(KEY);
      const given = Number(held?.value ?? 0);
      const last = Math.max(Number.isSafeInteger(given) ? given : 0, this.#inUse(), this.#end - 1);
      const value = String(last + BLOCK);
      const revision = held === null
        ? await this.#table.create(KEY, value)
        : await this.#table.update(KEY, value, held.revision);
      if (revision === null) continue;
      this.#blocks.push({ from: last + 1, end: last + 1 + BLOCK });
      return;
    }
    throw new Error("other servers take guests' numbers all the time");
  }
}
