/**
 * How members come back: a member with a session that loses its connection is away for a while, and takes its place again when its
 * client connects with the session's secret. Pure but for the clock.
 *
 * @module
 */
import type { Delivery } from "./delivery.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { CONNECTION_LOST, type LeaveReason, type Member, type OwnMember } from "./member.ts";
import { type Cursor, numbered, receiptLine, rejectionLine, startLine } from "../session_lines.ts";
import { PENDING, type Session, Sessions } from "./session.ts";

/** How long a member may be away before it has left (ms). */
const AWAY = 20_000;

/** What this needs of the room. */
export interface ComebacksHost {
  readonly delivery: Delivery;
  /** The other servers of the room, where a session may have begun. */
  readonly elsewhere: Elsewhere | null;
  /** How many lines of history there are for a member whose place is not known. */
  readonly history: number;
  /** How long a member may be away (ms). */
  readonly away?: number | undefined;
  send(to: Member, line: string): void;
  notify(to: Member, text: string): void;
  /** Tells a member who is here. */
  listOthers(to: Member): void;
  /** Takes a member off the list; nobody is told. */
  remove(member: Member, why: LeaveReason): void;
  /** Adds a member that stands in for one that was removed. */
  add(member: OwnMember): void;
  /** Gives a member the free name of another one that it takes the place of. */
  inherit(member: OwnMember, from: Pick<Member, "name" | "introduced">): void;
  leave(member: Member, why: LeaveReason): void;
}

/** The sessions of a room's members. */
export class Comebacks {
  #host: ComebacksHost;
  #sessions = new Sessions();

  constructor(host: ComebacksHost) {
    this.#host = host;
  }

  /**
   * Begins a member's session, or takes it up again: then the member gets back its name, and the lines since its last one.
   *
   * @param key The session's secret. A client that knows it is the member, if it shows the same certificate as before, or again none.
   * @param cursor The last line that it has seen. Without one, its greeting was all that it needs.
   * @returns A promise only if the member comes from another server.
   */
  resume(member: Member, key: string, cursor: Cursor | null): void | Promise<void> {
    const { elsewhere } = this.#host;
    if (member.gone || member.outbox === null) return;
    if (this.#sessions.of(member) !== null) return this.#host.notify(member, "your session has begun already");
    const session = this.#sessions.open(key, performance.now());
    const before = session.member;
    if (before !== null && (before.link.fingerprint ?? null) !== (member.link.fingerprint ?? null)) {
      return this.#host.notify(member, "the session belongs to another certificate");
    }
    if (before !== null) {
      before.link.drop();
      this.#host.remove(before, "reset");
      this.#host.inherit(member as OwnMember, before);
    }
    this.#sessions.assign(session, member, performance.now());
    if (before === null && elsewhere?.knows(member) === true) return this.#fetch(elsewhere, member, cursor);
    elsewhere?.changed(member.name);
    this.#start(member, cursor);
  }

  /** Gives a member the name that it had on another server. There it was introduced. */
  async #fetch(elsewhere: Elsewhere, member: Member, cursor: Cursor | null): Promise<void> {
    const name = await elsewhere.takeOver(member);
    if (name !== null && !member.gone) this.#host.inherit(member as OwnMember, { name, introduced: true });
    for (const each of [name ?? member.name, member.name]) elsewhere.changed(each);
    this.#start(member, cursor);
  }

  /** The member goes on after its last line. */
  #start(member: Member, cursor: Cursor | null): void {
    const { delivery } = this.#host;
    member.outbox?.startNumbering();
    if (cursor === null) return this.#host.send(member, startLine(delivery.place));
    const { after, lines, gap } = delivery.missed(cursor, this.#host.history);
    this.#host.send(member, startLine({ ...delivery.place, n: after }));
    if (gap !== null) this.#host.notify(member, gap);
    for (const { number, line } of lines) this.#host.send(member, numbered(number, line));
    this.#host.listOthers(member);
  }

