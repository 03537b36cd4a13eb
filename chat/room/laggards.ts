/**
 * Members that read too slowly, and when speakers wait for them. Pure: the caller supplies the clock.
 *
 * Back-pressure, within bounds: while a member that still reads is behind, speakers that send much wait, and those that send little
 * continue. No speaker waits for a member that has stopped reading. So a flood does not disconnect a slow but live reader, and a stalled
 * reader does not silence the room: its outbox fills up and it is dropped.
 *
 * @module
 */

/** A member that has fallen behind. */
export interface Laggard {
  /** How many bytes its transport has sent so far. */
  readonly sent: number;
}

/**
 * A member to which nothing could be sent for this long (ms) is stalled: no speaker waits for it. On loopback Linux reports free space in
 * steps of 128 KiB, so a terminal that shows 150 kB/s is heard of about once a second.
 */
export const STALLED = 3000;
/** The minimum time between two checks of the members that are behind (ms). */
const CHECK_INTERVAL = 50;
/** How much one speaker may send per second while a member is behind, and all speakers together (bytes). */
const SPEAKER_QUOTA = 4 * 1024;
const ROOM_QUOTA = 64 * 1024;

/** Bytes sent in the current second. */
interface SentBytes {
  second: number;
  bytes: number;
}

/** Decides which speakers wait. */
export class Laggards {
  /** How much each had sent at the last check, and since when that has not changed. */
  #behind = new Map<Laggard, { sent: number; since: number }>();
  #speakers = new WeakMap<object, SentBytes>();
  #all: SentBytes = { second: -1, bytes: 0 };
  #checkedAt = -Infinity;
  #anyReads = false;
  #caughtUp: PromiseWithResolvers<void> | null = null;

  /** Adds a member that falls behind. */
  add(laggard: Laggard): void {
    if (this.#behind.has(laggard)) return;
    this.#behind.set(laggard, { sent: -1, since: 0 });
    this.#checkedAt = -Infinity;
  }

  /** Removes a member that has caught up or is gone. */
  delete(laggard: Laggard): void {
    if (!this.#behind.delete(laggard) || this.#behind.size > 0) return;
    this.#caughtUp?.resolve();
    this.#caughtUp = null;
  }

  /** Resolves when no member is behind any more. */
  caughtUp(): Promise<void> {
    if (this.#behind.size === 0) return Promise.resolve();
    return (this.#caughtUp ??= Promise.withResolvers()).promise;
  }

  /**
   * Whether a speaker has to wait before it sends more; if not, the bytes are counted.
   *
   * @param bytes How much it wants to send.
   * @param now The time in milliseconds; it never runs backwards.
   */
  mustWait(speaker: object, bytes: number, now: number): boolean {
    if (this.#behind.size === 0 || !this.#checkReaders(now)) return false;
    const own = this.#sentBy(speaker);
    for (const said of [own, this.#all]) {
      const second = Math.floor(now / 1000);
      if (said.second !== second) said.bytes = 0;
      said.second = second;
    }
    if (own.bytes + bytes > SPEAKER_QUOTA || this.#all.bytes + bytes > ROOM_QUOTA) return true;
    own.bytes += bytes;
    this.#all.bytes += bytes;
    return false;
  }

  #sentBy(speaker: object): SentBytes {
    const said = this.#speakers.get(speaker) ?? { second: -1, bytes: 0 };
    this.#speakers.set(speaker, said);
    return said;
  }

  /** Whether any member that is behind still reads. */
  #checkReaders(now: number): boolean {
    if (now - this.#checkedAt < CHECK_INTERVAL) return this.#anyReads;
    this.#checkedAt = now;
    this.#anyReads = false;
    for (const [laggard, seen] of this.#behind) {
      const { sent } = laggard;
      if (sent !== seen.sent) seen.since = now;
      seen.sent = sent;
      if (now - seen.since < STALLED) this.#anyReads = true;
    }
    return this.#anyReads;
  }
}
