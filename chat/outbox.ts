/**
 * What waits to be sent to one member of a room, within a bound. Pure.
 *
 * @module
 */

/** The most bytes that may wait for one member. The room's lines are shared among all outboxes, so many full ones cost little. */
export const MAX_OUTBOX = 1024 * 1024;

/** Calls back in the next turn of the event loop. */
export type NextTurn = (callback: () => void) => void;

/**
 * Wakes all writers once per turn of the event loop, so that what a turn has for a client leaves in one write.
 *
 * One for all outboxes of a room: a line to a thousand members then costs one timer.
 */
export class WakeUp {
  #sleepers: (() => void)[] = [];
  #nextTurn: NextTurn;

  constructor(nextTurn: NextTurn = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** Has `wake` called in the next turn. */
  soon(wake: () => void): void {
    if (this.#sleepers.push(wake) > 1) return;
    this.#nextTurn(() => {
      const sleepers = this.#sleepers;
      this.#sleepers = [];
      for (const sleeper of sleepers) sleeper();
    });
  }
}

/**
 * A bounded queue of bytes: a room puts lines in and never waits, one writer takes out whatever has gathered.
 *
 * @example Usage
 * ```ts
 * import { Outbox, WakeUp } from "./outbox.ts";
 * import { decodeText, encodeText } from "../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const outbox = new Outbox(new WakeUp());
 * outbox.push(encodeText("one\n"));
 * outbox.push(encodeText("two\n"));
 * outbox.end();
 * assertEquals(decodeText((await outbox.take())!), "one\ntwo\n");
 * assertEquals(await outbox.take(), null);
 * ```
 */
export class Outbox {
  #wakeUp: WakeUp;
  #max: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  /** Wakes the writer that waits in {@linkcode Outbox.take}. */
  #wake: (() => void) | null = null;

  constructor(wakeUp: WakeUp, max: number = MAX_OUTBOX) {
    this.#wakeUp = wakeUp;
    this.#max = max;
  }

  /** How many bytes wait. */
  get queued(): number {
    return this.#bytes;
  }

  /**
   * Adds a line; the bytes are not copied and must not change.
   *
   * @returns `false` when there is no room for it: the reader is too slow.
   */
  push(bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    if (this.#bytes + bytes.length > this.#max) return false;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#rouse();
    return true;
  }

  /** Says that nothing more will come; what waits can still be taken. */
  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  /** Throws away what waits, and ends. */
  abandon(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.end();
  }

  /** Takes all that waits, or waits for the next turn in which there is something; `null` is the end. One taker. */
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

  #rouse(): void {
    if (this.#wake === null) return;
    this.#wakeUp.soon(this.#wake);
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
