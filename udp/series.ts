/**
 * A series of requests, for `udp:client --count`: it shows what UDP loses, duplicates and reorders.
 *
 * @module
 */
import { counter } from "../lib/counter.ts";
import { type Endpoint, formatEndpoint, unmapped } from "../lib/addr.ts";
import type { PacketOpener } from "../lib/net/packet_socket.ts";
import { resolveWithin } from "../lib/net/resolve.ts";
import { refusalOf } from "../lib/datagram/refusal.ts";
import {
  checkLength,
  type Datagram,
  DatagramSocket,
  sameEndpoint,
  UnsolicitedDatagrams,
} from "../lib/datagram/socket.ts";
import { Failure, type RefusedError, TimedOutError } from "../lib/errors.ts";
import { EventRate } from "../lib/event_rate.ts";
import type { Events, ScriptEvent } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { milliseconds, plural } from "../lib/text.ts";
import { Tally } from "./tally.ts";

/** Options of {@linkcode series}. Times are in milliseconds. */
export interface SeriesOptions {
  readonly count: number;
  /** From one request to the next, answered or not; 0 = send the next once one is answered or overdue. */
  readonly interval: number;
  /** How long to wait for an answer. */
  readonly wait: number;
  /** Time limit for resolving the name; 0 = none (default). */
  readonly timeout?: number;
  readonly events: Events;
  /** Whether sent and received datagrams become events (yes). */
  readonly report?: boolean;
  readonly output: DataOutput;
  readonly signal: AbortSignal;
  /** Resolves a name (default: `resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
}

/** How many sockets stay open for late answers and duplicates: those of the most recent requests. */
const MAX_OPEN = 64;
/** How long to wait for a duplicate after the last answer (ms). */
const LINGER = 20;

/**
 * Sends numbered requests, prints the first answer to each, and counts. There are no retries, so that losses show.
 *
 * @returns The last line of the run.
 * @throws {Failure} 2 too long, 3 no such name, 4 unreachable or turned away, 5 no answer at all. If the signal aborts, its reason. The
 * figures are printed in any case.
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

/** A request with its own socket: the local port of an answer identifies the request. */
interface Probe {
  readonly number: number;
  readonly socket: DatagramSocket;
  readonly to: Endpoint;
  readonly at: number;
  answered: boolean;
  /** Its wait has expired. */
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
  /** The most recent requests, oldest first, each with its receive loop. */
  #open = new Map<Probe, Promise<void>>();
  /** The address that answered first; until then the requests rotate through all addresses. */
  #chosen: string | undefined;
  #unprinted: Uint8Array[] = [];
  /** The server has turned us away: the rest of the series is pointless. */
  #refused: RefusedError | null = null;
  #unsolicited: UnsolicitedDatagrams;
  /** Rate-limits events for extra answers, since a server may send any number of them. */
  #extraEvents: EventRate;
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
    this.#extraEvents = new EventRate(options.events);
  }

