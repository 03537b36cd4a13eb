/** The journal of a shared room over a real broker: each line once, in one order, whatever happens to the broker. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { within } from "../../../lib/within.ts";
import type { Entry, Reader } from "../../../chat/room/journal.ts";
import type { Member, RemoteMember } from "../../../chat/room/member.ts";
import { Broker as Connection, openBroker } from "../../../chat/shared/connection.ts";
import { SharedJournal } from "../../../chat/shared/journal.ts";
import { LineStream } from "../../../chat/shared/line_stream.ts";
import { roomSubjects } from "../../../chat/shared/subjects.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { needsPrograms } from "../support.ts";
import { Broker } from "./support.ts";

const NATS = await needsPrograms("nats-server");

class Server implements Reader, AsyncDisposable {
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

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(
    `600 lines through a broker that gets ${signal} in the middle arrive once and in order on three servers`,
    NATS,
    async () => {
      await using broker = await Broker.start();
      await using a = await Server.join(broker, "a");
      await using b = await Server.join(broker, "b");
      await using c = await Server.join(broker, "c");
      let down: Promise<unknown> = Promise.resolve();
      for (let line = 0; line < 200; line++) {
        for (const server of [a, b, c]) server.say(String(line));
        if (line === 100) down = broker.signal(signal).then(() => delay(500)).then(() => broker.start());
        await delay(2);
      }
      await down;
      const start = performance.now();
      for (const server of [a, b, c]) await server.has(600);

      assertEquals(b.lines, a.lines);
      assertEquals(c.lines, a.lines);
      assertEquals([b.numbers, c.numbers], [a.numbers, a.numbers]);
      for (const name of ["a", "b", "c"]) {
        const said = a.lines.filter((line) => line.startsWith(`${name}: `));
        assertEquals(said, Array.from({ length: 200 }, (_, line) => `${name}: ${line}`));
      }
    },
  );
}
