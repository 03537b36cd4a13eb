/**
 * Who of a room is behind, and who waits for them. Pure: the caller brings the clock.
 *
 * The room goes at the pace of its slowest reader, within bounds: while a member that still reads is behind, speakers with much to say
 * wait, and those with little to say go on. Nobody waits for a member that reads nothing. So a flood does not expel an honest reader,
 * and a reader that stalls does not silence the room: its outbox fills, and it is dropped.
 *
 * @module
 */

/** A member that has fallen behind. */
export interface Laggard {
  /** How many bytes its transport has sent so far. */
  readonly sent: number;
}

/** Nobody waits for a member that has taken nothing for so long (ms). */
export const STALLED = 1000;
/** How often at most the members who are behind are looked at (ms). */
const LOOK = 50;
/** What one speaker may say in a second while somebody is behind, and all of them together (bytes). */
const LITTLE = 4 * 1024;
const LITTLE_OF_ALL = 64 * 1024;

/** Bytes said in the current second. */
interface Said {
  second: number;
  bytes: number;
}

/** Decides who waits. */
export class Laggards {
  /** What each had sent when it was looked at, and since when that stands still. */
  #behind = new Map<Laggard, { sent: number; since: number }>();
  #speakers = new WeakMap<object, Said>();
  #all: Said = { second: -1, bytes: 0 };
  #lookedAt = -Infinity;
  #somebodyReads = false;
  #relief: PromiseWithResolvers<void> | null = null;

  /** Somebody falls behind. */
  add(laggard: Laggard): void {
    if (this.#behind.has(laggard)) return;
    this.#behind.set(laggard, { sent: -1, since: 0 });
    this.#lookedAt = -Infinity;
  }

  /** Somebody has caught up, or is gone. */
  delete(laggard: Laggard): void {
    if (!this.#behind.delete(laggard) || this.#behind.size > 0) return;
    this.#relief?.resolve();
    this.#relief = null;
  }

  /** Resolves when nobody is behind any more. */
  relief(): Promise<void> {
    if (this.#behind.size === 0) return Promise.resolve();
    return (this.#relief ??= Promise.withResolvers()).promise;
  }

  /**
   * Tells whether a speaker has to wait before it says more; if not, what it says is counted.
   *
   * @param bytes How much it has to say.
   * @param now The time in milliseconds; it never runs backwards.
   */
  holds(speaker: object, bytes: number, now: number): boolean {
    if (this.#behind.size === 0 || !this.#anybodyReads(now)) return false;
    const own = this.#saidBy(speaker);
    for (const said of [own, this.#all]) {
      const second = Math.floor(now / 1000);
      if (said.second !== second) said.bytes = 0;
      said.second = second;
    }
    if (own.bytes + bytes > LITTLE || this.#all.bytes + bytes > LITTLE_OF_ALL) return true;
    own.bytes += bytes;
    this.#all.bytes += bytes;
    return false;
  }

  #saidBy(speaker: object): Said {
    const said = this.#speakers.get(speaker) ?? { second: -1, bytes: 0 };
    this.#speakers.set(speaker, said);
    return said;
  }

  /** Whether somebody who is behind still takes what it gets. */
  #anybodyReads(now: number): boolean {
    if (now - this.#lookedAt < LOOK) return this.#somebodyReads;
    this.#lookedAt = now;
    this.#somebodyReads = false;
    for (const [laggard, seen] of this.#behind) {
      const { sent } = laggard;
      if (sent !== seen.sent) seen.since = now;
      seen.sent = sent;
      if (now - seen.since < STALLED) this.#somebodyReads = true;
    }
    return this.#somebodyReads;
  }
}
