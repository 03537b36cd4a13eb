/**
 * Journals of one room, without the servers around them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Entry, Reader } from "../../../chat/room/journal.ts";
import type { Member, RemoteMember } from "../../../chat/room/member.ts";
import { type Broker as Connection, openBroker } from "../../../chat/shared/broker/connection.ts";
import { SharedJournal } from "../../../chat/shared/lines/journal.ts";
import { LineStream } from "../../../chat/shared/lines/line_stream.ts";
import { roomSubjects } from "../../../chat/shared/broker/subjects.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { within } from "../../../lib/within.ts";
import type { Broker } from "./support.ts";

/** The room's subjects and stream. */
export const ROOM = roomSubjects("lobby");

/** A journal with one member, and what it delivered. */
export class Server implements Reader, AsyncDisposable {
  readonly lines: string[] = [];
  readonly numbers: number[] = [];
  readonly confirmed: [number, string][] = [];
  readonly notices: string[] = [];
  restarts = 0;
  #wake = Promise.withResolvers<void>();

  constructor(readonly journal: SharedJournal, private connection: Connection, readonly member: Member) {
    journal.outage.announce = (text) => this.notices.push(text);
    journal.start(this);
  }

  static async join(broker: Broker, name: string): Promise<Server> {
    const { signal } = new AbortController();
    const options = { tls: false, credentials: {}, events: NO_EVENTS, signal, name };
    const connection = await openBroker({ ...options, servers: [broker.address] });
    const store = await LineStream.open(connection, roomSubjects("lobby"));
    const journal = await SharedJournal.open({ store, self: `${name}:1`, events: NO_EVENTS });
    return new Server(journal, connection, { name } as unknown as Member);
  }

  deliver(number: number, entry: Entry, by: Member | RemoteMember): void {
    assert(number > (this.numbers.at(-1) ?? 0), "numbers grow");
    assertEquals("server" in by, entry.name !== this.member.name);
    this.numbers.push(number);
    this.lines.push("text" in entry ? `${entry.name}: ${entry.text}` : entry.kind);
    this.#wake.resolve();
  }

  confirm(number: number, id: string): void {
    this.confirmed.push([number, id]);
  }

  restart(): void {
    this.numbers.length = 0;
    this.restarts++;
  }

  say(text: string, id: string | null = null): void {
    this.journal.append({ kind: "said", name: this.member.name, text }, this.member, id);
  }

  async has(count: number): Promise<void> {
    const until = performance.now() + 20_000;
    while (this.lines.length < count && performance.now() < until) {
      this.#wake = Promise.withResolvers();
      await within(this.#wake.promise, 1000);
    }
    assertEquals(this.lines.length, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
    await this.connection[Symbol.asyncDispose]();
  }
}
