/**
 * Sessions: what a room keeps of a member so that it can lose its connection and come back, its lines neither lost nor doubled. Pure but
 * for the clock.
 *
 * A session is known by a secret that its client chose. It has one member at a time: one that is connected, or one that is away.
 *
 * @module
 */
import { BoundedMap } from "../../lib/bounded_map.ts";
import type { Member } from "./member.ts";
import { REMEMBERED_IDS } from "../session_lines.ts";

/** How long a session without a member is kept (ms): it may still send a line again. */
const KEPT = 120_000;
/** The maximum number of sessions; the oldest without a member go first. */
const MAX_SESSIONS = 10_000;

/** How often sessions are looked through for those to drop (ms), unless there are too many. */
const PRUNED = 1000;

/** The receipt of a line that is not numbered yet. */
export const PENDING = -1;

/** What is kept of a member. */
export class Session {
  /** The secret. */
  readonly key: string;
  /** Its member; `null` once it has left. */
  member: Member | null = null;
  /** When it was last without a member (ms, monotonic). */
  leftAt = 0;
  /** The id of the line that its member is saying. */
  line: string | null = null;
  /** Runs while the member is away. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** The numbers of the lines by their ids: 0 for what was no line for everyone, {@linkcode PENDING}. */
  #receipts = new BoundedMap<string, number>(REMEMBERED_IDS);

  constructor(key: string) {
    this.key = key;
  }

  /** The receipt of a line; `undefined` if it has not come yet. */
  receipt(id: string): number | undefined {
    return this.#receipts.get(id);
  }

  /** Remembers a line's receipt; the oldest are forgotten. */
  remember(id: string, receipt: number): void {
    this.#receipts.set(id, receipt);
  }

  /** Forgets a line that was not sent: it may be tried again. */
  forget(id: string): void {
    this.#receipts.delete(id);
  }
}

/** The sessions of a room. */
export class Sessions {
  #byKey = new Map<string, Session>();
  #byMember = new Map<Member, Session>();
  #prunedAt = -Infinity;

  /** The session with this secret; a new one if there is none. */
  open(key: string, now: number): Session {
    this.#prune(now);
    const found = this.#byKey.get(key);
    if (found !== undefined) return found;
    const session = new Session(key);
    session.leftAt = now;
    this.#byKey.set(key, session);
    return session;
  }

  /** The session with this secret, if there is one. */
  find(key: string): Session | null {
    return this.#byKey.get(key) ?? null;
  }

  /** The members that have a session. */
  get members(): Iterable<Member> {
    return this.#byMember.keys();
  }

  /** The session of a member. */
  of(member: Member): Session | null {
    return this.#byMember.get(member) ?? null;
  }

  /** Gives a session its member, or takes it away. */
  assign(session: Session, member: Member | null, now: number): void {
    clearTimeout(session.timer);
    if (session.member !== null) this.#byMember.delete(session.member);
    session.member = member;
    if (member === null) session.leftAt = now;
    else this.#byMember.set(member, session);
  }

  /** Ends all waiting for members that are away. */
  close(): void {
    for (const session of this.#byMember.values()) clearTimeout(session.timer);
  }

  /** Drops the sessions that nobody came back to, and the oldest of them early when there are too many. */
  #prune(now: number): void {
    if (now - this.#prunedAt < PRUNED && this.#byKey.size < MAX_SESSIONS) return;
    this.#prunedAt = now;
    for (const [key, { member, leftAt }] of this.#byKey) {
      const expired = now - leftAt >= KEPT || this.#byKey.size >= MAX_SESSIONS;
      if (member === null && expired) this.#byKey.delete(key);
    }
  }
}
