/**
 * A log that strangers cannot flood.
 *
 * @module
 */
import type { Events, NetEvent } from "./events.ts";
import { plural } from "./text.ts";

/** How much peers may write into a log. The defaults show a thousand exchanges at once, then ninety short lines a second. */
export interface EventRateOptions {
  /** How many bytes may come at once (512 KiB); one event always may. */
  readonly burst?: number;
  /** How many bytes a second may come after that (16 KiB). */
  readonly rate?: number;
  /** How long events are counted before the count is told (10,000 ms). */
  readonly period?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** What is said of the events that were left out. */
  readonly tell?: (left: Suppressed) => string;
}

/** What was left out of a log. */
export interface Suppressed {
  /** How many events of each name. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many peers they came from, as far as the events say; at most {@linkcode MAX_PEERS} are told apart. */
  readonly peers: number;
  /** For how long (ms). */
  readonly duration: number;
}

/** The most peers that are told apart in a period: forged addresses have no end. */
export const MAX_PEERS = 10_000;
/** What a line has beside its text (time, address, marks), in bytes. */
const FRAME = 100;
/** How soon the first of the events that are left out is told (ms). */
const SOON = 1000;
/** With `--quiet`, errors of single peers: a few at once, then one every other second. */
const QUIET = { burst: 2000, rate: 75 };

/** Events that no peer can cause at will. */
const OWN: ReadonlySet<NetEvent["event"]> = new Set(["listening", "stopping", "summary", "measured", "ended"]);

/** An account in bytes that fills up with time. */
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

  /** Whether anything is left. */
  fill(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / 1000 * this.#rate);
    this.#at = now;
    return this.#left > 0;
  }

  /** Takes as much, below nothing too. */
  take(cost: number): void {
    this.#left -= cost;
  }
}

/**
 * Passes events on up to a rate, and counts the others: a second after the first of them, and then every `period`, one line tells how
 * many were left out, and the last is told when this is disposed of. What no peer can cause (the summary of a run, say) always passes.
 *
 * @example Usage
 * ```ts
 * import { EventRate } from "./event_rate.ts";
 * import type { NetEvent } from "./events.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told: NetEvent[] = [];
 * const log = { detailed: true, emit: (event: NetEvent): unknown => told.push(event) };
 * {
 *   using rate = new EventRate(log, { burst: 1, rate: 1, now: () => 0 });
 *   for (let count = 0; count < 1000; count++) rate.emit({ event: "accepted", id: 0, peer: `192.0.2.1:${count % 10}` });
 * }
 * assertEquals(told.map((event) => "message" in event ? event.message : event.event), [
 *   "accepted",
 *   "Left out of the log within 0 s: 999 accepted; from 10 peers",
 * ]);
 * ```
 */
export class EventRate implements Events, Disposable {
  #events: Events;
  #period: number;
  #now: () => number;
  #tell: (left: Suppressed) => string;
  #all: Bucket;
  #quietTroubles: Bucket;
  #counts = new Map<string, number>();
  #peers = new Set<string>();
  #since = 0;
  #told = -Infinity;
  #over = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: Events, options: EventRateOptions = {}) {
    const { burst = 512 * 1024, rate = 16 * 1024, period = 10_000, now = () => performance.now() } = options;
    this.#events = events;
    this.#period = period;
    this.#now = now;
    this.#tell = options.tell ?? suppressedLine;
    this.#all = new Bucket({ burst, rate }, now());
    const quiet = { burst: Math.min(burst, QUIET.burst), rate: Math.min(rate, QUIET.rate) };
    this.#quietTroubles = new Bucket(quiet, now());
  }

  get detailed(): boolean {
    return this.#events.detailed;
  }

  emit(event: NetEvent): void {
    const own = OWN.has(event.event) || (event.event === "error" && event.peer === undefined);
    if (own) return this.#events.emit(event);
    const bucket = !this.detailed && isTrouble(event.event) ? this.#quietTroubles : this.#all;
    if (bucket.fill(this.#now())) {
      // In a flood, no time is spent on measuring what is left out.
      bucket.take(costOf(event));
      this.#events.emit(event);
    } else if (!this.#over) this.#leaveOut(event);
  }

  /** Tells what was left out since it was told last. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    const now = this.#now();
    const message = this.#tell({ counts: this.#counts, peers: this.#peers.size, duration: now - this.#since });
    // `--quiet` hides single notices, so it hides their count too; trouble it does not hide.
    const event = [...this.#counts.keys()].some(isTrouble) ? "warning" : "notice";
    this.#counts.clear();
    this.#peers.clear();
    this.#told = now;
    this.#events.emit({ event, message });
  }

  /** Tells the rest; what comes after that is left out without a count. */
  [Symbol.dispose](): void {
    this.flush();
    this.#over = true;
  }

  #leaveOut(event: NetEvent): void {
    if (this.#timer === undefined) {
      this.#since = this.#now();
      const recently = this.#since - this.#told < this.#period;
      this.#timer = setTimeout(() => this.flush(), recently ? this.#period : Math.min(SOON, this.#period));
    }
    this.#counts.set(event.event, (this.#counts.get(event.event) ?? 0) + 1);
    const peer = "peer" in event ? event.peer : undefined;
    if (typeof peer === "string" && this.#peers.size < MAX_PEERS) this.#peers.add(peer);
  }
}

function isTrouble(name: string): boolean {
  return name === "error" || name === "warning";
}

/** About how many bytes an event takes in a log, and no fewer. */
function costOf(event: NetEvent): number {
  if ("text" in event && typeof event.text === "string") return FRAME + sizeOf(event.text);
  if ("message" in event && typeof event.message === "string") return FRAME + sizeOf(event.message);
  if (!("prose" in event)) return FRAME;
  const lines = typeof event.prose === "string" ? [event.prose] : event.prose;
  return lines.reduce((cost, line) => cost + sizeOf(typeof line === "string" ? line : line.text), FRAME);
}

/** The most bytes that a text takes once it is printed: `\u202e` for one unit. */
function sizeOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : text.length * 6;
}

/**
 * Options for what is told of one peer and then only counted: one line in about ten seconds.
 *
 * @param tell The line about the others; `within` is the time in words.
 */
export function firstThenCounts(tell: (count: string, within: string) => string): EventRateOptions {
  return {
    burst: 1,
    rate: 15,
    tell: ({ counts, duration }) => {
      const sum = [...counts.values()].reduce((all, each) => all + each, 0);
      return tell(figure(sum), seconds(duration));
    },
  };
}

function suppressedLine({ counts, peers, duration }: Suppressed): string {
  const list = [...counts].map(([name, count]) => NOUNS.has(name) ? counted(count, name) : `${figure(count)} ${name}`);
  const whose = peers === 0
    ? ""
    : `; from ${peers < MAX_PEERS ? counted(peers, "peer") : `${figure(peers)} peers or more`}`;
  return `Left out of the log within ${seconds(duration)}: ${list.join(", ")}${whose}`;
}

/** Names of events that are nouns; the others say what happened. */
const NOUNS: ReadonlySet<string> = new Set(["error", "warning", "notice", "message", "result", "request"]);

/** A count with thousands apart and its noun. */
function counted(count: number, noun: string): string {
  return plural(count, noun).replace(/^\d+/, figure(count));
}

function figure(count: number): string {
  return count.toLocaleString("en");
}

/** Seconds with as many digits as are worth reading. */
function seconds(duration: number): string {
  return `${Number((duration / 1000).toFixed(1))} s`;
}
