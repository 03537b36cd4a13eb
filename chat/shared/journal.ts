/**
 * The journal of a room that several servers share: every server reads the same lines, in the same order, with the same numbers.
 *
 * An own line is delivered like those of the others, when it has its number. Each line has an id, so that one which was added twice (its
 * acknowledgement was lost, or its author's client has moved to another server) is delivered once.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { BoundedMap } from "../../lib/bounded_map.ts";
import type { Events } from "../../lib/events.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import { within } from "../../lib/within.ts";
import type { Entry, Journal, Reader as Room } from "../room/journal.ts";
import type { Member } from "../room/member.ts";
import { decodeEntry, encodeEntry } from "./entry_json.ts";
import type { LineStore, StoredLine, StoreState } from "./line_store.ts";
import { Outage } from "./outage.ts";
import { Reader } from "./reader.ts";
import { Sender } from "./sender.ts";

/** How many lines of the past are read at the start, and how many ids are remembered. */
const REMEMBERED = 1000;
/** How often the store is looked at (ms): whatever has been missed is found then. */
const LOOK = 1000;
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
  readonly by: Member;
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
  #identity: string;
  #epoch: string;
  #own = new Map<string, Own>();
  /** The numbers of the last lines that were delivered, by their ids. */
  #delivered = new BoundedMap<string, number>(REMEMBERED);
  #sender: Sender;
  #reader: Reader;
  #unwatch: () => void;
  #cancelLook: () => void = () => {};
  /** Whether the store seemed to have gone back. */
  #suspect = false;
  #closed = false;

  private constructor(options: JournalOptions, { identity, first, last }: StoreState) {
    const { store, events, time = SYSTEM_TIME } = options;
    this.#options = options;
    this.#time = time;
    this.#identity = identity;
    this.#epoch = wordOf(identity);
    this.outage = new Outage(events, time);
    this.#sender = new Sender(store, {
      stored: (line, { number, before }) => this.#stored({ ...line, number }, before),
      refused: ({ id }, reason) => this.#refused(id, reason),
      trouble: (error) => this.#trouble(error),
    }, time);
    this.#reader = new Reader(store, startOf(first, last), (line) => this.#take(line), time);
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
    journal.#lookLater();
    return journal;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get full(): boolean {
    return this.#sender.full;
  }

  ready(): Promise<void> {
    return this.#sender.ready();
  }

  start(reader: Room): void {
    this.#room = reader;
    for (const line of this.#past) this.#take(line);
    this.#past = [];
  }

  append(entry: Entry, by: Member, id: string | null): void {
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
  }

  /** Waits for a moment until the lines of this server are numbered, then lets go of the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    const until = this.#time.now() + LAST_LINES;
    while (this.#sender.waiting > 0 && this.#options.store.up && this.#time.now() < until) {
      await within(new Promise(() => {}), 10, this.#time);
    }
    const lost = this.#sender.waiting;
    if (lost > 0) {
      const message = `${lost} lines of this server did not reach the others`;
      this.#options.events.emit({ event: "warning", message });
    }
    this.#closed = true;
    this.#unwatch();
    this.#cancelLook();
    this.#reader.close();
    this.#sender[Symbol.dispose]();
    this.outage[Symbol.dispose]();
  }

  #learn(what: "line" | "gone" | "back"): void {
    if (what === "line") return this.#reader.announced();
    if (what === "gone") return this.#trouble(null);
    this.#sender.again();
    this.#look();
  }

  /** A line of this server has its number. */
  #stored(line: StoredLine, before: boolean): void {
    this.#calm();
    const first = this.#delivered.get(line.id);
    if (first !== undefined) return this.#confirm(line.id, first);
    if (before) this.#reader.known(line.number);
    else if (this.#own.has(line.id)) this.#reader.takeNext(line);
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
  #take(line: StoredLine): void {
    if (this.#room === null) return void this.#past.push(line);
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

  #lookLater(): void {
    this.#cancelLook();
    if (!this.#closed) this.#cancelLook = this.#time.after(LOOK, () => void this.#look());
  }

  /** Looks at the store: whether there is more to read, and whether it is the same store. It never rejects. */
  async #look(): Promise<void> {
    this.#cancelLook();
    const { last } = this.#reader;
    try {
      const state = await this.#options.store.look();
      if (this.#closed) return;
      this.#compare(state, last);
      this.#calm();
    } catch (error) {
      if (!this.#closed) this.#trouble(error);
    }
    this.#lookLater();
  }

  /** @param before The number of the last line that had been read when the store was asked. */
  #compare(state: StoreState, before: number): void {
    const another = state.identity !== this.#identity;
    const back = !another && state.last < before;
    // In a cluster, the answer of a leader that has just been replaced may be old: the second one counts.
    if (another || back && this.#suspect) this.#renumber(state);
    this.#suspect = back && !this.#suspect;
    this.#reader.known(state.last);
    this.#reader.read();
  }

  /** The stream was deleted and made anew, or restored from a backup: other lines have the same numbers now. */
  #renumber({ identity, first, last }: StoreState): void {
    const message = identity === this.#identity
      ? "The room's stream has gone back to an older state; its lines are numbered anew"
      : "The room's stream is a new one; its lines are numbered anew";
    this.#options.events.emit({ event: "warning", message });
    // Servers that agree on what the numbering was, and where it went back to, agree on its new name.
    this.#epoch = identity === this.#identity ? wordOf(`${this.#epoch} ${last}`) : wordOf(identity);
    this.#identity = identity;
    this.#room?.restart();
    this.#reader.restart(startOf(first, last));
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
  return Math.max(first - 1, last - REMEMBERED, 0);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** A word that names a numbering. */
function wordOf(identity: string): string {
  return hash(identity).slice(0, 16);
}
