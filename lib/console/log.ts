/**
 * Writes the event stream as prose for people or as one JSON object per line for programs.
 *
 * @module
 */
import { setColorEnabled } from "@std/fmt/colors";
import { type Events, type NetEvent, type Role, stamped } from "../events.ts";
import type { Listening } from "../listening.ts";
import type { LineOutput } from "./output.ts";
import { TimeOrder } from "./time_order.ts";
import { proseOf } from "./prose.ts";
import { codeFits, paintRow } from "./qr.ts";
import { encodeText, escapeControls, escapeJson } from "../text.ts";

/** Options of a log. */
export interface LogOptions {
  readonly role: Role;
  /** Whether standard output is for data, and the log goes to standard error: a client's, unless said otherwise. */
  readonly data?: boolean;
  /** JSON on `out` instead of prose. */
  readonly json: boolean;
  /** Only the ready line, data and errors. */
  readonly quiet: boolean;
  readonly colour: boolean;
  /** Standard output; also receives JSON. */
  readonly out: LineOutput;
  /** Standard error. */
  readonly err: LineOutput;
}

/** Events that `--quiet` keeps. */
const ESSENTIAL: ReadonlySet<NetEvent["event"]> = new Set([
  "listening",
  "inspecting",
  // Asked for with a flag of their own.
  "explain",
  "trace",
  "error",
  "warning",
  "result",
  "measured",
  "summary",
  "ended",
]);

/** Whether an event is printed even with `--quiet`. */
export function isEssential(event: NetEvent): boolean {
  return ESSENTIAL.has(event.event);
}

/** Writes events as a log. */
export class Log implements Events, Disposable {
  /** May change during a run: consumers other than this log may need more events. */
  detailed: boolean;
  /** Whether the terminal shows a status line. Not once it has an input line. */
  showsStatus: boolean;
  /** Whether `received` events carry the data, which appears nowhere else then. */
  #data: boolean;
  #options: LogOptions;
  /** What prose goes to standard output: the log, none, or that of one kind of event. */
  #onOutput: "log" | "none" | NetEvent["event"];
  #order: TimeOrder<NetEvent> | null = null;

  constructor(options: LogOptions) {
    this.#options = options;
    const { data = options.role === "client" } = options;
    this.#onOutput = data ? "none" : "log";
    this.#data = options.json && data;
    this.detailed = !options.quiet || this.#data;
    this.showsStatus = !options.quiet && !options.json;
    setColorEnabled(options.colour);
  }

  emit(event: NetEvent): void {
    if (event.event === "status") {
      if (this.showsStatus) this.#options.err.status(escapeControls(event.text));
      return;
    }
    if (this.#order === null) this.#print(event);
    else this.#order.push(event);
  }

  #print(event: NetEvent): void {
    const text = this.#textOf(event);
    if (text === "") return;
    if (this.#options.json) return this.#options.out.line(text);
    const trouble = event.event === "error" || event.event === "warning";
    const onOutput = this.#onOutput === "log" ? !trouble : event.event === this.#onOutput;
    const out = onOutput ? this.#options.out : this.#options.err;
    if (event.event === "listening") this.#announce(event, text, out);
    else out.wrapped(text);
  }

  /** Prints where a server listens. Commands and URLs stay whole: they are there to be copied. */
  #announce({ join, here, urls = [], qr = [] }: Listening, text: string, out: LineOutput): void {
    const whole = [...join, here, ...urls];
    for (const line of text.split("\n")) {
      if (whole.some((part) => line.endsWith(` ${part}`))) out.line(line);
      else out.wrapped(line);
    }
    if (this.showsCodes && codeFits(qr, text, out.size)) qr.forEach((row) => out.line(paintRow(row)));
  }

  /**
   * Whether QR codes are of use here. A code needs colours of its own: with those of a dark terminal it is inverted, and many scanners
   * cannot read it. So there is none where there are no colours, with NO_COLOR for example.
   */
  get showsCodes(): boolean {
    return this.#options.colour && !this.#options.quiet;
  }

  sizeOf(event: NetEvent): number {
    const text = this.#textOf(event);
    return text === "" ? 0 : encodeText(text).length + 1;
  }

  /** What is printed for an event; "" for nothing. */
  #textOf(event: NetEvent): string {
    const wanted = isEssential(event) || (this.#data && event.event === "received");
    if (this.#options.quiet && !wanted) return "";
    return this.#options.json ? toJson(event) : proseOf(event, this.#options);
  }

  /** Does the work of {@linkcode orderByTime}. */
  order(): void {
    this.#order ??= new TimeOrder((event) => this.#print(event));
  }

  /** Prints the events that wait for earlier ones. */
  [Symbol.dispose](): void {
    this.#order?.flush();
  }

  /** Does the work of {@linkcode reserveOutput}. */
  reserve(kind: NetEvent["event"]): void {
    const { json, out, err } = this.#options;
    if (json) return;
    this.#onOutput = kind;
    if (out !== err) out.reportTo(err);
  }
}

/**
 * Reserves standard output for the prose of one kind of event, so that another program can read it; the rest of the log goes to standard
 * error. With `--json` nothing changes.
 */
export function reserveOutput(events: Events, kind: NetEvent["event"]): void {
  if (events instanceof Log) events.reserve(kind);
}

/** Prints events in the order of their time from now on, each a moment late: those of other threads arrive in batches. */
export function orderByTime(events: Events): void {
  if (events instanceof Log) events.order();
}

/** Whether the log of these events shows the QR code in a `listening` event where it fits: there is no need to make one otherwise. */
export function showsCodes(events: Events): boolean {
  return events instanceof Log && events.showsCodes;
}

/** One event as a line of JSON, with the time first. */
export function toJson(event: NetEvent): string {
  const { event: name, at, ...fields } = stamped(event);
  const proseOnly = { prose: undefined, verb: undefined, everywhere: undefined, qr: undefined };
  const line = { time: new Date(at).toISOString(), event: name, ...fields, ...proseOnly };
  return escapeJson(JSON.stringify(line, toMicroseconds));
}

/** Durations and rates are measured as doubles; only three decimals are significant. */
function toMicroseconds(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}
