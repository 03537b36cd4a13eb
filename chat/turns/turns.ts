/**
 * Whose turn it is in a conversation of two, for the side that answers. Pure.
 *
 * @module
 */

/** The most lines that are kept for a partner who does not wait. */
export const MOST_KEPT = 16;

/** What became of something the partner said. */
export type Heard =
  /** It was the partner's turn; now it is ours. */
  | "now"
  /** It was our turn: kept until the partner's comes. */
  | "kept"
  /** The same again while we have not answered yet: nothing new. */
  | "repeated"
  /** Too much is kept already: not taken. */
  | "full";

/**
 * Keeps the turns of two sides, and what the partner says too early.
 *
 * @example Usage
 * ```ts
 * import { Turns } from "./turns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new Turns();
 * assertEquals(turns.hear("hello"), "now");
 * assertEquals(turns.hear("are you there?"), "kept");
 * turns.say("yes");
 * assertEquals(turns.next(), "are you there?"); // and it is our turn again
 * ```
 */
export class Turns {
  #ours = false;
  #kept: string[] = [];
  #heard: string | null = null;
  #said: string | null = null;
  #doubted = false;
  #repeats: boolean;

  /** @param options With `repeats`, messages can be lost, and a partner who hears nothing says the same again. */
  constructor(options: { repeats?: boolean } = {}) {
    this.#repeats = options.repeats === true;
  }

  /** Whether it is our turn. */
  get ours(): boolean {
    return this.#ours;
  }

  /** The last that we said. */
  get said(): string | null {
    return this.#said;
  }

  /** Whether the partner said again what we have answered: perhaps that answer was lost, perhaps it is meant. */
  get doubted(): boolean {
    return this.#doubted;
  }

  /** The partner says something. */
  hear(text: string): Heard {
    const again = this.#repeats && text === this.#heard;
    if (!this.#ours) {
      this.#doubted = again && this.#said !== null;
      this.#take(text);
      return "now";
    }
    if (again) return "repeated";
    if (this.#kept.length >= MOST_KEPT) return "full";
    this.#kept.push(text);
    return "kept";
  }

  /** We say something, and the turn passes. */
  say(text: string): void {
    this.#said = text;
    this.#ours = false;
    this.#doubted = false;
  }

  /** Takes what the partner said too early, now that it is the partner's turn; `null` when there is nothing. */
  next(): string | null {
    const text = this.#ours ? undefined : this.#kept.shift();
    if (text === undefined) return null;
    this.#take(text);
    return text;
  }

  /** Takes all that the partner said too early: the conversation is over. */
  rest(): string[] {
    return this.#kept.splice(0);
  }

  #take(text: string): void {
    this.#heard = text;
    this.#ours = true;
  }
}
