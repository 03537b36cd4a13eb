/**
 * Requests by the number, for `udp:client --count`: what UDP loses, doubles and shuffles becomes visible.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, unmapped } from "../lib/addr.ts";
import type { PacketOpener } from "../lib/net/packet_socket.ts";
import { resolveWithin } from "../lib/net/resolve.ts";
import {
  checkLength,
  counter,
  type Datagram,
  DatagramSocket,
  sameEndpoint,
  UnsolicitedDatagrams,
} from "../lib/datagram/socket.ts";
import { Failure, TimedOutError } from "../lib/errors.ts";
import { EventRate } from "../lib/event_rate.ts";
import type { Events } from "../lib/events.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { plural } from "../lib/text.ts";
import { Tally } from "./tally.ts";

/** Options of {@linkcode series}. Times are in milliseconds. */
export interface SeriesOptions {
  readonly count: number;
  /** From one request to the next, answered or not; 0 = the next as soon as one is answered or its wait is over. */
  readonly interval: number;
  /** How long to wait for an answer. */
  readonly wait: number;
  /** How long the name may take to resolve; 0 = for ever (default). */
  readonly timeout?: number;
  readonly events: Events;
  readonly output: DataOutput;
  readonly signal: AbortSignal;
  /** How a name becomes addresses (`resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
}

/** How many sockets stay open for late answers and duplicates: those of the latest requests. */
const OPEN = 64;
/** How long a duplicate may come behind the last answer (ms). */
const LINGER = 20;

/**
 * Sends numbered requests, prints the first answer to each, and counts. There are no retries: what is lost is to be seen.
 *
 * @returns The last line of the run.
 * @throws {Failure} 2 too long, 3 no such name, 4 no way to get there, 5 nothing at all was received; the signal's reason when that
 * ended it. The figures are printed all the same.
 */
export async function series(
  open: PacketOpener,
  server: Endpoint,
  message: Uint8Array,
  options: SeriesOptions,
): Promise<string> {
  checkLength(message.length, server);
  const addresses = await resolveWithin(server, options);
  return await new Series(open, server, addresses.map(unmapped), message, options).run();
}

/** One request and the socket that is its own: the port that an answer comes to tells which request it answers. */
interface Probe {
  readonly number: number;
  readonly socket: DatagramSocket;
  readonly to: Endpoint;
  readonly at: number;
  answered: boolean;
  /** Its wait is over. */
  overdue: boolean;
}

class Series {
  #opener: PacketOpener;
  #nextFlow = counter();
  #server: Endpoint;
  #addresses: readonly string[];
  #message: Uint8Array;
  #options: SeriesOptions;
  #tally: Tally;
  /** The latest requests, oldest first, and who listens for their answers. */
  #open = new Map<Probe, Promise<void>>();
  /** The address that has answered; until then the requests take turns. */
  #chosen: string | undefined;
  #unprinted: Uint8Array[] = [];
  #unsolicited: UnsolicitedDatagrams;
  /** What the server says beside its first answers, which may be any number of datagrams. */
  #odd: EventRate;
  #wake = Promise.withResolvers<void>();

  constructor(
    open: PacketOpener,
    server: Endpoint,
    addresses: readonly string[],
    message: Uint8Array,
    options: SeriesOptions,
  ) {
    this.#opener = open;
    this.#server = server;
    this.#addresses = addresses;
    this.#message = message;
    this.#options = options;
    this.#tally = new Tally(options.wait);
    this.#unsolicited = new UnsolicitedDatagrams(options.events);
    this.#odd = new EventRate(options.events);
  }

