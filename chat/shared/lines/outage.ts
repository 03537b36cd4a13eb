/**
 * Tells the members of this server when the other servers are out of reach, and when no longer. Pure.
 *
 * @module
 */
import type { Events } from "../../../lib/events.ts";
import { plural } from "../../../lib/text.ts";
import type { Member } from "../../room/member.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";

/** A broker that is started again is back sooner than this (ms); members need not know. */
const GRACE = 1000;

const OUT_OF_REACH =
  "the other servers of this room are out of reach; what you write waits, and is delivered when they are back";

/** The time in which lines wait. */
export class Outage implements Disposable {
  /** Tells the members of this server, or one of them; the room sets it. */
  announce: (text: string, to: Member | null) => void = () => {};
  #events: Events;
  #time: TimeSource;
  #state: "none" | "new" | "announced" = "none";
  #waiting = 0;
  #saidFull = false;
  #saidDropped = false;
  #cancel: () => void = () => {};

  constructor(events: Events, time: TimeSource = SYSTEM_TIME) {
    this.#events = events;
    this.#time = time;
  }

  /**
   * The store is out of reach. Idempotent.
   *
   * @param error Why; `null` if the operator knows.
   */
  begin(error: unknown): void {
    if (this.#state !== "none") return;
    this.#state = "new";
    this.#waiting = 0;
    this.#saidFull = false;
    this.#saidDropped = false;
    this.#cancel = this.#time.after(GRACE, () => this.#tell(error));
  }

  /** A member has come, and was not here when the others were told. */
  joined(member: Member): void {
    if (this.#state === "announced") this.announce(OUT_OF_REACH, member);
  }

  /** Something was dropped: nobody waits to join or to leave, and there is an end to what can be kept. */
  dropped(): void {
    if (this.#saidDropped) return;
    this.#saidDropped = true;
    const message = "So much waits for the room's other servers that joining and leaving is not announced any more";
    this.#events.emit({ event: "warning", message });
  }

  /** So many lines wait now, and whether speakers wait with them. */
  waits(count: number, full: boolean): void {
    this.#waiting = Math.max(this.#waiting, count);
    if (!full || this.#saidFull || this.#state !== "announced") return;
    this.#saidFull = true;
    this.announce(`${plural(count, "line")} wait; what you write now is not read until they are delivered`, null);
  }

  /** Lines are no longer there that this server has not read. */
  missed(count: number): void {
    this.announce(
      `missing here: ${plural(count, "line")} of the other servers, which were out of reach for too long`,
      null,
    );
  }

  /** The store is in reach. Idempotent. */
  end(): void {
    this.#cancel();
    const announced = this.#state === "announced";
    this.#state = "none";
    if (!announced) return;
    const waited = this.#waiting === 0 ? "" : `; what waited follows now: ${plural(this.#waiting, "line")}`;
    this.announce(`the other servers of this room are back${waited}`, null);
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #tell(error: unknown): void {
    this.#state = "announced";
    if (error instanceof Error) {
      this.#events.emit({ event: "warning", message: `The room's stream does not answer: ${error.message}` });
    }
    this.announce(OUT_OF_REACH, null);
  }
}
