/**
 * Servers of one room in this process: a broker in memory, and time that the test advances.
 *
 * @module
 */
import { Bans } from "../../../../chat/room/bans.ts";
import { type CommandTable, handleLine } from "../../../../chat/room/commands.ts";
import type { Entry, Journal, Reader } from "../../../../chat/room/journal.ts";
import type { Link, Member, RemoteMember } from "../../../../chat/room/member.ts";
import { Moderator } from "../../../../chat/room/moderator.ts";
import { Room } from "../../../../chat/room/room.ts";
import type { Answer, Bus, Held, Table } from "../../../../chat/shared/others/bus.ts";
import { CLAIM_TTL } from "../../../../chat/shared/others/claims.ts";
import { Others } from "../../../../chat/shared/others/others.ts";
import type { Events } from "../../../../lib/events.ts";
import { decodeText } from "../../../../lib/text.ts";
import { quickTurn, TestTime } from "../../../support/time.ts";

type Handle = (data: Uint8Array, answer: Answer | null) => void;

/** A table in memory. Each step takes a turn, so that those of several servers mix. */
export class FakeTable implements Table {
  /** What waits before each step. */
  pause = (): Promise<void> => Promise.resolve();
  reachable = (): boolean => true;
  #time: TestTime;
  #ttl: number;
  #entries = new Map<string, Held & { readonly at: number }>();
  #revision = 0;

  constructor(time: TestTime, ttl = 0) {
    this.#time = time;
    this.#ttl = ttl;
  }

  get size(): number {
    return [...this.#entries.keys()].filter((key) => this.#entry(key) !== null).length;
  }

  #entry(key: string): Held | null {
    const entry = this.#entries.get(key);
    return entry === undefined || this.#ttl > 0 && this.#time.now() - entry.at >= this.#ttl ? null : entry;
  }

  async #step(): Promise<void> {
    await this.pause();
    if (!this.reachable()) throw new Error("the broker cannot be reached");
  }

  async #change(key: string, revision: number | null, value: string | null): Promise<number | null> {
    await this.#step();
    if ((this.#entry(key)?.revision ?? null) !== revision) return null;
    if (value === null) this.#entries.delete(key);
    else this.#entries.set(key, { value, revision: ++this.#revision, at: this.#time.now() });
    return this.#revision;
  }

  create(key: string, value: string): Promise<number | null> {
    return this.#change(key, null, value);
  }

  update(key: string, value: string, revision: number): Promise<number | null> {
    return this.#change(key, revision, value);
  }

  async get(key: string): Promise<Held | null> {
    await this.#step();
    return this.#entry(key);
  }

  async remove(key: string, revision: number): Promise<void> {
    await this.#change(key, revision, null);
  }
}

/** The part of a table that one server reaches. */
function through(bus: FakeBus, table: FakeTable): Table {
  const guard = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
    if (!bus.up) throw new Error("the broker cannot be reached");
    return await work(...args);
  };
  return {
    create: guard((key: string, value: string) => table.create(key, value)),
    update: guard((key: string, value: string, revision: number) => table.update(key, value, revision)),
    get: guard((key: string) => table.get(key)),
    remove: guard((key: string, revision: number) => table.remove(key, revision)),
  };
}

class FakeBus implements Bus {
  up = true;
  readonly handles = new Map<string, Handle>();
  readonly watchers = new Set<(up: boolean) => void>();
  #town: Town;

  constructor(town: Town) {
    this.#town = town;
  }

  publish(subject: string, data: Uint8Array): void {
    this.#send(subject, data, null);
  }