  async run(): Promise<string> {
    const { count, events, signal } = this.#options;
    const wake = (): void => this.#wake.resolve();
    signal.addEventListener("abort", wake);
    try {
      await this.#sendAll();
      // The last requests have their time too, and a duplicate may be right behind the last answer.
      await this.#until(() => this.#review() <= 0, this.#review());
      if (this.#tally.received > 0) await this.#until(() => false, LINGER);
    } finally {
      signal.removeEventListener("abort", wake);
      for (const probe of this.#open.keys()) await this.#close(probe);
      this.#unsolicited[Symbol.dispose]();
      this.#odd[Symbol.dispose]();
      if (this.#tally.sent > 0) {
        const prose = [{ mark: "data" as const, text: this.#tally.line }];
        events.emit({ event: "measured", prose, ...this.#tally.figures });
      }
    }
    if (this.#tally.received > 0) return `Done: ${plural(count, "request")}`;
    const target = formatEndpoint(this.#server);
    throw new TimedOutError(
      `Cannot reach ${target}: no answer to ${plural(count, "request")}; is a server running there, on that port?`,
    );
  }

  async #sendAll(): Promise<void> {
    const { count, interval, wait } = this.#options;
    const started = performance.now();
    for (let number = 1; number <= count; number++) {
      const probe = await this.#send(number);
      if (interval === 0) await this.#until(() => probe?.answered === true, wait);
      else if (number < count) await this.#until(() => false, started + number * interval - performance.now());
      this.#review();
    }
  }

  /** Sends one probe; `null` when it could not leave. */
  async #send(number: number): Promise<Probe | null> {
    const hostname = this.#chosen ?? this.#addresses[(number - 1) % this.#addresses.length] ?? "";
    const to = { hostname, port: this.#server.port };
    const { events } = this.#options;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= OPEN) await this.#close(oldest);
    const socket = DatagramSocket.openFor(this.#opener, hostname, this.#nextFlow);
    const probe: Probe = { number, socket, to, at: performance.now(), answered: false, overdue: false };
    try {
      await socket.send(this.#message, to);
    } catch (error) {
      socket.close();
      // Of several addresses some may be out of reach; a way that was there before may be there again for the next probe.
      const first = this.#tally.sent === 0 && number >= this.#addresses.length;
      if (!(error instanceof Failure) || first) throw error;
      events.emit({ event: "warning", message: error.message });
      return null;
    }
    this.#tally.sent++;
    if (events.detailed) socket.report(events, "sent", this.#message, to);
    this.#open.set(probe, this.#listen(probe));
    return probe;
  }

  async #close(probe: Probe): Promise<void> {
    probe.socket.close();
    await this.#open.get(probe);
    this.#open.delete(probe);
  }

  /** Takes what comes for one request until its socket is closed; never rejects. */
  async #listen(probe: Probe): Promise<void> {
    try {
      for (let datagram; (datagram = await probe.socket.receive()) !== null;) {
        if (sameEndpoint(datagram.from, probe.to)) this.#take(probe, datagram);
        else this.#unsolicited.report(datagram);
      }
    } catch (error) {
      // Where the system passes on that nobody listens, that request is lost like any other.
      const message = `Request ${probe.number}: ${error instanceof Error ? error.message : error}`;
      this.#options.events.emit({ event: "warning", message });
    }
  }

  #take(probe: Probe, { bytes, from }: Datagram): void {
    const { number, answered, at } = probe;
    const events = answered ? this.#odd : this.#options.events;
    const odd = this.#tally.answer(number, performance.now() - at, answered);
    probe.answered = true;
    this.#chosen ??= probe.to.hostname;
    if (events.detailed) probe.socket.report(events, "received", bytes, from);
    if (odd.length > 0) events.emit({ event: "notice", message: `Answer to request ${number}: ${odd.join(", ")}` });
    if (!answered) this.#unprinted.push(bytes.slice());
    this.#wake.resolve();
  }

  /** Milliseconds until the wait for every open request is over; says of each whose wait is over that it is. */
  #review(): number {
    const { wait, events } = this.#options;
    const now = performance.now();
    let longest = 0;
    for (const probe of this.#open.keys()) {
      if (probe.answered || probe.overdue) continue;
      const left = probe.at + wait - now;
      longest = Math.max(longest, left);
      probe.overdue = left <= 0;
      if (probe.overdue) events.emit({ event: "notice", message: `No answer to request ${probe.number} so far` });
    }
    return longest;
  }

  /** Waits, printing what comes meanwhile, until `done` or until the time is over. */
  async #until(done: () => boolean, ms: number): Promise<void> {
    const { output, signal } = this.#options;
    const end = performance.now() + ms;
    for (;;) {
      for (let bytes; (bytes = this.#unprinted.shift()) !== undefined;) {
        await output.write(bytes);
        await output.end();
      }
      signal.throwIfAborted();
      const left = end - performance.now();
      if (done() || left <= 0) return;
      const timer = setTimeout(() => this.#wake.resolve(), left);
      await this.#wake.promise;
      clearTimeout(timer);
      this.#wake = Promise.withResolvers();
    }
  }
}
