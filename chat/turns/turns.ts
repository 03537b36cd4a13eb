/**
 * The state of a conversation in turns, for the answering side. Pure.
 *
 * @module
 */

/** The maximum number of messages queued from a partner that sends out of turn. */
export const MOST_KEPT = 16;

/** What happened to a message from the partner. */
export type Received =
  /** It was the partner's turn; now it is ours. */
  | "now"
  /** It was our turn: queued until it is the partner's. */
  | "kept"
  /** A repetition of the message that we have not answered yet: ignored. */
  | "repeated"
  /** The queue is full: dropped. */
  | "full";

/**
 * Tracks whose turn it is, and queues what the partner sends out of turn.
 *
 * @example Usage
 * ```ts
 * import { Turns } from "./turns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new Turns();
 * assertEquals(turns.receive("hello"), "now");
 * assertEquals(turns.receive("are you there?"), "kept");
 * turns.send("yes");
 * assertEquals(turns.next(), "are you there?"); // and it is our turn again
 * ```
 */
export class Turns {
  #ours = false;
  #kept: string[] = [];
  #received: string | null = null;
  #sent: string | null = null;
  #doubted = false;
  #repeats: boolean;

  /** @param options With `repeats`, messages can be lost, and a partner that gets no answer sends its message again. */
  constructor(options: { repeats?: boolean } = {}) {
    this.#repeats = options.repeats === true;
  }

  /** Whether it is our turn. */
  get ours(): boolean {
    return this.#ours;
  }

  /** Our last message. */
  get sent(): string | null {
    return this.#sent;
  }

  /** Whether the partner repeated a message that we have answered: the answer may have been lost, or the repetition is meant. */
  get doubted(): boolean {
    return this.#doubted;
  }

  /** Takes a message from the partner. */
  receive(text: string): Received {
    const again = this.#repeats && text === this.#received;
    if (!this.#ours) {
      this.#doubted = again && this.#sent !== null;
      this.#take(text);
      return "now";
    }
    if (again) return "repeated";
    if (this.#kept.length >= MOST_KEPT) return "full";
    this.#kept.push(text);
    return "kept";
  }

  /** Notes our message: the turn passes to the partner. */
  send(text: string): void {
    this.#sent = text;
    this.#ours = false;
    this.#doubted = false;
  }

  /** Takes the next queued message, now that it is the partner's turn; `null` if there is none. */
  next(): string | null {
    const text = this.#ours ? undefined : this.#kept.shift();
    if (text === undefined) return null;
    this.#take(text);
    return text;
  }

  /** Takes all queued messages: the conversation is over. */
  rest(): string[] {
    return this.#kept.splice(0);
  }

  #take(text: string): void {
    this.#received = text;
    this.#ours = true;
  }
}
