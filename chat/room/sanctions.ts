/**
 * Kicks, mutes and bans, ordered here or by an operator of another server, and told to all servers. Pure but for the clock.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import { addressRange, type Ban, banId, type BanKind, type Bans, type ClientIdentity } from "./bans.ts";
import type { Order, Orders, SharedBan } from "./elsewhere.ts";
import type { Member } from "./member.ts";
import { foldName } from "../names.ts";
import type { Room } from "./room.ts";

/** A minute (ms). */
export const MINUTE = 60_000;

/** What sanctions need. */
export interface SanctionsOptions {
  readonly bans: Bans;
  /** The time in milliseconds; it never runs backwards. */
  readonly clock: () => number;
}

/** What a muted member is told, when it is muted and when it reconnects. */
export const MUTED = "the operator has muted you: your lines are not sent";

/** Carries out what a moderator orders. */
export class Sanctions implements Orders {
  #room: Room;
  #bans: Bans;
  #clock: () => number;

  constructor(room: Room, { bans, clock }: SanctionsOptions) {
    this.#room = room;
    this.#bans = bans;
    this.#clock = clock;
  }

  carryOut({ kind, minutes }: Order, member: Member): string | Promise<string> {
    if (member.outbox === null) return "is the operator there, and stays";
    return kind === "mute" ? this.#mute(member, minutes) : this.#expel(member, minutes, kind);
  }

  /** Bans all clients from an address; returns what was done. */
  banPlace(place: string, minutes: number): string | Promise<string> {
    const now = this.#clock();
    const ban = this.#bans.set({ kind: "ban", id: place, name: null, until: now + minutes * MINUTE }, now);
    this.#expelFrom(ban);
    return this.#spread(ban, { expel: true }, (doubt) => `${place} is banned for ${plural(minutes, "minute")}${doubt}`);
  }

  lift(kind: BanKind, word: string): Ban[] {
    const lifted = this.#bans.lift(kind, addressRange(word) ?? word, (name) => foldName(name) === foldName(word));
    if (kind === "ban") return lifted;
    const member = this.#room.find(word);
    // The member may have been muted under another name, or by its address.
    if (member?.muted === true) {
      const { address, fingerprint } = identityOf(member);
      for (const id of [fingerprint, addressRange(address)]) lifted.push(...this.#bans.lift("mute", id));
    }
    for (const each of this.#room.members) if (each.muted) this.checkMute(each);
    return lifted;
  }

  /** Ends a mute that has expired or was lifted. */
  checkMute(member: Member): void {
    if (this.#bans.find("mute", identityOf(member), this.#clock()) !== null) return;
    this.#room.mute(member, false);
    this.#room.notify(member, "you are no longer muted");
  }

  bans(): SharedBan[] {
    const now = this.#clock();
    return this.#bans.list(now).map((ban) => shared(ban, now));
  }

  adopt(bans: readonly SharedBan[], { expel, late }: { expel: boolean; late: boolean }): void {
    const now = this.#clock();
    for (const { left, ...rest } of bans) {
      const ban = { ...rest, until: now + left };
      const kept = late ? this.#bans.add(ban, now) : this.#bans.set(ban, now);
      if (expel) this.#expelFrom(kept);
    }
  }

  /** The other servers know of the ban before the member is disconnected: its client may try them at once. */
  #expel(member: Member, minutes: number, kind: "kick" | "ban"): string | Promise<string> {
    const now = this.#clock();
    const entry = entryOf("ban", member, now + minutes * MINUTE);
    const ban = kind === "kick" ? this.#bans.add(entry, now) : this.#bans.set(entry, now);
    return this.#spread(ban, { expel: false }, (doubt) => {
      const [why, notice] = kind === "kick" ? ["kicked", kickNotice] as const : ["banned", banNotice] as const;
      this.#room.expel(member, why, notice(ban, now));
      const others = this.#room.members.filter((other) =>
        other.outbox !== null && banId(identityOf(other)) === ban.id
      ).length;
      const stay = others === 0 ? "" : `; still connected from there: ${plural(others, "other")}`;
      const done = kind === "kick" ? "kicked out" : "banned";
      return `was ${done}: ${ban.id} is banned for ${minutesLeft(ban, now)}${stay}${doubt}`;
    });
  }

  #mute(member: Member, minutes: number): string | Promise<string> {
    const now = this.#clock();
    const ban = this.#bans.set(entryOf("mute", member, now + minutes * MINUTE), now);
    this.#room.mute(member, true);
    this.#room.notify(member, MUTED);
    return this.#spread(ban, { expel: false }, (doubt) => `is muted for ${plural(minutes, "minute")}${doubt}`);
  }

  #expelFrom(ban: Ban): void {
    for (const member of this.#room.members) {
      if (member.outbox === null || addressRange(identityOf(member).address) !== ban.id) continue;
      this.#room.expel(member, "banned", banNotice(ban, this.#clock()));
    }
  }

  /** Tells the other servers; then does the rest, which says what could not be confirmed. */
  #spread(ban: Ban, options: { expel: boolean }, then: (doubt: string) => string): string | Promise<string> {
    const { elsewhere } = this.#room;
    if (elsewhere === null) return then("");
    return elsewhere.spread([shared(ban, this.#clock())], options).then((silent) => then(doubtOf(silent)));
  }
}

/** The end of a sentence that names the servers that did not confirm what it says. */
export function doubtOf(silent: readonly string[]): string {
  return silent.length === 0 ? "" : `; not confirmed by ${silent.join(", ")}`;
}

function kickNotice(ban: Ban, now: number): string {
  return `the operator has kicked you out for ${minutesLeft(ban, now)}`;
}

/** What a banned client is told. */
export function banNotice(ban: Ban, now: number): string {
  return `the operator has banned you, ${minutesLeft(ban, now)} left`;
}

function identityOf({ link: { address = "", fingerprint = null } }: Member): ClientIdentity {
  return { address, fingerprint };
}

function entryOf(kind: BanKind, member: Member, until: number): Ban {
  return { kind, id: banId(identityOf(member)), name: member.name, until };
}

function shared({ until, ...ban }: Ban, now: number): SharedBan {
  return { ...ban, left: until - now };
}

/** How long a ban still lasts, as text. */
export function minutesLeft({ until }: Ban, now: number): string {
  return plural(Math.ceil((until - now) / MINUTE), "minute");
}
