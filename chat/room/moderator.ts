/**
 * The operator's moderation commands. Pure but for the clock.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import { addressRange, type BanKind, type Bans } from "./bans.ts";
import type { Command, CommandTable } from "./commands.ts";
import type { Elsewhere, Order, SharedBan } from "./elsewhere.ts";
import type { Member } from "./member.ts";
import { splitWord } from "../protocol.ts";
import type { Room } from "./room.ts";
import { doubtOf, MINUTE, minutesLeft, Sanctions, type SanctionsOptions } from "./sanctions.ts";

export { banNotice, MUTED } from "./sanctions.ts";

/** The default durations (minutes). */
const KICK = 1;
const MUTE = 60;
const BAN = 60;

/** What a moderator needs. */
export interface ModeratorOptions extends SanctionsOptions {
  /** The operator. */
  readonly self: Member;
}

/** Kicks, mutes and bans members for the operator. */
export class Moderator {
  #room: Room;
  #bans: Bans;
  #clock: () => number;
  #self: Member;
  #sanctions: Sanctions;

  constructor(room: Room, { self, ...options }: ModeratorOptions) {
    this.#room = room;
    this.#bans = options.bans;
    this.#clock = options.clock;
    this.#self = self;
    this.#sanctions = new Sanctions(room, options);
    room.elsewhere?.obey(this.#sanctions);
  }

  /** The moderation commands. */
  commands(): CommandTable {
    const command = (usage: string, help: string, act: (rest: string) => void | Promise<void>): Command => ({
      usage,
      help,
      run: (_room, _self, rest) => rest.trim() === "" ? this.#say(`no name given: /${usage}`) : act(rest.trim()),
    });
    return {
      kick: command(
        "kick NAME [MINUTES]",
        `disconnect NAME and keep it out (default: ${plural(KICK, "minute")})`,
        (rest) => this.#order(rest, "kick", KICK),
      ),
      mute: command(
        "mute NAME [MINUTES]",
        `silence NAME (default: ${MUTE} minutes)`,
        (rest) => this.#order(rest, "mute", MUTE),
      ),
      unmute: command("unmute NAME|ADDRESS", "unmute NAME or all from ADDRESS", (word) => this.#lift("mute", word)),
      ban: command(
        "ban NAME|ADDRESS [MINUTES]",
        `disconnect NAME or all from ADDRESS and keep them out (default: ${BAN} minutes)`,
        (rest) => this.#ban(rest),
      ),
      unban: command("unban NAME|ADDRESS", "lift a ban", (word) => this.#lift("ban", word)),
      bans: { usage: "bans", help: "list bans and mutes with the time left", run: () => this.#list() },
    };
  }

  /** Ends a mute that has expired; called before a line of a muted member is handled. */
  checkMute(member: Member): void {
    this.#sanctions.checkMute(member);
  }

  #say(text: string): void {
    this.#room.notify(this.#self, text);
  }

  /** Tells the operator what was done, now or when the other servers know of it. */
  #sayWhenDone(done: string | Promise<string>, subject = ""): void | Promise<void> {
    return done instanceof Promise ? done.then((text) => this.#say(subject + text)) : this.#say(subject + done);
  }

  /** Has the named member kicked, banned or muted, with the given or default duration; refuses the operator itself. */
  #order(rest: string, kind: Order["kind"], otherwise: number): void | Promise<void> {
    const { word, text } = splitWord(rest);
    const minutes = minutesIn(text, otherwise);
    if (minutes === null) return this.#say(noMinutes(text));
    const member = this.#room.find(word);
    const order = { kind, minutes };
    if (member === this.#self) return this.#say("that is you");
    if (member !== null) return this.#sayWhenDone(this.#sanctions.carryOut(order, member), `${member.name} `);
    if (this.#room.elsewhere === null) return this.#say(`no such member: ${word}`);
    return this.#orderElsewhere(this.#room.elsewhere, word, order);
  }

  async #orderElsewhere(elsewhere: Elsewhere, word: string, order: Order): Promise<void> {
    const to = await elsewhere.search(word);
    if (to === null) return this.#say(`no such member: ${word}`);
    const done = await elsewhere.order(to, order);
    this.#say(
      done === null
        ? `${to.name} may still be here: ${to.server} did not confirm it`
        : `${to.name} (on ${to.server}) ${done}`,
    );
  }

  #ban(rest: string): void | Promise<void> {
    const { word, text } = splitWord(rest);
    const place = addressRange(word);
    if (place === null) return this.#order(rest, "ban", BAN);
    const minutes = minutesIn(text, BAN);
    if (minutes === null) return this.#say(noMinutes(text));
    return this.#sayWhenDone(this.#sanctions.banPlace(place, minutes));
  }

  #lift(kind: BanKind, word: string): void | Promise<void> {
    const { elsewhere } = this.#room;
    const lifted = this.#sanctions.lift(kind, word);
    if (elsewhere === null) return this.#sayLifted(kind, word, lifted, []);
    return this.#liftElsewhere(elsewhere, kind, word, lifted);
  }

  async #liftElsewhere(elsewhere: Elsewhere, kind: BanKind, word: string, lifted: Named[]): Promise<void> {
    const { bans, silent } = await elsewhere.lift(kind, word);
    const all = new Map([...bans, ...lifted].map((ban) => [ban.id, ban]));
    // Only the server of a member that has changed its name knows which entry is its own.
    const others = [...all.keys()].filter((id) => id !== word);
    for (const id of others) this.#sanctions.lift(kind, id);
    const more = await Promise.all(others.map((id) => elsewhere.lift(kind, id)));
    const doubt = new Set([...silent, ...more.flatMap((each) => each.silent)]);
    this.#sayLifted(kind, word, [...all.values()], [...doubt]);
  }

  #sayLifted(kind: BanKind, word: string, lifted: readonly Named[], silent: readonly string[]): void {
    const done = kind === "ban" ? "banned" : "muted";
    const doubt = doubtOf(silent);
    for (const entry of lifted) this.#say(`${describe(entry)} is no longer ${done}${doubt}`);
    if (lifted.length === 0) this.#say(`${word} is not ${done}; /bans lists all ${kind}s${doubt}`);
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

/** What names a ban or a mute. */
type Named = Pick<SharedBan, "id" | "name">;

function describe({ name, id }: Named): string {
  return name === null ? id : `${name} (${id})`;
}

/** 31 days. Use `--allow` or a firewall to keep a client out for longer. */
const MAX_MINUTES = 44_640;

/** The longest that a ban lasts (ms). */
export const MAX_BAN: number = MAX_MINUTES * MINUTE;

/** The minutes that were typed, or the default; `null` if they are not valid. */
function minutesIn(text: string, otherwise: number): number | null {
  if (text === "") return otherwise;
  const minutes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= MAX_MINUTES ? minutes : null;
}

function noMinutes(text: string): string {
  return `cannot use ${text}: it must be a number of minutes from 1 to ${MAX_MINUTES}`;
}
