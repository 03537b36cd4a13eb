/**
 * A room: its members, their names, and who gets which line. Pure: no sockets.
 *
 * The room never waits. Each member has an outbox that its own transport drains. A speaker that sends much waits for members that are
 * behind but still read; a member whose outbox is full is dropped, and the others are told. A member without an outbox receives no lines
 * but follows the room by its events, as the operator at the server's terminal does.
 *
 * @module
 */
import type { MemoryShare } from "../../lib/memory.ts";
import { Feed, type NextTurn } from "./feed.ts";
import type { Laggards } from "./laggards.ts";
import { MAX_OUTBOX } from "./outbox.ts";
import { type LeaveReason, type Link, type Member, othersHere, type OwnMember, type RoomEvent } from "./member.ts";
import { NameBook } from "./name_book.ts";
import { checkName } from "../names.ts";
import { actionLine, chatLine, noticeLine, privateLine, refusalLine, youAre } from "../protocol.ts";
import { Transcript } from "./transcript.ts";
import { plural } from "../../lib/text.ts";

/** The maximum history for a new member, in characters: it fits into an outbox in any script. */
const HISTORY_SIZE = MAX_OUTBOX / 8;

/** Options of {@linkcode Room}. */
export interface RoomOptions {
  /** How many of the last lines a new member gets. */
  readonly history: number;
  /** Called for each event, in order. */
  readonly onEvent?: (event: RoomEvent) => void;
  /** The time of day in milliseconds since 1970. */
  readonly clock?: () => number;
  readonly nextTurn?: NextTurn;
  /** Counts the bytes queued for members; released by its owner. */
  readonly memory?: MemoryShare;
}

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
  #options: RoomOptions;
  #members = new Set<OwnMember>();
  #names = new NameBook<OwnMember>();
  #transcript = new Transcript();
  #feed: Feed;
  #clock: () => number;
  #now = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#feed = new Feed(options.nextTurn, options.memory);
    this.#clock = options.clock ?? Date.now;
  }

  /** The members, in the order in which they joined. */
  get members(): readonly Member[] {
    return [...this.#members];
  }

  /** Everything said and announced so far, as text. The oldest lines may be gone. */
  get transcript(): string {
    return this.#transcript.text();
  }

  /** Whether so much was said in this turn that speakers should wait for {@linkcode Room.turn} first. */
  get full(): boolean {
    return this.#feed.full;
  }

  /** The members that are behind; a speaker checks here whether it has to wait. */
  get laggards(): Laggards {
    return this.#feed.laggards;
  }

  /** Waits until the lines said so far are in the outboxes. */
  turn(): Promise<void> {
    return this.#feed.turn();
  }

  /** Finds a member by name, ignoring case, width, accents and punctuation. */
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
    const named = options.silent === true;
    const member: OwnMember = {
      name,
      link,
      outbox,
      named,
      introduced: false,
      certified: false,
      muted: false,
      gone: false,
    };
    this.#members.add(member);
    this.#names.take(name, member, { operator: outbox === null });
    if (options.silent !== true) this.#greet(member);
    return member;
  }

  /** Announces a member to the others, and tells it its name. Idempotent. */
  introduce(member: Member): void {
    if (member.introduced || member.gone) return;
    (member as OwnMember).introduced = true;
    if (!member.named) this.#tellName(member);
    // A member without an outbox was here from the start, and every greeting lists it.
    if (member.outbox === null) return;
    const line = this.#announce(`${member.name} joined`, member);
    this.#emit({ kind: "joined", member, line });
  }

  /**
   * Renames a member.
   *
   * @returns `null` if it worked, else the problem as the end of a sentence.
   */
  rename(member: Member, wanted: string): string | null {
    if (member.certified) return "names here come from certificates";
    const checked = checkName(wanted);
    if ("problem" in checked) return checked.problem;
    const operator = member.outbox === null;
    const problem = this.#names.problem(checked.name, member as OwnMember, { operator });
    if (problem !== null) return problem;
    const before = member.name;
    this.#names.release(before);
    (member as OwnMember).name = checked.name;
    this.#names.take(checked.name, member as OwnMember, { operator });
    this.#tellName(member);
    if ((member.introduced || operator) && before !== checked.name) {
      const text = `${before} is now ${checked.name}`;
      this.#emit({ kind: "notice", text, line: this.#announce(text, member) });
    }
    return null;
  }

  /**
   * Renames a member to the name in its certificate, as {@linkcode Room.rename} does; it cannot change it later. A name here is one
   * word: `bob smith` becomes `bob_smith`.
   */
  certify(member: Member, name: string): string | null {
    const problem = this.rename(member, name.trim().replace(/ +/g, "_"));
    (member as OwnMember).certified = true;
    return problem;
  }

  /** Says a line to everyone else. */
  say(member: Member, text: string): void {
    this.#speak(member, text, chatLine(member.name, text));
  }

  /** Shows everyone else what a member does (`/me`). */
  act(member: Member, text: string): void {
    this.#speak(member, text, actionLine(member.name, text));
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
   * reset or it was too slow.
   */
  leave(member: Member, why: LeaveReason): void {
    if (this.#remove(member, why)) this.#announceLeft(member, why);
  }

  /** Closes the room: tells all members, and removes them. */
  close(reason: string): void {
    for (const member of this.members) {
      this.send(member, noticeLine(reason));
      this.#remove(member, "quit");
    }
  }

  #greet(member: Member): void {
    const history = this.#transcript.last({ lines: this.#options.history, size: HISTORY_SIZE });
    if (history.length > 0) this.send(member, noticeLine(`the last ${plural(history.length, "line")}:`));
    for (const line of history) this.send(member, line);
    this.notify(member, othersHere(this.members, member));
  }

  #tellName(member: Member): void {
    (member as OwnMember).named = true;
    this.notify(member, youAre(member.name));
  }

  #speak(member: Member, text: string, line: string): void {
    this.introduce(member);
    this.#publish(line, member);
    this.#emit({ kind: "said", member, text, line });
  }

  #announce(text: string, about: Member): string {
    const line = noticeLine(text);
    this.#publish(line, about);
    return line;
  }

  /** Says a line to everyone but one, and adds it to the transcript. */
  #publish(line: string, except: Member): void {
    // All lines of a turn get the same time.
    if (this.#feed.position === 0) this.#now = this.#clock();
    this.#transcript.add(line, this.#now);
    this.#feed.say(line, except.outbox);
  }

  #remove(member: Member, why: LeaveReason): boolean {
    if (member.gone) return false;
    (member as OwnMember).gone = true;
    this.#members.delete(member as OwnMember);
    this.#names.release(member.name);
    if (why === "reset" || why === "too slow") member.outbox?.abandon();
    else member.outbox?.end();
    return true;
  }

  #drop(member: Member): void {
    member.link.drop();
    this.leave(member, "too slow");
  }

  #announceLeft(member: Member, why: LeaveReason): void {
    if (!member.introduced) return;
    const line = this.#announce(`${member.name} left (${why})`, member);
    this.#emit({ kind: "left", member, why, line });
  }

  #emit(event: RoomEvent): void {
    this.#options.onEvent?.(event);
  }
}
