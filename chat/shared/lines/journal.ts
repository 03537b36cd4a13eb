/**
 * The journal of a room that several servers share: every server reads the same lines, in the same order, with the same numbers.
 *
 * An own line is delivered like those of the others, when it has its number. Each line has an id, so that one which was added twice (its
 * acknowledgement was lost, or its author's client has moved to another server) is delivered once.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { BoundedMap } from "../../../lib/bounded_map.ts";
import type { Events } from "../../../lib/events.ts";
import { plural } from "../../../lib/text.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { within } from "../../../lib/within.ts";
import type { Entry, Journal, Reader as Room } from "../../room/journal.ts";
import { isHere, type Member, type RemoteMember } from "../../room/member.ts";
import { decodeEntry, encodeEntry } from "./entry_json.ts";
import type { Added, LineStore, StoredLine, StoreState } from "./line_store.ts";
import { Lookout, type LookoutHost } from "./lookout.ts";
import { Outage } from "./outage.ts";
import { Reader } from "./reader.ts";
import { Sender, type Waiting } from "./sender.ts";

/** How many lines of the past are read at the start. */
const PAST = 1000;
/** How many ids of lines are remembered, should a client send a line again much later. */
const REMEMBERED = 10_000;
/** How long lines that wait may take on the way out when the server stops (ms). */
const LAST_LINES = 2000;

/** Options of {@linkcode SharedJournal.open}. */
export interface JournalOptions {
  readonly store: LineStore;
  /** What this server is called on the others, `host:port`. */
  readonly self: string;
  readonly events: Events;
  readonly time?: TimeSource;
}

/** An entry of a member here, until it is delivered. */
interface Own {
  readonly entry: Entry;
  readonly by: Member | RemoteMember;
  /** As the room gave it; `null` if it gave none. */
  readonly id: string | null;
  /** As it was sent. */
  readonly data: Uint8Array;
}

/** Numbers the entries of a room together with other servers. */
export class SharedJournal implements Journal, AsyncDisposable {
  /** Whether the store is out of reach, and who is told. */
  readonly outage: Outage;
  #options: JournalOptions;
  #time: TimeSource;
  #room: Room | null = null;
  /** What was read before there was a room. */
  #past: StoredLine[] = [];
  #own = new Map<string, Own>();
  /** The numbers of the last lines that were delivered, by their ids. */
  #delivered = new BoundedMap<string, number>(REMEMBERED);
  /** When the newest line was added that was read, by the store's clock. */
  #newest = 0;
  /** The same when the store was numbered anew: lines up to then were delivered, or were the past already. */
  #oldUntil = 0;
  #sender: Sender;
  #reader: Reader;
  #lookout: Lookout;
  #unwatch: () => void;

