/**
 * Repeated exchanges, for `tcp:client --count` and `--connections`.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Endpoint } from "../lib/addr.ts";
import type { ConnectOptions, Opener } from "../lib/stream/connect.ts";
import { Exit, Failure, RefusedError, stateOf, TimedOutError } from "../lib/errors.ts";
import { type Events, NO_EVENTS, type ScriptEvent } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { LatencyStats } from "../lib/stats.ts";
import { milliseconds, plural } from "../lib/text.ts";
import { counter, Exchanger } from "./exchanger.ts";

/** The flags of `tcp:client` that measure. */
export const measureFlags = {
  count: flag.integer("repeat the exchange N times and print min/avg/max/p99", {
    default: undefined,
    min: 1,
    max: 1_000_000_000,
  }),
  interval: flag.seconds("seconds between exchanges", { default: 0 }),
  connections: flag.integer("drive load over N connections and print exchanges/s", {
    default: undefined,
    min: 1,
    max: 65_535,
  }),
  duration: flag.seconds("seconds to drive load", { default: 5 }),
};

/** When and how often the terminal shows how far it is (ms). */
const PROGRESS = { after: 500, every: 500 };

/** A rate: `9.8/s`, `41200/s`. */
function perSecond(rate: number): string {
  return `${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
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
  /** Whether every message and connection becomes an event. */
  readonly json: boolean;
}

/**
 * Repeats the exchange, prints each reply and its time, and reports the times.
 *
 * @returns The last line of the run.
 */
export async function ping(open: Opener, server: Endpoint, message: string, options: PingOptions): Promise<string> {
  const { count, events = NO_EVENTS, json } = options;
  const told = json ? options : { ...options, report: false, events: firstsOf(events) };
  await using exchanger = new Exchanger(open, server, message, told);
  const times = new LatencyStats();
  try {
    await withProgress(repeat(exchanger, times, options), events, (ms) => {
      // Connecting for the first time has a line of its own.
      if (times.count === 0 && exchanger.connecting) return "";
      const left = times.count > 0 ? `, ${Math.ceil((count - times.count) * ms / times.count / 1000)} s left` : "";
      return `${times.count} of ${count} exchanges, ${perSecond(times.count / ms * 1000)}${left}`;
    }, PROGRESS);
  } finally {
    // Also after Ctrl-C or a lost server, for the exchanges that completed.
    if (times.count > 0) {
      events.emit({ event: "measured", prose: [{ mark: "data", text: figures(times) }], ...fields(times) });
    }
  }
  return `Done: ${plural(count, "exchange")}`;
}

/** The exchanges of {@linkcode ping}. */
async function repeat(exchanger: Exchanger, times: LatencyStats, options: PingOptions): Promise<void> {
  const { count, interval, output, events = NO_EVENTS, signal } = options;
  for (let number = 1; number <= count; number++) {
    const started = performance.now();
    const reply = await exchanger.exchange();
    const duration = performance.now() - started;
    times.add(duration);
    await output.write(reply);
    await output.end();
    if (events.detailed) events.emit(exchangeEvent(number, reply.length, duration, exchanger.connectingIncluded));
    const left = started + interval - performance.now();
    if (number < count && left > 0) await pause(left, signal);
  }
}

function exchangeEvent(number: number, bytes: number, duration: number, connecting: boolean): ScriptEvent {
  const included = connecting ? ", connecting included" : "";
  const text = `${number}: ${plural(bytes, "byte")} in ${milliseconds(duration)}${included}`;
  return { event: "exchange", number, bytes, duration, connecting, prose: [{ mark: "data", text }] };
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
  const { connections, duration, events = NO_EVENTS } = options;
  const all = new LatencyStats();
  const over = AbortSignal.timeout(duration);
  const signal = AbortSignal.any(options.signal === undefined ? [over] : [over, options.signal]);
  // No events per message: only the figures matter here.
  const limits = { ...options, signal, report: false, events: warningsOf(events) };
  const nextId = counter();
  const drive = async (): Promise<void> => {
    await using exchanger = new Exchanger(open, server, message, limits, nextId);
    for (let now = performance.now(); !over.aborted;) {
      await exchanger.exchange();
      const then = now;
      now = performance.now();
      all.add(now - then);
    }
  };
  const started = performance.now();
  // An exchange that the end of the run interrupts is neither counted nor a failure.
  const driving = Promise.allSettled(Array.from({ length: connections }, drive));
  const ends = await withProgress(driving, events, (ms) => {
    const left = Math.max(0, Math.ceil((duration - ms) / 1000));
    return `${plural(all.count, "exchange")}, ${perSecond(all.count / ms * 1000)}, ${left} s left`;
  }, PROGRESS);
  const failed = failuresOf(ends, [over.reason, options.signal?.reason]);
  if (all.count > 0) reportLoad(events, all, { connections, failed: failed.length, started });
  options.signal?.throwIfAborted();
  const first = failed.find((reason) => reason instanceof RefusedError) ?? failed[0];
  if (all.count === 0) {
    throw first ?? new TimedOutError(`Cannot measure: no exchange was answered within ${duration / 1000} s`);
  }
  if (failed.length > 0) {
    const lost = `${failed.length} of ${plural(connections, "connection")}`;
    const { code, state } = stateOf(first);
    throw new Failure(first instanceof RefusedError ? code : Exit.failed, `Cannot keep ${lost} open: ${state}`);
  }
  return `Done: ${plural(all.count, "exchange")} in ${milliseconds(performance.now() - started)}`;
}

/** Why connections failed, other than by the end of the run. */
function failuresOf(ends: readonly PromiseSettledResult<void>[], over: readonly unknown[]): unknown[] {
  return ends.flatMap((end) => end.status === "rejected" && !over.includes(end.reason) ? [end.reason] : []);
}

function reportLoad(
  events: Events,
  times: LatencyStats,
  { connections, failed, started }: { connections: number; failed: number; started: number },
): void {
  const rate = times.count / (performance.now() - started) * 1000;
  const text = `${Math.round(rate)} exchanges/s over ${plural(connections, "connection")}; ${figures(times)}`;
  events.emit({
    event: "measured",
    prose: [{ mark: "data", text }],
    rate,
    connections,
    failed,
    ...fields(times),
  });
}

/** Passes on the first connection and its session; what follows is told with each exchange. */
function firstsOf(events: Events): Events {
  const said = new Set<string>();
  return {
    get detailed() {
      return events.detailed;
    },
    emit(event) {
      const { event: name } = event;
      if (name === "closed" || name === "eof" || said.has(name)) return;
      if (name === "connected" || name === "secured") said.add(name);
      events.emit(event);
    },
  };
}

/** Passes on each distinct warning of the connections once. */
function warningsOf(events: Events): Events {
  const said = new Set<string>();
  return {
    detailed: false,
    emit(event) {
      if (event.event !== "warning" || said.has(event.message)) return;
      said.add(event.message);
      events.emit(event);
    },
  };
}

/** Waits; throws the signal's reason if it aborts. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
}
