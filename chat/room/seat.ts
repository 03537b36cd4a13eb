/**
 * A member's seat in a room, whatever it came by: how fast its lines are heard, and when the others hear that it is here.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { GOODBYE } from "../protocol.ts";
import { hear } from "./commands.ts";
import type { Member } from "./member.ts";
import { BYTES_PER_TOKEN, lineCost, type RateLimit } from "./pace.ts";
import type { Room } from "./room.ts";

/** How a seat is kept. */
export interface SeatOptions {
  /** Lines per second that the member may write, as it is told; 0 = no limit. */
  readonly rate: number;
  /** What keeps it to that. */
  readonly limit: RateLimit;
  /** Called before a line of a muted member is heard: its time may be over. */
  readonly review: (member: Member) => void;
  /** Told of each line as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Aborts when the room has let the member go: nothing of it is worth waiting for any more. */
  readonly signal: AbortSignal;
}

/** How long a newcomer may take to give its name before the others hear of `guest-N` (ms). */
const GRACE = 200;
/** How long a line waits at most for those who are behind (ms), and how often it looks again. */
const PATIENCE = 3000;
const LOOK = 100;

/** Hears a member's lines at the pace that it and the room allow. */
export class Seat implements Disposable {
  /** When something came from the member last, on the monotonic clock (ms). */
  heardAt: number = performance.now();
  #room: Room;
  #member: Member;
  #options: SeatOptions;
  #slowed = false;
  #introduction: ReturnType<typeof setTimeout>;

  constructor(room: Room, member: Member, options: SeatOptions) {
    this.#room = room;
    this.#member = member;
    this.#options = options;
    this.#introduction = setTimeout(() => room.introduce(member), GRACE);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#introduction);
  }

  /** Takes a line; most of the time that needs no waiting, and then no promise is made. */
  take(line: string): "leave" | void | Promise<"leave" | void> {
    if (this.#member.gone) return;
    const cost = lineCost(line);
    const wait = this.#options.limit.take(this.heardAt, cost);
    if (wait === 0 && this.#mayGoOut(line, cost, this.heardAt)) {
      this.#slowed = false;
      return this.#hear(line);
    }
    return this.#hearLater(line, { wait, cost });
  }

  /** Holds back a member that writes too fast. Nothing is lost: it waits here, then in the socket, then at the client. */
  async #hearLater(line: string, { wait, cost }: { wait: number; cost: number }): Promise<"leave" | void> {
    if (wait > 0 && !this.#slowed) {
      const long = cost > 1 ? ` (a line counts as one for each ${BYTES_PER_TOKEN} bytes)` : "";
      const pace = `you write faster than ${this.#options.rate} lines a second${long}`;
      this.#room.notify(this.#member, `${pace}: slowed down to that`);
    }
    this.#slowed = wait > 0;
    if (wait > 0) await delay(wait, this.#options).catch(() => {});
    const until = performance.now() + PATIENCE;
    while (!this.#member.gone && !this.#mayGoOut(line, cost, performance.now(), until)) await this.#aMoment();
    this.heardAt = performance.now();
    if (!this.#member.gone) return this.#hear(line);
  }

  /**
   * Whether a line may be heard now, and at once: many may have waited for the same, and not all of them fit into a turn.
   *
   * @param until So long it waits for those who are behind and still read; then it goes out, even if that drops a member.
   */
  #mayGoOut(line: string, cost: number, now: number, until = Infinity): boolean {
    if (this.#room.full) return false;
    const bytes = cost > 1 ? cost * BYTES_PER_TOKEN : line.length;
    return now >= until || !this.#room.laggards.holds(this, bytes, now);
  }

  /** Waits for the end of a turn that is full, or until nobody is behind, for a moment. */
  async #aMoment(): Promise<void> {
    if (this.#room.full) return await this.#room.turn();
    const looked = new AbortController();
    const look = delay(LOOK, { signal: AbortSignal.any([looked.signal, this.#options.signal]) }).catch(() => {});
    await Promise.race([this.#room.laggards.relief(), look]);
    looked.abort();
  }

  #hear(line: string): "leave" | void {
    // A newcomer's first line introduces it; one that gives it a name, after it has that name.
    if (!/^\s*\/nick\s/i.test(line)) this.#room.introduce(this.#member);
    this.#options.onLine?.(line);
    if (this.#member.muted) this.#options.review(this.#member);
    const outcome = hear(this.#room, this.#member, line);
    this.#room.introduce(this.#member);
    if (outcome === "leave") this.#room.send(this.#member, GOODBYE);
    return outcome;
  }
}
