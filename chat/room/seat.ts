/**
 * A member's input to a room, for any transport: rate-limited, held back by slow readers, and announced to the others.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { abortable } from "../../lib/within.ts";
import { GOODBYE } from "../protocol.ts";
import { handleLine, type Outcome } from "./commands.ts";
import type { Member } from "./member.ts";
import { BYTES_PER_TOKEN, lineCost, type RateLimit } from "./pace.ts";
import type { Room } from "./room.ts";

/** Options of {@linkcode Seat}. */
export interface SeatOptions {
  /** Lines per second that the member may send, for the notice; 0 = no limit. */
  readonly rate: number;
  /** Enforces that rate. */
  readonly limit: RateLimit;
  /** How long the member may take to send its name before it is announced as `guest-N` (ms). */
  readonly grace?: number | undefined;
  /** Called before a line of a muted member is handled: its mute may have expired. */
  readonly checkMute: (member: Member) => void;
  /** Called for each line; what takes up a session comes without its key. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Aborts when the member has left the room: nothing it sent needs to wait any more. */
  readonly signal: () => AbortSignal;
}

/** The default of {@linkcode SeatOptions.grace}. */
const GRACE = 200;
/** The longest that a line waits for members that are behind (ms), and how often it checks again. */
const MAX_WAIT = 3000;
const CHECK_INTERVAL = 100;
/** A line that sets a name. */
const NAMING = /^\s*(?:\/line \S+ +)?\/nick\s/i;

/** Passes a member's lines to the room, at the rate that its limit and the room allow. */
export class Seat implements Disposable {
  /** When bytes last arrived from the member, on the monotonic clock (ms). */
  receivedAt: number = performance.now();
  #room: Room;
  #member: Member;
  #options: SeatOptions;
  #slowed = false;
  #introduction: ReturnType<typeof setTimeout> | undefined;

  constructor(room: Room, member: Member, options: SeatOptions) {
    this.#room = room;
    this.#member = member;
    this.#options = options;
    this.#introduction = setTimeout(() => {
      this.#introduction = undefined;
      room.introduce(member);
    }, options.grace ?? GRACE);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#introduction);
  }

  /** Takes a line. Most lines need not wait, and cost no promise. */
  take(line: string): Outcome {
    if (this.#member.gone) return;
    const cost = lineCost(line);
    const wait = this.#options.limit.take(this.receivedAt, cost);
    if (wait === 0 && this.#mayGoOut(line, cost, this.receivedAt)) {
      this.#slowed = false;
      return this.#handle(line);
    }
    return this.#handleLater(line, { wait, cost });
  }

  /** Throttles a member that sends too fast. Nothing is lost: its lines wait here, then in the socket buffers, then in the client. */
  async #handleLater(line: string, { wait, cost }: { wait: number; cost: number }): Promise<"leave" | void> {
    if (wait > 0 && !this.#slowed) {
      const long = cost > 1 ? ` (${BYTES_PER_TOKEN} bytes count as a line)` : "";
      const pace = `you are sending more than ${this.#options.rate} lines a second${long}`;
      this.#room.notify(this.#member, `${pace}: slowed down to that rate`);
    }
    this.#slowed = wait > 0;
    if (wait > 0) await delay(wait, { signal: this.#options.signal() }).catch(() => {});
    const until = performance.now() + MAX_WAIT;
    while (!this.#member.gone && !this.#mayGoOut(line, cost, performance.now(), until)) await this.#waitForRoom();
    this.receivedAt = performance.now();
    if (!this.#member.gone) return this.#handle(line);
  }

  /**
   * Whether a line may go out now. It must then go out without another wait: many may have waited for this, and a turn does not hold
   * them all.
   *
   * @param until When it stops waiting for members that are behind but still read, even if that drops one.
   */
  #mayGoOut(line: string, cost: number, now: number, until = Infinity): boolean {
    if (this.#room.full) return false;
    const bytes = cost > 1 ? cost * BYTES_PER_TOKEN : line.length;
    return now >= until || !this.#room.laggards.mustWait(this, bytes, now);
  }

  /** Waits for the end of a full turn; else until no member is behind, or {@linkcode CHECK_INTERVAL} ms. */
  async #waitForRoom(): Promise<void> {
    // A journal can stay full for as long as other servers are out of reach.
    if (this.#room.full) return await abortable(this.#room.turn(), this.#options.signal()).catch(() => {});
    const looked = new AbortController();
    const look = delay(CHECK_INTERVAL, { signal: AbortSignal.any([looked.signal, this.#options.signal()]) }).catch(
      () => {},
    );
    await Promise.race([this.#room.laggards.caughtUp(), look]);
    looked.abort();
  }

  #handle(line: string): Outcome {
    // A new member is announced with its first line; if that sets its name, after the change, and a session may bring a name back.
    const begins = line.startsWith("/session ");
    if (!begins && !NAMING.test(line)) this.#room.introduce(this.#member);
    // Its key is the member's secret: who reads the log must not be able to take its place.
    this.#options.onLine?.(begins ? "/session" : line);
    if (this.#member.muted) this.#options.checkMute(this.#member);
    const outcome = handleLine(this.#room, this.#member, line);
    if (outcome instanceof Promise) return outcome.then((outcome) => this.#handled(begins, outcome));
    return this.#handled(begins, outcome);
  }

  #handled(begins: boolean, outcome: "leave" | void): "leave" | void {
    if (!begins) this.#room.introduce(this.#member);
    if (outcome === "leave") this.#room.send(this.#member, GOODBYE);
    return outcome;
  }
}
