/**
 * A room: its members, their names, and who gets which line. Pure: no sockets.
 *
 * The room never waits. Each member has an outbox that its own transport drains. A speaker that sends much waits for members that are
 * behind but still read; a member whose outbox is full is dropped, and the others are told. A member without an outbox receives no lines
 * but follows the room by its events, as the operator at the server's terminal does.
 *
 * What is said to everyone goes into the room's journal, and is delivered when the journal gives it back with its number.
 *
 * @module
 */
import { Comebacks, type ComebacksHost } from "./comebacks.ts";
import { Delivery } from "./delivery.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { elsewhereHost } from "./elsewhere_host.ts";
import { Feed } from "./feed.ts";
import { type Entry, type Journal, LocalJournal } from "./journal.ts";
import type { Laggards } from "./laggards.ts";
import { greeting } from "./greeting.ts";
import type { LeaveReason, Link, Member, OwnMember, RemoteMember, RoomEvent } from "./member.ts";
import { CONNECTION_LOST, newMember, othersHere } from "./member.ts";
import { Naming } from "./naming.ts";
import { noticeLine, privateLine, refusalLine } from "../protocol.ts";
import type { RoomOptions } from "./room_options.ts";

export type { RoomOptions } from "./room_options.ts";

/**
 * A chat room. Every method takes full effect before it returns.
 *
 * @example Usage
 * ```ts
 * import { Room } from "./room.ts";
 * import { decodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const link = { id: 1, peer: "192.0.2.1:4000", drop() {}, traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }) };
 * const room = new Room({ history: 20 });
 * const alice = room.join(link, { name: "alice", silent: true });
 * const bob = room.join(link, { name: "bob", silent: true });
 * room.say(alice, "hello");
 * assertEquals(decodeText((await bob.outbox!.take())!), "* alice joined\nalice: hello\n");
 * ```
 */
