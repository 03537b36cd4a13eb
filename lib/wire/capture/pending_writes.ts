/**
 * Writes, each told twice: when it is issued and when it has returned. Pure.
 *
 * @module
 */
import type { WireEvent } from "../event.ts";
import { NO_COMMENTS } from "./comments.ts";

/** Bytes that were written, to be recorded. */
export interface Written {
  /** When the write was issued. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly comments: readonly string[];
}

/** A write that was issued: what of it is still to be recorded, and how many bytes were offered in all. */
interface Issued extends Written {
  readonly offered: number;
}

const NO_BYTES = new Uint8Array();

/**
 * Decides what a connection's writes recorded, and when. A write is recorded when it has returned, with the bytes that the system has
 * accepted. If something else happens on the connection first, it is recorded before that, since it may be the cause; should fewer bytes
 * be accepted than were recorded, the next write repeats the rest, which is then left out.
 */
export class Writes {
  /** Issued and not recorded. */
  #held: Issued | null = null;
  /** How many bytes each of the recorded writes was offered that have not returned. */
  #early: number[] = [];
  /** How many bytes at the start of the next write are recorded already. */
  #surplus = 0;

  /** Whether a write has not returned. */
  get pending(): boolean {
    return this.#held !== null || this.#early.length > 0;
  }

  /**
   * A write is issued.
   *
   * @returns The write before, which is to be recorded first.
   */
  issue({ at, bytes }: WireEvent, comments: readonly string[]): Written | null {
    const before = this.take();
    const offered = bytes?.length ?? 0;
    const known = Math.min(this.#surplus, offered);
    this.#surplus -= known;
    this.#held = { at, bytes: bytes?.subarray(known) ?? NO_BYTES, offered, comments };
    return before;
  }

  /** Something else happens: what was issued is to be recorded now. */
  take(): Written | null {
    const held = this.#held;
    if (held === null) return null;
    this.#held = null;
    this.#early.push(held.offered);
    return held;
  }

  /**
   * A write has returned.
   *
   * @param comments About the return.
   * @returns What is to be recorded: it may have no bytes.
   */
  settle({ at, bytes, error }: WireEvent, comments: readonly string[]): Written {
    const held = this.#held;
    const accepted = bytes?.length ?? 0;
    if (held === null) {
      const offered = this.#early.shift();
      // Nobody has told that it was issued.
      if (offered === undefined) return { at, bytes: bytes ?? NO_BYTES, comments };
      if (error === undefined) this.#surplus += Math.max(0, offered - accepted);
      return { at, bytes: NO_BYTES, comments };
    }
    this.#held = null;
    const known = held.offered - held.bytes.length;
    if (error === undefined) this.#surplus += Math.max(0, known - accepted);
    const fresh = held.bytes.subarray(0, Math.max(0, accepted - known));
    return {
      at: held.at,
      bytes: fresh,
      comments: held.comments.length === 0 ? comments : [...held.comments, ...comments],
    };
  }
}

/** Datagrams, likewise: each is accepted whole or not at all, and several may be on their way. */
export class Sends {
  #held: Written[] = [];
  /** How many recorded ones have not returned. */
  #early = 0;

  /** A datagram is issued. */
  issue({ at, bytes }: WireEvent, comments: readonly string[]): void {
    this.#held.push({ at, bytes: bytes ?? NO_BYTES, comments });
  }

  /** Something else happens: what was issued is to be recorded now. */
  take(): readonly Written[] {
    const held = this.#held;
    if (held.length === 0) return held;
    this.#early += held.length;
    this.#held = [];
    return held;
  }

  /**
   * A datagram was sent, or could not be.
   *
   * @returns What is to be recorded; its bytes are `null` if nothing is.
   */
  settle(
    { at, bytes, error }: WireEvent,
    comments: readonly string[],
  ): Omit<Written, "bytes"> & { bytes: Uint8Array | null } {
    if (this.#early > 0) {
      this.#early--;
      return { at, bytes: null, comments };
    }
    const held = this.#held.shift() ?? { at, bytes, comments: NO_COMMENTS };
    return { at: held.at, bytes: error === undefined ? held.bytes : null, comments: [...held.comments, ...comments] };
  }
}