  /**
   * Keeps the place of a member that has lost its connection.
   *
   * @returns `false` if the member does not come back: it has no session, or did not lose its connection.
   */
  suspend(member: Member, why: LeaveReason): boolean {
    const session = this.#sessions.of(member);
    if (session === null || member.gone || member.away || !CONNECTION_LOST.has(why)) return false;
    this.#host.remove(member, why);
    const link = { ...member.link, drop: () => {} };
    const standIn: OwnMember = { ...member, link, gone: false, away: true };
    this.#host.add(standIn);
    this.#sessions.assign(session, standIn, performance.now());
    session.timer = setTimeout(() => this.#host.leave(standIn, why), this.#host.away ?? AWAY);
    return true;
  }

  /** The secret of a member's session; `null` if it has none. */
  keyOf(member: Member): string | null {
    return this.#sessions.of(member)?.key ?? null;
  }

  /** Whether a member has a session, so that it may come back. */
  mayReturn(member: Member): boolean {
    return this.#sessions.of(member) !== null;
  }

  /** Removes a member that has come back on another server; nobody is told. */
  depart(member: Member): void {
    member.link.drop();
    this.#host.remove(member, "reset");
  }

  /** Forgets that a member has a session; the session stays for a while. */
  release(member: Member): void {
    const session = this.#sessions.of(member);
    if (session !== null) this.#sessions.assign(session, null, performance.now());
  }

  /** What identifies the line that a member is saying, for the journal; `null` for a line without an id. */
  takeId(member: Member): string | null {
    const session = this.#sessions.of(member);
    if (session === null || session.line === null) return null;
    const id = `${session.key}.${session.line}`;
    session.line = null;
    return id;
  }

  /**
   * Handles a line with an id once, and sends its receipt; if the line came before, the receipt is sent again.
   *
   * @param handle Handles the line itself; what it handles later is no line for everyone.
   */
  once<T>(member: Member, id: string, handle: () => T | Promise<T>): T | Promise<T> | undefined {
    const session = this.#sessions.of(member);
    if (session === null) return void this.#host.notify(member, "a line with an id needs a session: /session KEY");
    const receipt = session.receipt(id);
    if (receipt !== undefined && receipt !== PENDING) this.#host.send(member, receiptLine(id, receipt));
    if (receipt !== undefined) return undefined;
    session.remember(id, PENDING);
    session.line = id;
    const outcome = handle();
    if (outcome instanceof Promise) return outcome.finally(() => this.#handled(session, id));
    // Neither said nor rejected: it was no line for everyone.
    if (session.line !== null) this.#acknowledge(session, id, 0);
    session.line = null;
    return outcome;
  }

  #handled(session: Session, id: string): void {
    if (session.receipt(id) === PENDING) this.#acknowledge(session, id, 0);
    // Meanwhile the member may have come back on another connection, with another line.
    if (session.line === id) session.line = null;
  }

  /** Tells a member why its line was not sent. */
  reject(member: Member, reason: string): void {
    const session = this.#sessions.of(member);
    if (session === null || session.line === null) return this.#host.notify(member, reason);
    session.forget(session.line);
    this.#host.send(member, rejectionLine(session.line, reason));
    session.line = null;
  }

  /** Tells a member the number of its line. */
  confirm(number: number, id: string): void {
    const dot = id.indexOf(".");
    this.#acknowledge(this.#sessions.find(id.slice(0, dot)), id.slice(dot + 1), number);
  }

  /** Tells the members that the numbering begins anew. */
  restart(): void {
    const start = startLine(this.#host.delivery.place);
    for (const member of this.#sessions.members) this.#host.send(member, start);
  }

  /** Stops waiting for members that are away. */
  close(): void {
    this.#sessions.close();
  }

  #acknowledge(session: Session | null, id: string, number: number): void {
    if (session === null) return;
    session.remember(id, number);
    if (session.member !== null) this.#host.send(session.member, receiptLine(id, number));
  }
}