  async request(subject: string, data: Uint8Array, ms: number): Promise<Uint8Array | null> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | null>();
    this.#town.time.after(ms, () => resolve(null));
    this.#send(subject, data, (answer) => this.up && resolve(answer));
    return await promise;
  }

  async requestAll(subject: string, data: Uint8Array, take: (data: Uint8Array) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#send(subject, data, (answer) => this.up && take(answer) && resolve());
    await Promise.race([promise, quickTurn()]);
  }

  listen(subject: string, handle: Handle): void {
    this.handles.set(subject, handle);
  }

  watch(listener: (up: boolean) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  #send(subject: string, data: Uint8Array, answer: Answer | null): void {
    if (!this.up) return;
    for (const bus of this.#town.buses) if (bus !== this && bus.up) bus.handles.get(subject)?.(data, answer);
  }
}

/** A journal in memory, for all servers; those out of reach get what they missed when they are back. */
class FakeJournal implements Journal {
  readonly epoch = "epoch";
  readonly full = false;
  #bus: FakeBus;
  #town: Town;
  #reader: Reader | null = null;
  #read = 0;
  #waiting: [Entry, Member | RemoteMember, string | null][] = [];

  constructor(bus: FakeBus, town: Town) {
    this.#bus = bus;
    this.#town = town;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  start(reader: Reader): void {
    this.#reader = reader;
    this.#read = this.#town.lines.length;
  }

  append(entry: Entry, by: Member | RemoteMember, id: string | null): void {
    this.#waiting.push([entry, by, id]);
    this.catchUp();
  }

