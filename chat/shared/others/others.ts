/**
 * The other servers of a room: their members, their names, and what the servers do for each other. Pure.
 *
 * @module
 */
import type { Events } from "../../../lib/events.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { within } from "../../../lib/within.ts";
import { MAX_NAME } from "../../names.ts";
import type { BanKind } from "../../room/bans.ts";
import type { Elsewhere, ElsewhereHost, Lifted, Order, Orders, SharedBan } from "../../room/elsewhere.ts";
import type { Member, RemoteMember } from "../../room/member.ts";
import { Answers } from "./answers.ts";
import type { Bus, Table } from "./bus.ts";
import { Claims, REFRESH } from "./claims.ts";
import { GuestNumbers } from "./guest_numbers.ts";
import { Moderation } from "./moderation.ts";
import { decodeNews } from "./others_json.ts";
import { OwnMembers } from "./own_members.ts";
import { type Peer, Peers } from "./peers.ts";
import { Questions } from "./questions.ts";
import { Takeovers } from "./takeovers.ts";

/** A second (ms): how often silence is counted. */
const TICK = 1000;
/** How long another server may take to confirm a private message (ms). */
const CONFIRM = 2000;
/** How often all servers are asked for a name that nobody has heard of (ms). */
const SEARCH = 200;
/** How long it may take to free names when the server stops (ms). */
const LAST_WORDS = 1000;
/** How many names with a number are tried for an operator. */
const OPERATORS = 1000;

const OUT_OF_REACH = "names cannot be changed now: the room's other servers cannot be reached";

/** What the other servers are reached by. */
export interface OthersOptions {
  readonly bus: Bus;
  /** Whose a name is. Its entries last for {@linkcode "./claims.ts"}' `CLAIM_TTL`. */
  readonly names: Table;
  /** How many guests there were. */
  readonly guests: Table;
  /** What this server is called on the others, `host:port`. */
  readonly self: string;
  readonly events: Events;
  readonly time?: TimeSource;
}

/** The other servers of a room. */
export class Others implements Elsewhere, AsyncDisposable {
  readonly self: string;
  #bus: Bus;
  #events: Events;
  #time: TimeSource;
  #id = crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
  #peers = new Peers();
  #claims: Claims;
  #members: OwnMembers;
  #answers: Answers;
  #questions: Questions;
  #moderation: Moderation;
  #guests: GuestNumbers | null = null;
  #host: ElsewhereHost | null = null;
  #unwatch: () => void;
  #takeovers: Takeovers;
  /** Our members that the others believe to have left. */
  #saidGone = new Set<string>();
  /** The operator's name, without a number. */
  #operator = "";
  #cancelTick: () => void = () => {};
  #ticks = 0;
  #nextSearch = 0;

