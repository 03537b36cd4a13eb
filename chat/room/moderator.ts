/**
 * What the operator can do about those who misbehave. Pure but for the clock.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import { type Ban, banId, type Bans, type Kind, placeOf, type Who } from "./bans.ts";
import type { CommandTable } from "./commands.ts";
import type { Member, Why } from "./member.ts";
import { foldName } from "../names.ts";
import { splitWord } from "../protocol.ts";
import type { Room } from "./room.ts";

/** For how long (minutes) each holds where the operator does not say. */
const KICK = 1;
const MUTE = 60;
const BAN = 60;
const MINUTE = 60_000;

/** What a moderator works with. */
export interface ModeratorOptions {
  readonly bans: Bans;
  /** The time in milliseconds; it never runs backwards. */
  readonly clock: () => number;
  /** The operator. */
  readonly self: Member;
}

/** The operator's hands. */
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

  /** The commands. */
  commands(): CommandTable {
    const run = (act: (rest: string) => void) => (_room: Room, _self: Member, rest: string): void => act(rest);
    return {
      kick: {
        usage: "kick NAME [MINUTES]",
        help: `make NAME leave and keep it out for a while (${plural(KICK, "minute")})`,
        run: run((rest) => this.#with(rest, KICK, (member, minutes) => this.#sendAway(member, minutes, "kicked"))),
      },
      mute: {
        usage: "mute NAME [MINUTES]",
        help: `let nobody hear NAME (${MUTE} minutes)`,
        run: run((rest) => this.#with(rest, MUTE, (member, minutes) => this.#mute(member, minutes))),
      },
      unmute: {
        usage: "unmute NAME|ADDRESS",
        help: "let NAME, or all from ADDRESS, be heard again",
        run: run((rest) => this.#unmute(rest.trim())),
      },
      ban: {
        usage: "ban NAME|ADDRESS [MINUTES]",
        help: `make NAME, or all from ADDRESS, leave and keep them out (${BAN} minutes)`,
        run: run((rest) => this.#ban(rest)),
      },
      unban: { usage: "unban NAME|ADDRESS", help: "let them in again", run: run((rest) => this.#unban(rest.trim())) },
      bans: { usage: "bans", help: "who is kept out or muted, and for how long", run: run(() => this.#list()) },
    };
  }

  /** Ends a mute whose time is over; called before a muted member is heard. */
  review(member: Member): void {
    if (this.#bans.find("mute", whoIs(member), this.#clock()) !== null) return;
    this.#room.mute(member, false);
    this.#room.notify(member, "you are heard again");
  }

  #say(text: string): void {
    this.#room.notify(this.#self, text);
  }

  /** Does something with the member of a name for so many minutes; the operator is none to do it with. */
  #with(rest: string, minutes: number, act: (member: Member, minutes: number) => void): void {
    const { word, text } = splitWord(rest.trim());
    const member = this.#room.find(word);
    const time = minutesIn(text, minutes);
    if (word === "") this.#say("name somebody");
    else if (member === null) this.#say(`nobody here is called ${word}`);
    else if (member === this.#self) this.#say("that is you");
    else if (time === null) this.#say(noMinutes(text));
    else act(member, time);
  }

  #sendAway(member: Member, minutes: number, why: Extract<Why, "kicked" | "banned">): void {
    const done = why === "kicked" ? "kicked out" : "banned";
    this.#room.notify(member, `you were ${done} by the operator`);
    const now = this.#clock();
    const entry = entryOf("ban", member, now + minutes * MINUTE);
    const ban = why === "kicked" ? this.#bans.add(entry, now) : this.#bans.set(entry, now);
    this.#room.leave(member, why);
    const others = this.#room.members.filter((other) => other !== this.#self && banId(whoIs(other)) === ban.id).length;
    const stay = others === 0 ? "" : `; ${plural(others, "other")} from there stay`;
    this.#say(`${member.name} was ${done}: ${ban.id} is kept out for ${minutesLeft(ban, now)}${stay}`);
  }

  #ban(rest: string): void {
    const { word, text } = splitWord(rest.trim());
    const place = placeOf(word);
    if (place === null) {
      return this.#with(rest, BAN, (member, minutes) => this.#sendAway(member, minutes, "banned"));
    }
    const minutes = minutesIn(text, BAN);
    if (minutes === null) return this.#say(noMinutes(text));
    const now = this.#clock();
    this.#bans.set({ kind: "ban", id: place, name: null, until: now + minutes * MINUTE }, now);
    for (const member of this.#room.members) {
      if (member === this.#self || placeOf(whoIs(member).address) !== place) continue;
      this.#room.notify(member, "you were banned by the operator");
      this.#room.leave(member, "banned");
    }
    this.#say(`${place} is kept out for ${plural(minutes, "minute")}`);
  }

  #unban(word: string): void {
    const lifted = this.#lift("ban", word);
    if (lifted.length === 0) this.#say(word === "" ? "name somebody" : `${word} is not banned; /bans lists who is`);
    for (const ban of lifted) this.#say(`${describe(ban)} may come in again`);
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
    // A member may have been muted under another name, or because of its address.
    if (member?.muted === true) {
      const { address, fingerprint } = whoIs(member);
      for (const id of [fingerprint, placeOf(address)]) lifted.push(...this.#bans.lift("mute", id));
    }
    for (const entry of lifted) this.#say(`${describe(entry)} is heard again`);
    for (const each of this.#room.members) if (each.muted) this.review(each);
    if (lifted.length === 0) this.#say(word === "" ? "name somebody" : `${word} is not muted; /bans lists who is`);
  }

  #lift(kind: Kind, word: string): Ban[] {
    return this.#bans.lift(kind, placeOf(word) ?? word, (name) => foldName(name) === foldName(word));
  }

  #list(): void {
    const now = this.#clock();
    const bans = this.#bans.list(now);
    if (bans.length === 0) this.#say("nobody is banned or muted");
    for (const ban of bans) {
      this.#say(`${ban.kind === "ban" ? "banned" : "muted"}: ${describe(ban)}, for ${minutesLeft(ban, now)} more`);
    }
  }
}

/** What a muted member is told, now and when it comes again. */
export const MUTED = "the operator has muted you: nobody hears you";

/** What a client that is kept out is told. */
export function keptOut(ban: Ban, now: number): string {
  return `the operator keeps you out for ${minutesLeft(ban, now)} more`;
}

function whoIs({ link: { address = "", fingerprint = null } }: Member): Who {
  return { address, fingerprint };
}

function entryOf(kind: Kind, member: Member, until: number): Ban {
  return { kind, id: banId(whoIs(member)), name: member.name, until };
}

function describe({ name, id }: Ban): string {
  return name === null ? id : `${name} (${id})`;
}

function minutesLeft({ until }: Ban, now: number): string {
  return plural(Math.ceil((until - now) / MINUTE), "minute");
}

/** A month. `--allow` or a firewall is the better way to keep somebody out for longer. */
const MOST_MINUTES = 44_640;

/** The minutes that were typed, those that hold where none were, or `null` where it is no number of them. */
function minutesIn(text: string, otherwise: number): number | null {
  if (text === "") return otherwise;
  const minutes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= MOST_MINUTES ? minutes : null;
}

function noMinutes(text: string): string {
  return `cannot use ${text}: say for how many minutes, from 1 to ${MOST_MINUTES}`;
}
