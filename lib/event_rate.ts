/**
 * Rate limiting for the log, so that peers cannot flood it.
 *
 * @module
 */
import type { Events, NetEvent } from "./events.ts";
import { counted, encodeText, thousands } from "./text.ts";

/** How much peers may add to a log. The defaults allow a burst of nine thousand short lines, then three hundred a second. */
export interface EventRateOptions {
  /** The burst in bytes (512 KiB); a single event always passes. */
  readonly burst?: number;
  /** The sustained rate in bytes a second (16 KiB). */
  readonly rate?: number;
  /** How long suppressed events are counted before the count is reported (10,000 ms). */
  readonly period?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** The line that reports the suppressed events. */
  readonly summarize?: (suppressed: Suppressed) => string;
}

/** The events that were kept out of a log. */
export interface Suppressed {
  /** The number of events by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many peers they came from, as far as the events say; counted up to {@linkcode MAX_PEERS}. */
  readonly peers: number;
  /** The time covered (ms). */
  readonly duration: number;
}

/** The most peers that are counted in a period: forged addresses are unlimited. */
export const MAX_PEERS = 10_000;
/** How soon after the first suppressed event the count is reported (ms). */
const FIRST_REPORT = 1000;
/** The limit on errors of single peers with `--quiet`: a burst of a few, then one every other second. */
const QUIET_ERRORS = { burst: 1000, rate: 40 };

/** Events that no peer can cause at will. */
const UNLIMITED: ReadonlySet<NetEvent["event"]> = new Set([
  "listening",
  "status",
  "stopping",
  "summary",
  "measured",
  "ended",
]);

/** A token bucket in bytes. */
class Bucket {
  #burst: number;
  #rate: number;
  #left: number;
  #at: number;

  constructor({ burst, rate }: { burst: number; rate: number }, now: number) {
    this.#burst = this.#left = burst;
    this.#rate = rate;
    this.#at = now;
  }

  /** Refills the bucket; returns whether anything is left. */
  fill(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / 1000 * this.#rate);
    this.#at = now;
    return this.#left > 0;
  }

  /** Takes tokens; the balance may go negative. */
  take(cost: number): void {
    this.#left -= cost;
  }
}

/**
 * Passes events on up to a rate and counts the rest: one line reports the count a second after the first suppressed event, then every
 * `period`, and finally on disposal. Events that no peer can cause (the summary of a run, say) always pass.
 *
 * @example Usage
 * ```ts
 * import { EventRate } from "./event_rate.ts";
 * import type { NetEvent } from "./events.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const logged: NetEvent[] = [];
 * const log = { detailed: true, emit: (event: NetEvent): unknown => logged.push(event) };
 * {
 *   using rate = new EventRate(log, { burst: 1, rate: 1, now: () => 0 });
 *   for (let count = 0; count < 1000; count++) rate.emit({ event: "accepted", id: 0, peer: `192.0.2.1:${count % 10}` });
 * }
 * assertEquals(logged.map((event) => "message" in event ? event.message : event.event), [
 *   "accepted",
 *   "Suppressed in the last 0.1 s: 999 accepted; from 10 peers",
 * ]);
 * ```
 */
export class EventRate implements Events, Disposable {
  #events: Events;
  #period: number;
  #now: () => number;
  #summarize: (suppressed: Suppressed) => string;
  #all: Bucket;
  #quietErrors: Bucket;
  #counts = new Map<string, number>();
  #peers = new Set<string>();
  #since = 0;
  #reportedAt = -Infinity;
  #disposed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: Events, options: EventRateOptions = {}) {
    const { burst = 512 * 1024, rate = 16 * 1024, period = 10_000, now = () => performance.now() } = options;
    this.#events = events;
    this.#period = period;
    this.#now = now;
    this.#summarize = options.summarize ?? suppressedLine;
    this.#all = new Bucket({ burst, rate }, now());
    const quiet = { burst: Math.min(burst, QUIET_ERRORS.burst), rate: Math.min(rate, QUIET_ERRORS.rate) };
    this.#quietErrors = new Bucket(quiet, now());
  }

  get detailed(): boolean {
    return this.#events.detailed;
  }

  emit(event: NetEvent): void {
    const unlimited = UNLIMITED.has(event.event) || (event.event === "error" && event.peer === undefined);
    if (unlimited) return this.#events.emit(event);
    const bucket = !this.detailed && isTrouble(event.event) ? this.#quietErrors : this.#all;
    if (bucket.fill(this.#now())) {
      // Only events that pass are measured: a flood must cost little.
      bucket.take(this.#sizeOf(event));
      this.#events.emit(event);
    } else if (!this.#disposed) this.#suppress(event);
  }

  /** Reports what was suppressed since the last report. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    const now = this.#now();
    const message = this.#summarize({ counts: this.#counts, peers: this.#peers.size, duration: now - this.#since });
    // `--quiet` hides notices, so it hides their count too, but never errors or warnings.
    const event = [...this.#counts.keys()].some(isTrouble) ? "warning" : "notice";
    this.#counts.clear();
    this.#peers.clear();
    this.#reportedAt = now;
    this.#events.emit({ event, message });
  }

  /** Reports the rest; later events are suppressed without being counted. */
  [Symbol.dispose](): void {
    this.flush();
    this.#disposed = true;
  }

  /** How many bytes an event takes in the log; as JSON, if that cannot tell. */
  #sizeOf(event: NetEvent): number {
    return this.#events.sizeOf?.(event) ?? encodeText(JSON.stringify(event)).length;
  }

  #suppress(event: NetEvent): void {
    // Only the first of its kind is measured.
    if (!this.#counts.has(event.event) && this.#sizeOf(event) === 0) return;
    if (this.#timer === undefined) {
      this.#since = this.#now();
      const recently = this.#since - this.#reportedAt < this.#period;
      this.#timer = setTimeout(() => this.flush(), recently ? this.#period : Math.min(FIRST_REPORT, this.#period));
    }
    this.#counts.set(event.event, (this.#counts.get(event.event) ?? 0) + 1);
    const peer = "peer" in event ? event.peer : undefined;
    if (typeof peer === "string" && this.#peers.size < MAX_PEERS) this.#peers.add(peer);
  }
}

function isTrouble(name: string): boolean {
  return name === "error" || name === "warning";
}

/**
 * Options to log the first event and then only counts: about one line in ten seconds.
 *
 * @param line The line that reports the count; `within` is the formatted time.
 */
export function firstThenCounts(line: (count: string, within: string) => string): EventRateOptions {
  return {
    burst: 1,
    rate: 5,
    summarize: ({ counts, duration }) => {
      const sum = [...counts.values()].reduce((all, each) => all + each, 0);
      return line(thousands(sum), seconds(duration));
    },
  };
}

function suppressedLine({ counts, peers, duration }: Suppressed): string {
  const list = [...counts].map(([name, count]) =>
    NOUNS.has(name) ? counted(count, name) : `${thousands(count)} ${name}`
  );
  const whose = peers === 0
    ? ""
    : `; from ${peers < MAX_PEERS ? counted(peers, "peer") : `${thousands(peers)} peers or more`}`;
  return `Suppressed in the last ${seconds(duration)}: ${list.join(", ")}${whose}`;
}

/** Event names that are nouns and take a plural; the others are participles. */
const NOUNS: ReadonlySet<string> = new Set(["error", "warning", "notice", "message", "result", "request", "fault"]);

/** A duration in seconds, to one decimal, and at least a tenth. */
export function seconds(duration: number): string {
  return `${Math.max(0.1, Number((duration / 1000).toFixed(1)))} s`;
}
