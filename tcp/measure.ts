/**
 * Repeated exchanges, for `tcp:client --count` and `--connections`.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Endpoint } from "../lib/addr.ts";
import { type ConnectOptions, connectTcp, type Opener } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError, Exit, Failure, ProtocolError, RefusedError, stateOf, TimedOutError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { LatencyStats } from "../lib/stats.ts";
import { encodeText, milliseconds, plural } from "../lib/text.ts";

/**
 * Repeats one exchange: on one connection while the server keeps it open, else on a new one each time (the time then includes
 * connecting).
 */
export class Exchanger implements AsyncDisposable {
  #open: Opener;
  #server: Endpoint;
  #message: Uint8Array;
  #options: ConnectOptions;
  #connection: Connection | null = null;
  #keepsOpen = true;
  #connected = 0;
  #closing: Promise<void> = Promise.resolve();

  constructor(open: Opener, server: Endpoint, message: string, options: ConnectOptions) {
    this.#open = open;
    this.#server = server;
    this.#message = encodeText(message);
    this.#options = options;
  }

  /**
   * Sends the message and reads the reply.
   *
   * @returns The reply, valid until the next exchange.
   */
  async exchange(): Promise<Uint8Array> {
    const used = this.#connection;
    this.#connection ??= await connectTcp(this.#open, this.#server, { ...this.#options, id: ++this.#connected });
    const reply = await this.#ask(this.#connection).catch((error) => {
      // A used connection ended without a byte: the server answers once per connection. Retry on a new one.
      if (used === null || !(error instanceof CutOffError)) throw error;
      this.#keepsOpen = false;
      return null;
    });
    if (reply === null || !this.#keepsOpen) this.#disconnect();
    return reply ?? await this.exchange();
  }

  async #ask(connection: Connection): Promise<Uint8Array> {
    await connection.write(this.#message);
    const reply = await connection.readMessage({ keepEnd: true });
    if (reply === null) throw new CutOffError(`Cannot read from ${connection.peer}: it closed without a reply`);
    // The rest would be read as the reply to the next message.
    if (connection.buffered > 0) {
      throw new ProtocolError(`Cannot count the exchanges with ${connection.peer}: its reply is more than one line`);
    }
    return reply;
  }

  #disconnect(): void {
    if (this.#connection !== null) this.#closing = this.#connection[Symbol.asyncDispose]();
    this.#connection = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disconnect();
    await this.#closing;
  }
}

/** The figures as one line. */
function figures(times: LatencyStats): string {
  const [min, avg, max, p99] = [times.min, times.average, times.max, times.percentile(0.99)].map(milliseconds);
  return `min/avg/max/p99 ${min} / ${avg} / ${max} / ${p99}`;
}

/** The figures as event fields. */
function fields(times: LatencyStats): Record<string, number> {
  return { exchanges: times.count, min: times.min, avg: times.average, max: times.max, p99: times.percentile(0.99) };
}

/** Options of {@linkcode ping}. */
export interface PingOptions extends ConnectOptions {
  readonly count: number;
  /** Milliseconds from the start of one exchange to the start of the next; 0 = as soon as the reply has arrived. */
  readonly interval: number;
  readonly output: DataOutput;
}

/**
 * Repeats the exchange, prints each reply, and reports the times.
 *
 * @returns The last line of the run.
 */
export async function ping(open: Opener, server: Endpoint, message: string, options: PingOptions): Promise<string> {
  const { count, interval, output, events, signal } = options;
  await using exchanger = new Exchanger(open, server, message, options);
  const times = new LatencyStats();
  try {
    for (let number = 1; number <= count; number++) {
      const started = performance.now();
      const reply = await exchanger.exchange();
      times.add(performance.now() - started);
      await output.write(reply);
      await output.end();
      const left = started + interval - performance.now();
      if (number < count && left > 0) await pause(left, signal);
    }
  } finally {
    // Also after Ctrl-C or a lost server, for the exchanges that completed.
    if (times.count > 0) {
      events?.emit({ event: "measured", prose: [{ mark: "data", text: figures(times) }], ...fields(times) });
    }
  }
  return `Done: ${plural(count, "exchange")}`;
}

/** Options of {@linkcode load}. */
export interface LoadOptions extends ConnectOptions {
  readonly connections: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Repeats the exchange on many connections at once, for a given time.
 *
 * @returns The last line of the run.
 */
export async function load(open: Opener, server: Endpoint, message: string, options: LoadOptions): Promise<string> {
  const { connections, duration, events } = options;
  const all = new LatencyStats();
  const over = AbortSignal.timeout(duration);
  const signal = AbortSignal.any(options.signal === undefined ? [over] : [over, options.signal]);
  // No events per message: only the figures matter here.
  const limits = { ...options, signal, report: false, events: warningsOf(events) };
  const drive = async (): Promise<void> => {
    await using exchanger = new Exchanger(open, server, message, limits);
    for (let now = performance.now(); !over.aborted;) {
      await exchanger.exchange();
      const then = now;
      now = performance.now();
      all.add(now - then);
    }
  };
  const started = performance.now();
  // An exchange that the end of the run interrupts is neither counted nor a failure.
  const ends = await Promise.allSettled(Array.from({ length: connections }, drive));
  options.signal?.throwIfAborted();
  const failed = ends.flatMap((end) => end.status === "rejected" && end.reason !== over.reason ? [end.reason] : []);
  const first = failed.find((reason) => reason instanceof RefusedError) ?? failed[0];
  if (all.count === 0) {
    throw first ?? new TimedOutError(`Cannot measure: no exchange was answered within ${duration / 1000} s`);
  }
  const rate = all.count / (performance.now() - started) * 1000;
  const text = `${Math.round(rate)} exchanges/s over ${plural(connections, "connection")}; ${figures(all)}`;
  events?.emit({
    event: "measured",
    prose: [{ mark: "data", text }],
    rate,
    connections,
    failed: failed.length,
    ...fields(all),
  });
  if (failed.length > 0) {
    const { code, state } = stateOf(first);
    throw new Failure(
      first instanceof RefusedError ? code : Exit.failed,
      `Cannot keep ${failed.length} of ${plural(connections, "connection")} open: ${state}`,
    );
  }
  return `Done: ${plural(all.count, "exchange")} in ${milliseconds(performance.now() - started)}`;
}

/** Passes on each distinct warning of the connections once. */
function warningsOf(events: Events | undefined): Events {
  const said = new Set<string>();
  return {
    detailed: false,
    emit(event) {
      if (event.event !== "warning" || said.has(event.message)) return;
      said.add(event.message);
      events?.emit(event);
    },
  };
}

/** Waits; throws the signal's reason if it aborts. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
}