  catchUp(): void {
    if (!this.#bus.up) return;
    for (const [entry, by, id] of this.#waiting.splice(0)) {
      if (id === null || !this.#town.lines.some((line) => line.id === id)) {
        this.#town.lines.push({ entry, by, id, from: this });
      }
    }
    for (const journal of this.#town.journals) journal.read();
  }

  read(): void {
    while (this.#bus.up && this.#read < this.#town.lines.length) {
      const { entry, by, id, from } = this.#town.lines[this.#read++]!;
      const author = from === this ? by : { name: entry.name, server: "elsewhere" };
      this.#reader?.deliver(this.#read, entry, author, from === this ? id : null);
    }
  }
}

/** Several servers, and their broker. */
export class Town {
  readonly time = new TestTime(quickTurn);
  readonly names = new FakeTable(this.time, CLAIM_TTL);
  readonly guests = new FakeTable(this.time);
  readonly buses: FakeBus[] = [];
  readonly journals: FakeJournal[] = [];
  readonly lines: { entry: Entry; by: Member | RemoteMember; id: string | null; from: FakeJournal }[] = [];

  /** Starts a server. */
  async server(self: string, name = "server"): Promise<Server> {
    const bus = new FakeBus(this);
    this.buses.push(bus);
    const journal = new FakeJournal(bus, this);
    this.journals.push(journal);
    const [names, guests] = [through(bus, this.names), through(bus, this.guests)];
    const warnings: string[] = [];
    const events: Events = {
      detailed: false,
      emit: (event) => event.event === "warning" && warnings.push(event.message),
    };
    const others = await Others.open({ bus, names, guests, self, events, time: this.time });
    return new Server({ town: this, bus, journal, others, warnings, name: await others.claimOperatorName(name) });
  }

  /** The notices of all that happened, as everyone reads them. */
  get said(): string[] {
    return this.lines.map(({ entry }) => {
      if (entry.kind === "left") return `${entry.name} left (${entry.why})`;
      if (entry.kind === "renamed") return `${entry.name} is now ${entry.to}`;
      return entry.kind === "joined" ? `${entry.name} joined` : `${entry.name}: ${entry.text}`;
    });
  }

  /** A publisher that is no server. */
  stranger(): Bus {
    const bus = new FakeBus(this);
    this.buses.push(bus);
    return bus;
  }
}

/** One server. */
export class Server implements AsyncDisposable {
  readonly room: Room;
  readonly operator: Member;
  readonly bans = new Bans();
  readonly others: Others;
  readonly warnings: string[];
  /** The notices to the operator. */
  readonly told: string[] = [];
  #town: Town;
  #bus: FakeBus;
  #journal: FakeJournal;
  #commands: CommandTable;

  constructor({ town, bus, journal, others, warnings, name }: {
    town: Town;
    bus: FakeBus;
    journal: FakeJournal;
    others: Others;
    warnings: string[];
    name: string;
  }) {
    this.#town = town;
    this.#bus = bus;
    this.#journal = journal;
    this.others = others;
    this.warnings = warnings;
    this.room = new Room({
      ...{ history: 0, journal, elsewhere: others, away: 20_000, time: town.time },
      onEvent: (event) => {
        if (event.kind === "told" && event.to === this.operator) this.told.push(event.text);
      },
    });
    this.operator = this.room.join(linkOf("", null), { name, follows: true, silent: true });
    const moderator = new Moderator(this.room, {
      ...{ bans: this.bans, clock: () => town.time.now(), self: this.operator },
    });
    this.#commands = moderator.commands();
  }

  /** A member of another server, as last heard. */
  finds(name: string): RemoteMember | null {
    return this.others.members.find((member) => member.name === name) ?? null;
  }

  /** A member joins. */
  join(address = "192.0.2.99", fingerprint: string | null = null): Guest {
    const dropped = { yet: false };
    const link = { ...linkOf(address, fingerprint), drop: () => void (dropped.yet = true) };
    return new Guest(this, this.room.join(link), dropped);
  }

  /** A member joins under a name. */
  async joined(name: string, { key, address }: { key?: string; address?: string } = {}): Promise<Guest> {
    const guest = this.join(address);
    if (key !== undefined) await guest.says(`/session ${key}`);
    await guest.says(`/nick ${name}`);
    this.room.introduce(guest.member);
    await quickTurn();
    return guest;
  }

  /** The operator's command; returns what the operator is told. */
  async orders(line: string): Promise<string[]> {
    this.told.length = 0;
    const done = handleLine(this.room, this.operator, line, this.#commands);
    if (done instanceof Promise) await done;
    return [...this.told];
  }

  /** Cuts the server off from the broker, or connects it again. */
  async reach(up: boolean, { unnoticed = false } = {}): Promise<void> {
    this.#bus.up = up;
    if (!unnoticed) { for (const watcher of this.#bus.watchers) watcher(up); }
    this.#journal.catchUp();
    await quickTurn();
  }

  /** It ends without a word. */
  async die(): Promise<void> {
    this.#bus.up = false;
    await this[Symbol.asyncDispose]();
    this.#town.buses.splice(this.#town.buses.indexOf(this.#bus), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.room.comebacks.close();
    const closing = this.others[Symbol.asyncDispose]();
    await this.#town.time.pass(1000);
    await closing;
  }
}

/** A member. */
export class Guest {
  readonly member: Member;
  readonly #server: Server;
  readonly #dropped: { readonly yet: boolean };

  constructor(server: Server, member: Member, dropped: { readonly yet: boolean }) {
    this.#server = server;
    this.member = member;
    this.#dropped = dropped;
  }

  /** Whether its connection was closed. */
  get dropped(): boolean {
    return this.#dropped.yet;
  }

  get name(): string {
    return this.member.name;
  }

  async says(line: string): Promise<void> {
    const done = handleLine(this.#server.room, this.member, line);
    if (done instanceof Promise) await done;
    await quickTurn();
  }

  /** What it has got since the last time. */
  async lines(): Promise<string[]> {
    await this.#server.room.turn();
    const { outbox } = this.member;
    if (outbox === null || outbox.queued === 0) return [];
    return decodeText(await outbox.take() ?? new Uint8Array()).trimEnd().split("\n");
  }
}

function linkOf(address: string, fingerprint: string | null): Link {
  const traffic = (): ReturnType<Link["traffic"]> => ({ bytesIn: 0, bytesOut: 0, idle: 0 });
  return { id: 1, peer: `${address}:1`, address, fingerprint, drop() {}, traffic };
}
