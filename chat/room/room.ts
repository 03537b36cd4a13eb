/**
 * A room: who is here, who is called what, and who gets which line. Pure: it knows no sockets.
 *
 * The room never waits. Each member has an outbox that its own transport drains. A speaker with much to say waits for members who are
 * behind and still read; a member whose outbox is full is dropped, and the others are told. Members without an outbox take part too:
 * they get nothing from here and follow the room by its events, as the operator at the server's terminal does.
 *
 * @module
 */
import type { MemoryShare } from "../../lib/memory.ts";
import { Feed, type NextTurn } from "./feed.ts";
import type { Laggards } from "./laggards.ts";
import { MAX_OUTBOX } from "./outbox.ts";
import { type Link, type Member, othersHere, type OwnMember, type RoomEvent, type Why } from "./member.ts";
import { NameBook } from "./name_book.ts";
import { checkName } from "../names.ts";
import { actionLine, chatLine, noticeLine, privateLine, youAre } from "../protocol.ts";
import { Transcript } from "./transcript.ts";
import { plural } from "../../lib/text.ts";

/** How many characters of history a newcomer gets at most: a part of what its outbox holds, in whatever script. */
const HISTORY_SIZE = MAX_OUTBOX / 8;

/** How a room is made. */
export interface RoomOptions {
  /** How many of the last lines a newcomer gets. */
  readonly history: number;
  /** Called for everything that happens, in order. */
  readonly onEvent?: (event: RoomEvent) => void;
  /** The time of day in milliseconds since 1970. */
  readonly clock?: () => number;
  readonly nextTurn?: NextTurn;
  /** Counts what waits for the members; released by its owner. */
  readonly memory?: MemoryShare;
}

/**
 * The room. Every method is done when it returns.
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

  /** Everybody who is here, in the order in which they came. */
  get members(): readonly Member[] {
    return [...this.#members];
  }

  /** Everything said and announced so far, as text. */
  get transcript(): string {
    return this.#transcript.text();
  }

  /** Whether so much is being said that whoever speaks should wait for {@linkcode Room.turn} first. */
  get full(): boolean {
    return this.#feed.full;
  }

  /** Who is behind; a speaker with much to say looks here first. */
  get laggards(): Laggards {
    return this.#feed.laggards;
  }

  /** Waits until what was said is on its way. */
  turn(): Promise<void> {
    return this.#feed.turn();
  }

  /** Finds somebody by name, whatever its case, width, accents and punctuation. */
  find(name: string): Member | null {
    return this.#names.find(name);
  }

  /**
   * Lets somebody in; the others hear of it when {@linkcode Room.introduce} is called.
   *
   * @param link The member's transport.
   * @param options `name` is taken unchecked and must be free; without it the member is `guest-N`. With `follows`, the member has no
   * outbox. With `silent`, it is greeted with nothing.
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

  /** Tells the others that somebody is here, and the newcomer its name; doing it again does nothing. */
  introduce(member: Member): void {
    if (member.introduced || member.gone) return;
    (member as OwnMember).introduced = true;
    if (!member.named) this.#tellName(member);
    // Whoever follows by events was here from the start and is named in every greeting.
    if (member.outbox === null) return;
    const line = this.#announce(`${member.name} joined`, member);
    this.#emit({ kind: "joined", member, line });
  }

  /**
   * Gives a member another name.
   *
   * @returns `null`, or the problem as the end of a sentence.
   */
  rename(member: Member, wanted: string): string | null {
    if (member.certified) return "names come from certificates here";
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

  /** Gives a member the name in its certificate, as {@linkcode Room.rename} does; then it can take no other. */
  certify(member: Member, name: string): string | null {
    const problem = this.rename(member, name);
    (member as OwnMember).certified = true;
    return problem;
  }

  /** Says a line to everybody else. */
  say(member: Member, text: string): void {
    this.#speak(member, text, chatLine(member.name, text));
  }

  /** Shows everybody else what somebody does. */
  act(member: Member, text: string): void {
    this.#speak(member, text, actionLine(member.name, text));
  }

  /** Says a line to one member alone. */
  tell(member: Member, to: Member, text: string): void {
    const line = privateLine(member.name, text);
    this.send(to, line);
    this.#emit({ kind: "told", member, to, text, line });
  }

  /** Makes a notice for one member alone. */
  notify(to: Member, text: string): void {
    const line = noticeLine(text);
    this.send(to, line);
    this.#emit({ kind: "told", member: null, to, text, line });
  }

  /** Sends one member a line as it is. */
  send(to: Member, line: string): void {
    to.outbox?.push(line);
  }

  /** Silences a member, or lets it speak again. */
  mute(member: Member, muted: boolean): void {
    (member as OwnMember).muted = muted;
  }

  /**
   * Lets somebody go and tells the others why; doing it again does nothing. What waits for the member can still be taken, unless it
   * left in a way in which nobody reads it.
   */
  leave(member: Member, why: Why): void {
    if (this.#remove(member, why)) this.#announceLeft(member, why);
  }

  /** Tells everybody that it is over, and lets everybody go. */
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

  /** Says a line to everybody but one, and writes it into the transcript. */
  #publish(line: string, except: Member): void {
    // What is said in one turn is said at one time.
    if (this.#feed.position === 0) this.#now = this.#clock();
    this.#transcript.add(line, this.#now);
    this.#feed.say(line, except.outbox);
  }

  #remove(member: Member, why: Why): boolean {
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

  #announceLeft(member: Member, why: Why): void {
    if (!member.introduced) return;
    const line = this.#announce(`${member.name} left (${why})`, member);
    this.#emit({ kind: "left", member, why, line });
  }

  #emit(event: RoomEvent): void {
    this.#options.onEvent?.(event);
  }
}