  private constructor(options: JournalOptions, state: StoreState) {
    const { store, events, time = SYSTEM_TIME } = options;
    this.#options = options;
    this.#time = time;
    this.outage = new Outage(events, time);
    this.#sender = new Sender(store, {
      stored: (line, place) => this.#stored(line, place),
      refused: ({ id }, reason) => this.#refused(id, reason),
      trouble: (error) => this.#trouble(error),
    }, time);
    this.#reader = new Reader(
      store,
      startOf(state.first, state.last),
      (line, missing) => this.#take(line, missing),
      time,
    );
    this.#lookout = new Lookout(store, state, this.#lookoutHost(), time);
    this.#unwatch = store.watch((what) => this.#learn(what));
  }

  /**
   * Opens the journal, and reads its past.
   *
   * @throws {Error} The store cannot be reached.
   */
  static async open(options: JournalOptions): Promise<SharedJournal> {
    const state = await options.store.look();
    const journal = new SharedJournal(options, state);
    journal.#reader.known(state.last);
    await journal.#reader.read();
    return journal;
  }

  get epoch(): string {
    return this.#lookout.epoch;
  }

  get full(): boolean {
    return this.#sender.full;
  }

  ready(): Promise<void> {
    return this.#sender.ready();
  }

  start(reader: Room): void {
    this.#room = reader;
    for (const line of this.#past) this.#take(line, 0);
    this.#past = [];
  }

  append(entry: Entry, by: Member | RemoteMember, id: string | null): void {
    const name = id === null ? crypto.randomUUID() : hash(id);
    const number = this.#delivered.get(name);
    if (number !== undefined && id !== null) return this.#room?.confirm(number, id);
    // It is on its way: its author's client has asked again.
    if (this.#own.has(name)) return;
    const data = encodeEntry({ entry, server: this.#options.self });
    this.#own.set(name, { entry, by, id, data });
    if (!this.#sender.add({ id: name, data })) {
      this.#own.delete(name);
      return this.outage.dropped();
    }
    this.outage.waits(this.#sender.waiting, this.#sender.full);
    if (entry.kind === "joined" && isHere(by)) this.outage.joined(by);
  }

  /** Waits for a moment until the lines of this server are numbered, then lets go of the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.store.up) await within(this.#sender.empty(), LAST_LINES, this.#time);
    const lost = this.#sender.waiting;
    if (lost > 0) {
      const message = `${plural(lost, "line")} of this server did not reach the others`;
      this.#options.events.emit({ event: "warning", message });
    }
    this.#unwatch();
    this.#lookout[Symbol.dispose]();
    this.#reader[Symbol.dispose]();
    this.#sender[Symbol.dispose]();
    this.outage[Symbol.dispose]();
  }

  #lookoutHost(): LookoutHost {
    return {
      last: () => this.#reader.last,
      seen: ({ last }) => {
        this.#reader.known(last);
        this.#calm();
      },
      renumbered: (state, what) => this.#renumber(state, what),
      failed: (error) => this.#trouble(error),
    };
  }

  #learn(what: "line" | "gone" | "back"): void {
    if (what === "line") return this.#reader.announced();
    if (what === "gone") return this.#trouble(null);
    this.#sender.again();
    this.#lookout.look();
  }

  /** A line of this server has its number. */
  #stored({ id, data }: Waiting, { number, before }: Added): void {
    this.#calm();
    const first = this.#delivered.get(id);
    if (first !== undefined) return this.#confirm(id, first);
    if (before) this.#reader.known(number);
    else if (this.#own.has(id)) this.#reader.takeNext({ number, id, data, at: null });
  }

  #confirm(name: string, number: number): void {
    const own = this.#own.get(name);
    this.#own.delete(name);
    if (own !== undefined && own.id !== null) this.#room?.confirm(number, own.id);
  }

  #refused(name: string, reason: string): void {
    this.#own.delete(name);
    this.#options.events.emit({ event: "warning", message: `A line was not sent: ${reason}` });
  }

  /** Delivers a line that was read, unless it was delivered before. */
  #take(line: StoredLine, missing: number): void {
    if (this.#room === null) return void this.#past.push(line);
    if (missing > 0) this.outage.missed(missing);
    if (line.at !== null && line.at <= this.#oldUntil) return;
    this.#newest = Math.max(this.#newest, line.at ?? 0);
    const first = this.#delivered.get(line.id);
    if (first !== undefined) return this.#confirm(line.id, first);
    // Who adds lines without an id is none of ours.
    if (line.id === "") return;
    this.#delivered.set(line.id, line.number);
    const own = this.#own.get(line.id);
    if (own === undefined || !sameBytes(own.data, line.data)) this.#deliverTheirs(line);
    else {
      this.#own.delete(line.id);
      this.#room.deliver(line.number, own.entry, own.by, own.id);
    }
    if (own === undefined) return;
    this.#confirm(line.id, line.number);
    this.#sender.found(line.id, line.number);
  }

  /** Delivers a line of another server, or of this one before it was started. */
  #deliverTheirs({ number, data }: StoredLine): void {
    const read = decodeEntry(data);
    if (read === null) return;
    const { entry, server } = read;
    this.#room?.deliver(number, entry, { name: entry.kind === "renamed" ? entry.to : entry.name, server }, null);
  }

  /** Other lines have the numbers now that the delivered ones had. */
  #renumber({ first, last }: StoreState, what: "another" | "older"): void {
    const is = what === "another" ? "is a new one" : "has gone back to an older state";
    const message = `The room's stream ${is}; its lines are numbered anew`;
    this.#options.events.emit({ event: "warning", message });
    this.#oldUntil = this.#newest;
    this.#room?.restart();
    this.#reader.restart(startOf(first, last));
    this.#reader.known(last);
  }

  /** @param error What went wrong; `null` if the operator was told. */
  #trouble(error: unknown): void {
    this.outage.begin(error);
    this.outage.waits(this.#sender.waiting, this.#sender.full);
  }

  #calm(): void {
    if (this.#options.store.up && !this.#sender.failing) this.outage.end();
  }
}

/** The number after which the lines begin that are read at the start. */
function startOf(first: number, last: number): number {
  return Math.max(first - 1, last - PAST, 0);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
