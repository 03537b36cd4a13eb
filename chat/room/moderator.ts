/**
 * The operator's moderation commands. Pure but for the clock.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import { addressRange, type Ban, banId, type BanKind, type Bans, type ClientIdentity } from "./bans.ts";
import type { Command, CommandTable } from "./commands.ts";
import type { LeaveReason, Member } from "./member.ts";
import { foldName } from "../names.ts";
import { splitWord } from "../protocol.ts";
import type { Room } from "./room.ts";

/** The default durations (minutes). */
const KICK = 1;
const MUTE = 60;
const BAN = 60;
const MINUTE = 60_000;

/** What a moderator needs. */
export interface ModeratorOptions {
  readonly bans: Bans;
  /** The time in milliseconds; it never runs backwards. */
  readonly clock: () => number;
  /** The operator. */
  readonly self: Member;
}

/** Kicks, mutes and bans members for the operator. */
export class Moderator {
  #room: Room;
  #bans: Bans;
  #clock: () => number;
  #self: Member;

  constructor(room: Room, { bans, clock, self }: ModeratorOptions) {
    this.#room = room;
    this.#bans = bans;
    this.#clock = clock;
    this.#self = self;
  }

  /** The moderation commands. */
  commands(): CommandTable {
    const command = (usage: string, help: string, act: (rest: string) => void): Command => ({
      usage,
      help,
      run: (_room, _self, rest) => rest.trim() === "" ? this.#say(`no name given: /${usage}`) : act(rest),
    });
    return {
      kick: command(
        "kick NAME [MINUTES]",
        `disconnect NAME and keep it out (default: ${plural(KICK, "minute")})`,
        (rest) => this.#withMember(rest, KICK, (member, minutes) => this.#expel(member, minutes, "kicked")),
      ),
      mute: command(
        "mute NAME [MINUTES]",
        `silence NAME (default: ${MUTE} minutes)`,
        (rest) => this.#withMember(rest, MUTE, (member, minutes) => this.#mute(member, minutes)),
      ),
      unmute: command("unmute NAME|ADDRESS", "unmute NAME or all from ADDRESS", (rest) => this.#unmute(rest.trim())),
      ban: command(
        "ban NAME|ADDRESS [MINUTES]",
        `disconnect NAME or all from ADDRESS and keep them out (default: ${BAN} minutes)`,
        (rest) => this.#ban(rest),
      ),
      unban: command("unban NAME|ADDRESS", "lift a ban", (rest) => this.#unban(rest.trim())),
      bans: { usage: "bans", help: "list bans and mutes with the time left", run: () => this.#list() },
    };
  }

  /** Ends a mute that has expired; called before a line of a muted member is handled. */
  checkMute(member: Member): void {
    if (this.#bans.find("mute", identityOf(member), this.#clock()) !== null) return;
    this.#room.mute(member, false);
    this.#room.notify(member, "you are no longer muted");
  }

  #say(text: string): void {
    this.#room.notify(this.#self, text);
  }

  /** Runs an action on the named member with the given or default duration; refuses the operator itself. */
  #withMember(rest: string, minutes: number, act: (member: Member, minutes: number) => void): void {
    const { word, text } = splitWord(rest.trim());
    const member = this.#room.find(word);
    const time = minutesIn(text, minutes);
    if (member === null) this.#say(`no such member: ${word}`);
    else if (member === this.#self) this.#say("that is you");
    else if (time === null) this.#say(noMinutes(text));
    else act(member, time);
  }

  #expel(member: Member, minutes: number, why: Extract<LeaveReason, "kicked" | "banned">): void {
    const done = why === "kicked" ? "kicked out" : "banned";
    const now = this.#clock();
    const entry = entryOf("ban", member, now + minutes * MINUTE);
    const ban = why === "kicked" ? this.#bans.add(entry, now) : this.#bans.set(entry, now);
    this.#room.expel(member, why, why === "kicked" ? kickNotice(ban, now) : banNotice(ban, now));
    const others =
      this.#room.members.filter((other) => other !== this.#self && banId(identityOf(other)) === ban.id).length;
    const stay = others === 0 ? "" : `; still connected from there: ${plural(others, "other")}`;
    this.#say(`${member.name} was ${done}: ${ban.id} is banned for ${minutesLeft(ban, now)}${stay}`);
  }

  #ban(rest: string): void {
    const { word, text } = splitWord(rest.trim());
    const place = addressRange(word);
    if (place === null) {
      return this.#withMember(rest, BAN, (member, minutes) => this.#expel(member, minutes, "banned"));
    }
    const minutes = minutesIn(text, BAN);
    if (minutes === null) return this.#say(noMinutes(text));
    const now = this.#clock();
    const ban = this.#bans.set({ kind: "ban", id: place, name: null, until: now + minutes * MINUTE }, now);
    for (const member of this.#room.members) {
      if (member === this.#self || addressRange(identityOf(member).address) !== place) continue;
      this.#room.expel(member, "banned", banNotice(ban, now));
    }
    this.#say(`${place} is banned for ${plural(minutes, "minute")}`);
  }

  #unban(word: string): void {
    const lifted = this.#lift("ban", word);
    if (lifted.length === 0) this.#say(`${word} is not banned; /bans lists all bans`);
    for (const ban of lifted) this.#say(`${describe(ban)} is no longer banned`);
  }

  #mute(member: Member, minutes: number): void {
    const now = this.#clock();
    this.#bans.set(entryOf("mute", member, now + minutes * MINUTE), now);
    this.#room.mute(member, true);
    this.#room.notify(member, MUTED);
    this.#say(`${member.name} is muted for ${plural(minutes, "minute")}`);
  }

  #unmute(word: string): void {
    const member = this.#room.find(word);
    const lifted = this.#lift("mute", word);
    // The member may have been muted under another name, or by its address.
    if (member?.muted === true) {
      const { address, fingerprint } = identityOf(member);
      for (const id of [fingerprint, addressRange(address)]) lifted.push(...this.#bans.lift("mute", id));
    }
    for (const entry of lifted) this.#say(`${describe(entry)} is no longer muted`);
    for (const each of this.#room.members) if (each.muted) this.checkMute(each);
    if (lifted.length === 0) this.#say(`${word} is not muted; /bans lists all mutes`);
  }

  #lift(kind: BanKind, word: string): Ban[] {
    return this.#bans.lift(kind, addressRange(word) ?? word, (name) => foldName(name) === foldName(word));
  }

  #list(): void {
    const now = this.#clock();
    const bans = this.#bans.list(now);
    if (bans.length === 0) this.#say("no bans or mutes");
    for (const ban of bans) {
      this.#say(`${ban.kind === "ban" ? "banned" : "muted"}: ${describe(ban)}, ${minutesLeft(ban, now)} left`);
    }
  }
}

/** What a muted member is told, when it is muted and when it reconnects. */
export const MUTED = "the operator has muted you: your lines are not sent";

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

function describe({ name, id }: Ban): string {
  return name === null ? id : `${name} (${id})`;
}

function minutesLeft({ until }: Ban, now: number): string {
  return plural(Math.ceil((until - now) / MINUTE), "minute");
}

/** 31 days. Use `--allow` or a firewall to keep a client out for longer. */
const MAX_MINUTES = 44_640;

/** The minutes that were typed, or the default; `null` if they are not valid. */
function minutesIn(text: string, otherwise: number): number | null {
  if (text === "") return otherwise;
  const minutes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= MAX_MINUTES ? minutes : null;
}

function noMinutes(text: string): string {
  return `cannot use ${text}: it must be a number of minutes from 1 to ${MAX_MINUTES}`;
}