  private constructor({ bus, names, self, events, time = SYSTEM_TIME }: OthersOptions) {
    const id = this.#id;
    this.self = self;
    this.#bus = bus;
    this.#events = events;
    this.#time = time;
    this.#questions = new Questions(bus, this.#peers);
    this.#moderation = new Moderation(this.#questions, time);
    this.#claims = new Claims(names, id);
    const publish = (news: Uint8Array): void => bus.publish("news", news);
    const members = this.#members = new OwnMembers({ id, self, claims: this.#claims, publish });
    this.#takeovers = new Takeovers({ bus, claims: this.#claims, members, peers: this.#peers });
    const answers = this.#answers = new Answers({ id, members, time, onReturn: () => void this.#moderation.repeat() });
    bus.listen("news", (data) => this.#learn(data));
    for (const subject of ["all", `to.${id}`]) bus.listen(subject, (data, answer) => answers.take(data, answer));
    this.#unwatch = bus.watch((up) => up && this.#meet());
  }

  /**
   * Finds the other servers, and takes numbers for guests.
   *
   * @throws {Error} The broker cannot be reached.
   */
  static async open(options: OthersOptions): Promise<Others> {
    const others = new Others(options);
    await others.who();
    others.#guests = await GuestNumbers.open(options.guests, () => others.#lastGuest());
    others.#members.beat();
    others.#tickLater();
    return others;
  }

  get members(): readonly RemoteMember[] {
    return this.#peers.members;
  }

  async search(name: string): Promise<RemoteMember | null> {
    const known = this.#peers.find(name);
    if (known !== null || this.#time.now() < this.#nextSearch) return known;
    this.#nextSearch = this.#time.now() + SEARCH;
    await this.who();
    return this.#peers.find(name);
  }

  start(host: ElsewhereHost): void {
    this.#host = host;
    this.#answers.host = host;
    this.#members.start(host);
  }

  obey(orders: Orders): void {
    this.#moderation.orders = orders;
    this.#answers.orders = orders;
    this.#moderation.catchUp();
  }

  changed(name: string): void {
    this.#members.changed(name);
  }

  saidGone(name: string): void {
    if (this.#members.find(name) !== null) this.#saidGone.add(name);
  }

  closing(): void {
    this.#members.close();
  }

  guestNumber(): number {
    return this.#guests?.next() ?? 0;
  }

  async claim(name: string, member: Member): Promise<string | null> {
    if (!this.#bus.up && !this.#claims.has(name)) return OUT_OF_REACH;
    const session = this.#members.sessionOf(member);
    const there = this.#peers.find(name);
    const taken = `the name ${name} is taken`;
    // After an outage the table may have forgotten it, and the other server not yet claimed it again.
    if (there !== null && (session === null || there.session !== session)) return taken;
    try {
      return await this.#claims.claim(name, session) ? null : taken;
    } catch {
      return OUT_OF_REACH;
    }
  }

  /**
   * Claims the operator's name, or if another server has it, that name with a number.
   *
   * @throws {Error} The broker cannot be reached.
   */
  async claimOperatorName(wanted: string): Promise<string> {
    this.#operator = wanted;
    for (let number = 1; number < OPERATORS; number++) {
      const end = number === 1 ? "" : `-${number}`;
      const name = [...wanted].slice(0, MAX_NAME - end.length).join("") + end;
      if (await this.#claims.claim(name, null)) return name;
    }
    throw new Error(`all names like ${wanted} are taken`);
  }

  knows(member: Member): boolean {
    return this.#takeovers.knows(member);
  }

  takeOver(member: Member): Promise<string | null> {
    return this.#takeovers.takeOver(member);
  }

  async who(): Promise<readonly RemoteMember[]> {
    const silent = await this.#questions.who();
    return this.#peers.members.map((known) => silent.has(known.id) ? { ...known, silent: true } : known);
  }

  async tell(to: RemoteMember, { name }: Member, text: string): Promise<string | null> {
    const known = this.#peers.find(to.name);
    if (known === null) return `no such member: ${to.name}`;
    const message = { ask: "tell", to: known.name, name, at: this.self, text } as const;
    const reply = await this.#questions.ask(known, message, CONFIRM);
    return reply === null ? `${known.server} did not confirm it: that may not have been sent` : reply.said;
  }

  async order(to: RemoteMember, order: Order): Promise<string | null> {
    const known = this.#peers.find(to.name);
    return known === null ? "is not here any more" : await this.#moderation.order(known, order);
  }

  spread(bans: readonly SharedBan[], options: { expel: boolean }): Promise<readonly string[]> {
    return this.#moderation.spread(bans, options);
  }

  lift(kind: BanKind, word: string): Promise<Lifted> {
    return this.#moderation.lift(kind, word);
  }

  /** Frees the names that nobody may take along, and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch();
    this.#cancelTick();
    await within(this.#claims.settle(), LAST_WORDS, this.#time);
  }

  #learn(data: Uint8Array): void {
    const news = decodeNews(data);
    // Nobody but us may tell of our own members.
    if (news !== null && news.from !== this.#id && this.#peers.learn(news)) this.#questions.who(news.from);
  }

  /** The broker is there again: whatever was told meanwhile is told and asked anew. */
  #meet(): void {
    this.#members.beat();
    this.#refresh();
    this.who();
    this.#regain();
    this.#moderation.catchUp();
  }

  #tickLater(): void {
    this.#cancelTick = this.#time.after(TICK, () => this.#tick());
  }

  /** Ticks are counted, not time: while this process or the broker stands still, nobody is gone. */
  #tick(): void {
    this.#tickLater();
    if (!this.#bus.up) return;
    for (const peer of this.#peers.tick()) this.#announceGone(peer);
    if (++this.#ticks % (REFRESH / TICK) !== 0) return;
    this.#members.beat();
    this.#takeovers.repeat();
    this.#regain();
    this.#refresh();
  }

  #regain(): void {
    // It never rejects.
    this.#takeovers.catchUp((member, name) => this.#host?.regain(member, name));
  }

  /** All servers announce it, under the same id: it is heard once. */
  #announceGone({ id, at, members }: Peer): void {
    for (const { name } of members.values()) {
      if (this.#members.find(name) === null) this.#host?.announceGone({ name, server: at }, `gone ${id}.${name}`);
    }
  }

  async #refresh(): Promise<void> {
    const { moved, lost } = await this.#claims.refresh();
    for (const name of moved) {
      const member = this.#members.find(name);
      if (member !== null) this.#host?.depart(member);
    }
    for (const name of lost) await this.#lose(name);
    // Only now is it known which names are still ours.
    for (const name of this.#bus.up ? this.#saidGone : []) {
      const member = this.#members.find(name);
      if (member !== null) this.#host?.announceAgain(member);
      this.#saidGone.delete(name);
    }
  }

  /** While this server was out of reach, somebody on another one has got the name. */
  async #lose(name: string): Promise<void> {
    const member = this.#members.find(name);
    if (member === null) return;
    this.#events.emit({ event: "warning", message: `The name ${name} was given away on another server` });
    // The broker may be gone again; then it goes on under the name that it has lost until the next refresh.
    const next = member.outbox === null ? await this.claimOperatorName(this.#operator).catch(() => name) : null;
    if (next !== name) this.#host?.rename(member, next);
  }

  #lastGuest(): number {
    const numbers = this.#peers.members.map(({ name }) => Number(/^guest-(\d{1,6})$/.exec(name)?.[1] ?? 0));
    return Math.max(0, ...numbers);
  }
}
