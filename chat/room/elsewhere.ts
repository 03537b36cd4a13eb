/**
 * What a room asks of the other servers that share it, and what they ask of the room. Pure: interfaces.
 *
 * @module
 */
import type { BanKind } from "./bans.ts";
import type { Member, RemoteMember } from "./member.ts";

/** The other servers of a room. */
export interface Elsewhere {
  /** What this server is called there, `host:port`. */
  readonly self: string;
  /** The members on other servers, as last heard. */
  readonly members: readonly RemoteMember[];
  /** Finds one by name, ignoring case, width, accents and punctuation; asks the servers if none was heard of. */
  search(name: string): Promise<RemoteMember | null>;
  /** Names the room; called once, before it has members. */
  start(host: ElsewhereHost): void;
  /** Names who carries out the orders of other servers' operators. */
  obey(orders: Orders): void;
  /** A member with this name has come or gone here, or its session has begun. What became of the name is looked up later. */
  changed(name: string): void;
  /** The number of the next guest; no other server gives the same. */
  guestNumber(): number;
  /**
   * Claims a name for a member here. It is this server's until {@linkcode Elsewhere.changed} finds that nobody has it, or until the
   * server is gone.
   *
   * @param member Its session may have had the name on another server: then it gets it from there.
   * @returns `null` if it worked, else the problem as the end of a sentence.
   */
  claim(name: string, member: Member): Promise<string | null>;
  /** Whether a member's session was last heard of on another server. */
  knows(member: Member): boolean;
  /**
   * Takes over the member of the same session from the server that has it, or had it before it was gone; nobody is told.
   *
   * @returns Its name, which is this server's now; `null` if the other server was faster, or cannot be reached.
   */
  takeOver(member: Member): Promise<string | null>;
  /** Asks every server who is there; the members of servers that do not answer are those last heard. */
  who(): Promise<readonly RemoteMember[]>;
  /**
   * Sends a private message.
   *
   * @returns `null` if it has arrived, else the problem as a sentence.
   */
  tell(to: RemoteMember, from: Member, text: string): Promise<string | null>;
  /**
   * Has a member of another server kicked, banned or muted by its server.
   *
   * @returns What was done, as a sentence without its subject; `null` if the server did not confirm it.
   */
  order(to: RemoteMember, order: Order): Promise<string | null>;
  /** Tells every server of bans and mutes; returns the servers that did not confirm it. */
  spread(bans: readonly SharedBan[], options: { readonly expel: boolean }): Promise<readonly string[]>;
  /** Lifts bans or mutes on every server. */
  lift(kind: BanKind, word: string): Promise<Lifted>;
  /** The journal says that this server is gone, with the member of a name: it was only out of reach. */
  saidGone(name: string): void;
  /** The room closes: a member with a session keeps its name for a while, so that it can come back on another server. */
  closing(): void;
}

/** What a moderator does to one member. */
export interface Order {
  readonly kind: "kick" | "ban" | "mute";
  readonly minutes: number;
}

/** A ban or a mute as servers tell each other; their clocks differ, so it has no time of day. */
export interface SharedBan {
  readonly kind: BanKind;
  readonly id: string;
  readonly name: string | null;
  /** How long it lasts (ms). */
  readonly left: number;
}

/** What was lifted on other servers. */
export interface Lifted {
  readonly bans: readonly Pick<SharedBan, "id" | "name">[];
  /** The servers that did not confirm it. */
  readonly silent: readonly string[];
}

/** What the other servers may do to a room. */
export interface ElsewhereHost {
  /** The member with exactly this name. */
  holder(name: string): Member | null;
  /** The secret of a member's session; `null` if it has none. */
  sessionOf(member: Member): string | null;
  /** Shows a member a private message. */
  receive(to: Member, from: RemoteMember, text: string): void;
  /** A member has come back on another server: it leaves this one, and nobody is told. */
  depart(member: Member): void;
  /** A member gets the name that it had on another server, which could not be asked when it came. */
  regain(member: Member, name: string): void;
  /**
   * A member's name belongs to another one now: this server was out of reach for too long. For everyone else the one who had it has
   * left, and another one joins.
   *
   * @param name Its next one; `null` = a guest's.
   */
  rename(member: Member, name: string | null): void;
  /** Tells everyone that a member is here that is said to have left. */
  announceAgain(member: Member): void;
  /**
   * The server of a member is gone.
   *
   * @param id The same on every server that says so; the journal numbers only one of the entries.
   */
  announceGone(member: RemoteMember, id: string): void;
}

/** What other servers' operators may order here. */
export interface Orders {
  /** The bans and mutes in force. */
  bans(): readonly SharedBan[];
  /**
   * Takes over bans and mutes.
   *
   * @param options With `expel`, those from their addresses have to go. With `late`, they were not ordered now: of two of the same
   * client, the one that lasts longer counts.
   */
  adopt(bans: readonly SharedBan[], options: { readonly expel: boolean; readonly late: boolean }): void;
  /** Lifts bans or mutes. */
  lift(kind: BanKind, word: string): readonly Pick<SharedBan, "id" | "name">[];
  /** Kicks, bans or mutes a member here; returns what was done, as a sentence without its subject. */
  carryOut(order: Order, member: Member): string | Promise<string>;
}