export class Room {
  /** The members' sessions. */
  readonly comebacks: Comebacks;
  /** The other servers of the room; `null` if it has none. */
  readonly elsewhere: Elsewhere | null;
  #options: RoomOptions;
  #members = new Set<OwnMember>();
  #names: Naming;
  #feed: Feed;
  #journal: Journal;
  #delivery: Delivery;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.elsewhere = options.elsewhere ?? null;
    this.#feed = new Feed(options.nextTurn, options.memory);
    this.#journal = options.journal ?? new LocalJournal();
    this.#delivery = new Delivery({
      feed: this.#feed,
      journal: this.#journal,
      clock: options.clock ?? Date.now,
      time: options.time,
      size: () => this.#members.size,
      onEvent: (event) => this.#emit(event),
      onNumber: (number, id) => this.comebacks.confirm(number, id),
      onRestart: () => this.comebacks.restart(),
      onGone: (name) => this.elsewhere?.saidGone(name),
    });
    const notify = (to: Member, text: string): void => this.notify(to, text);
    this.#names = new Naming({ journal: this.#journal, elsewhere: this.elsewhere, notify });
    this.comebacks = new Comebacks(this.#host());
    this.elsewhere?.start(elsewhereHost(this, this.#names, this.#journal, (event) => this.#emit(event)));
  }

  /** The members, in the order in which they joined. */
  get members(): readonly Member[] {
    return [...this.#members];
  }

  /** The members on all servers; those on other servers as last heard. */
  get everyone(): readonly (Member | RemoteMember)[] {
    return [...this.#members, ...this.elsewhere?.members ?? []];
  }

  /** Everything said and announced so far, as text. The oldest lines may be gone. */
  get transcript(): string {
    return this.#delivery.transcript.text();
  }

  /** Whether so much was said that speakers should wait for {@linkcode Room.turn} first. */
  get full(): boolean {
    return this.#feed.full || this.#journal.full;
  }

  /** The members that are behind; a speaker checks here whether it has to wait. */
  get laggards(): Laggards {
    return this.#feed.laggards;
  }

  /** Waits until the lines said so far are in the outboxes, or until a full journal has numbered some. */
  turn(): Promise<void> {
    return this.#journal.full && !this.#feed.full ? this.#journal.ready() : this.#feed.turn();
  }

  /** Finds a member here by name, ignoring case, width, accents and punctuation. */
  find(name: string): Member | null {
    return this.#names.find(name);
  }

  /**
   * Adds a member; {@linkcode Room.introduce} announces it to the others.
   *
   * @param link The member's transport.
   * @param options `name` is not checked and must be free; without it the member is `guest-N`. With `follows`, the member has no
   * outbox. With `silent`, it gets no greeting.
   */
  join(link: Link, options: { name?: string; follows?: boolean; silent?: boolean } = {}): Member {
    const outbox = options.follows === true
      ? null
      : this.#feed.open(() => this.#drop(member), { sent: () => link.traffic().bytesOut });
    const name = options.name ?? this.#names.guestName();
    const member = newMember({ name, link, outbox, named: options.silent === true });
    this.#members.add(member);
    this.#names.take(member);
    if (options.silent !== true) this.#greet(member);
    return member;
  }

  /** Announces a member to the others, and tells it its name. Idempotent. */
  introduce(member: Member): void {
    if (member.introduced || member.gone) return;
    (member as OwnMember).introduced = true;
    if (!member.named) this.#names.tell(member as OwnMember);
    // A member without an outbox was here from the start, and every greeting lists it.
    if (member.outbox === null) return;
    this.#journal.append({ kind: "joined", name: member.name }, member, null);
  }

  /**
   * Renames a member.
   *
   * @returns `null` if it worked, else the problem as the end of a sentence; a promise only if other servers have to be asked.
   */
  rename(member: Member, wanted: string): string | null | Promise<string | null> {
    return this.#names.rename(member as OwnMember, wanted);
  }

  /**
   * Renames a member to the name in its certificate, as {@linkcode Room.rename} does; it cannot change it later. A name here is one
   * word: `bob smith` becomes `bob_smith`.
   */
  certify(member: Member, name: string): string | null | Promise<string | null> {
    (member as OwnMember).certified = true;
    return this.#names.rename(member as OwnMember, name.trim().replace(/ +/g, "_"), { certified: true });
  }

  /** Says a line to everyone else. */
  say(member: Member, text: string): void {
    this.#speak(member, { kind: "said", name: member.name, text });
  }

  /** Shows everyone else what a member does (`/me`). */
  act(member: Member, text: string): void {
    this.#speak(member, { kind: "did", name: member.name, text });
  }

  /** Sends a private message. */
  tell(member: Member, to: Member, text: string): void {
    const line = privateLine(member.name, text);
    this.send(to, line);
    this.#emit({ kind: "told", member, to, text, line });
  }

  /** Sends a notice to one member. */
  notify(to: Member, text: string): void {
    const line = noticeLine(text);
    this.send(to, line);
    this.#emit({ kind: "told", member: null, to, text, line });
  }

  /** Removes a member and tells it the reason as its last line, a refusal; the others are told `why`. */
  expel(member: Member, why: LeaveReason, reason: string): void {
    this.send(member, refusalLine(reason));
    this.leave(member, why);
  }

  /** Sends a line to one member, unchanged. */
  send(to: Member, line: string): void {
    to.outbox?.push(line);
  }

  /** Mutes or unmutes a member. */
  mute(member: Member, muted: boolean): void {
    (member as OwnMember).muted = muted;
  }

  /**
   * Removes a member and tells the others why. Idempotent. What is queued for the member can still be taken, unless its connection was
   * lost or it was too slow. A member with a session that has lost its connection is away for a while first, and nobody is told.
   */
  leave(member: Member, why: LeaveReason): void {
    if (this.comebacks.suspend(member, why) || !this.#remove(member, why) || !member.introduced) return;
    this.#announceLeft(member, why);
  }

  /** Tells the members of this server what those of others need not know. */
  announceHere(text: string): void {
    const line = noticeLine(text);
    for (const member of this.#members) this.send(member, line);
    this.#emit({ kind: "notice", text, line });
  }

  /**
   * Closes the room: tells all members, and removes them. Other servers are told who has left: not those whose sessions may go on there.
   */
  close(reason: string): void {
    this.elsewhere?.closing();
    for (const member of this.members) {
      const goesOn = this.elsewhere === null || this.comebacks.mayReturn(member);
      this.send(member, noticeLine(reason));
      this.#remove(member, "quit");
      if (!goesOn && member.introduced) this.#announceLeft(member, "server stopped");
    }
    this.comebacks.close();
    this.#delivery.close();
  }

  #greet(member: Member): void {
    const history = this.#delivery.history(this.#options.history);
    for (const line of greeting(history)) this.send(member, line);
    this.#listOthers(member);
  }

  #listOthers(member: Member): void {
    const elsewhere = this.elsewhere?.members ?? [];
    this.notify(member, othersHere([this.#members, elsewhere], this.#members.size + elsewhere.length, member));
  }

  #announceLeft(member: Member, why: LeaveReason): void {
    this.#journal.append({ kind: "left", name: member.name, why }, member, null);
  }

  #speak(member: Member, entry: Entry): void {
    this.introduce(member);
    this.#journal.append(entry, member, this.comebacks.takeId(member));
  }

  #remove(member: Member, why: LeaveReason): boolean {
    if (member.gone) return false;
    (member as OwnMember).gone = true;
    this.#members.delete(member as OwnMember);
    this.#names.release(member);
    this.comebacks.release(member);
    if (CONNECTION_LOST.has(why)) member.outbox?.abandon();
    else member.outbox?.end();
    return true;
  }

  #drop(member: Member): void {
    member.link.drop();
    this.leave(member, "too slow");
  }

  /** What comebacks may do to the room. */
  #host(): ComebacksHost {
    return {
      delivery: this.#delivery,
      elsewhere: this.elsewhere,
      history: this.#options.history,
      away: this.#options.away,
      send: (to, line) => this.send(to, line),
      notify: (to, text) => this.notify(to, text),
      listOthers: (to) => this.#listOthers(to),
      remove: (member, why) => this.#remove(member, why),
      add: (member) => {
        this.#members.add(member);
        this.#names.take(member);
      },
      inherit: (member, from) => this.#names.inherit(member, from),
      leave: (member, why) => this.leave(member, why),
    };
  }

  #emit(event: RoomEvent): void {
    this.#options.onEvent?.(event);
  }
}