  async run(): Promise<string> {
    const { count, events, signal } = this.#options;
    const wake = (): void => this.#wake.resolve();
    signal.addEventListener("abort", wake);
    try {
      await withProgress(this.#sendAll(), events, (ms) => this.#progress(ms));
      // The last requests get their full wait too, and a duplicate may follow the last answer closely.
      await this.#until(() => this.#review() <= 0, this.#review());
      if (this.#tally.received > 0) await this.#until(() => false, LINGER);
    } finally {
      signal.removeEventListener("abort", wake);
      for (const probe of this.#open.keys()) await this.#close(probe);
      this.#unsolicited[Symbol.dispose]();
      this.#extraEvents[Symbol.dispose]();
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

  #progress(ms: number): string {
    const { sent, received } = this.#tally;
    const left = Math.ceil((this.#options.count - sent) * ms / sent / 1000);
    return `${sent} of ${this.#options.count} sent, ${received} answered${sent > 0 ? `, ${left} s left` : ""}`;
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

  get #reports(): boolean {
    return this.#options.events.detailed && this.#options.report !== false;
  }

  /** Sends one request; `null` if it could not be sent. */
  async #send(number: number): Promise<Probe | null> {
    const hostname = this.#chosen ?? this.#addresses[(number - 1) % this.#addresses.length] ?? "";
    const to = { hostname, port: this.#server.port };
    const { events } = this.#options;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= MAX_OPEN) await this.#close(oldest);
    const socket = DatagramSocket.openFor(this.#opener, hostname, this.#nextFlow);
    const probe: Probe = { number, socket, to, at: performance.now(), answered: false, overdue: false };
    try {
      await socket.send(this.#message, to);
    } catch (error) {
      socket.close();
      // Some of the addresses may be unreachable; a route that is down now may be back for the next request.
      const first = this.#tally.sent === 0 && number >= this.#addresses.length;
      if (!(error instanceof Failure) || first) throw error;
      events.emit({ event: "warning", message: error.message });
      return null;
    }
    this.#tally.sent++;
    if (this.#reports) socket.report(events, "sent", this.#message, to);
    this.#open.set(probe, this.#listen(probe));
    return probe;
  }

  async #close(probe: Probe): Promise<void> {
    probe.socket.close();
    await this.#open.get(probe);
    this.#open.delete(probe);
  }

  /** Receives the answers to one request until its socket is closed. Never rejects. */
  async #listen(probe: Probe): Promise<void> {
    try {
      for (let datagram; (datagram = await probe.socket.receive()) !== null;) {
        if (sameEndpoint(datagram.from, probe.to)) this.#take(probe, datagram);
        else this.#unsolicited.report(datagram);
      }
    } catch (error) {
      // Some systems report a refused port here; count that request as lost.
      const message = `Request ${probe.number}: ${error instanceof Error ? error.message : error}`;
      this.#options.events.emit({ event: "warning", message });
    }
  }

  #take(probe: Probe, datagram: Datagram): void {
    const { number, answered, at } = probe;
    const { bytes, from } = datagram;
    if (!answered) this.#refused ??= refusalOf(datagram, probe.socket, this.#options.events);
    if (this.#refused !== null) return this.#wake.resolve();
    const events = answered ? this.#extraEvents : this.#options.events;
    const duration = performance.now() - at;
    const remarks = this.#tally.answer(number, duration, answered);
    probe.answered = true;
    this.#chosen ??= probe.to.hostname;
    if (this.#reports) probe.socket.report(events, "received", bytes, from);
    if (events.detailed) events.emit(answerEvent(number, bytes.length, duration, remarks));
    if (!answered) this.#unprinted.push(bytes.slice());
    this.#wake.resolve();
  }

  /** Reports newly overdue requests; returns the time until all open requests are overdue (ms). */
  #review(): number {
    const { wait, events } = this.#options;
    const now = performance.now();
    let longest = 0;
    for (const probe of this.#open.keys()) {
      if (probe.answered || probe.overdue) continue;
      const left = probe.at + wait - now;
      longest = Math.max(longest, left);
      probe.overdue = left <= 0;
      if (probe.overdue) {
        events.emit({ event: "notice", message: `${probe.number}: no answer within ${milliseconds(wait)}` });
      }
    }
    return longest;
  }

  /** Waits until `done` or for `ms` at most, and prints answers as they arrive. */
  async #until(done: () => boolean, ms: number): Promise<void> {
    const { output, signal } = this.#options;
    const end = performance.now() + ms;
    for (;;) {
      for (let bytes; (bytes = this.#unprinted.shift()) !== undefined;) {
        await output.write(bytes);
        await output.end();
      }
      signal.throwIfAborted();
      if (this.#refused !== null) throw this.#refused;
      const left = end - performance.now();
      if (done() || left <= 0) return;
      const timer = setTimeout(() => this.#wake.resolve(), left);
      await this.#wake.promise;
      clearTimeout(timer);
      this.#wake = Promise.withResolvers();
    }
  }
}

/** An answer with its number and time, and what is unusual about it. */
function answerEvent(number: number, bytes: number, duration: number, remarks: readonly string[]): ScriptEvent {
  const text = [`${number}: ${plural(bytes, "byte")} in ${milliseconds(duration)}`, ...remarks].join(", ");
  return { event: "exchange", number, bytes, duration, remarks, prose: [{ mark: "data", text }] };
}
