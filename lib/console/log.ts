/**
 * Writes the event stream as prose for people or as one JSON object per line for programs.
 *
 * @module
 */
import { cyan, dim, green, red, setColorEnabled, yellow } from "@std/fmt/colors";
import { format as formatBytes } from "@std/fmt/bytes";
import { formatEndpoint, isWildcard } from "../addr.ts";
import {
  type Events,
  type Explained,
  type Listening,
  type Mark,
  type NetEvent,
  type Prose,
  type ProseLine,
  type Refused,
  stamped,
  type Transferred,
} from "../events.ts";
import type { LineOutput } from "./output.ts";
import { TimeOrder } from "./time_order.ts";
import { encodeText, escapeControls, escapeJson, milliseconds, plural } from "../text.ts";

/** The kind of script: a server logs what it received, a client what it sent (what it received is its output). */
export type Role = "server" | "client";

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
    if (event.event !== "listening") return out.wrapped(text);
    // A join command stays whole: it is there to be copied.
    const commands = [...event.join, event.here];
    for (const line of text.split("\n")) {
      if (commands.some((command) => line.endsWith(`  ${command}`))) out.line(line);
      else out.wrapped(line);
    }
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

/** One event as a line of JSON, with the time first. */
export function toJson(event: NetEvent): string {
  const { event: name, at, ...fields } = stamped(event);
  const line = { time: new Date(at).toISOString(), event: name, ...fields, prose: undefined, verb: undefined };
  return escapeJson(JSON.stringify(line, toMicroseconds));
}

/** Durations and rates are measured as doubles; only three decimals are significant. */
function toMicroseconds(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}

/**
 * An event as one or more lines of prose, safe to print; "" if it has none.
 *
 * @param event The event.
 * @param view The kind of script, and whether to print only the essential lines.
 */
export function proseOf(event: NetEvent, view: { role: Role; quiet: boolean }): string {
  const prose = toProse(event, view);
  // In a chat, a tab is part of what people write.
  if (event.event === "message" && typeof prose === "string") return escapeControls(prose, { tabs: true });
  return typeof prose === "string" ? print(prose) : prose.map(print).join("\n");
}

const MARKS: Readonly<Record<Mark, () => string>> = {
  state: () => green("[+]"),
  data: () => cyan("[*]"),
  trouble: () => red("[!]"),
};

const TONES: Readonly<Record<NonNullable<Exclude<ProseLine, string>["tone"]>, (text: string) => string>> = {
  in: cyan,
  out: yellow,
  dim,
};

/** A line as it is printed: its mark, and its text with every control character escaped. */
export function print(line: ProseLine): string {
  if (typeof line === "string") return escapeControls(line);
  const mark = line.mark === undefined ? "" : `${MARKS[line.mark]()} `;
  const text = escapeControls(line.text);
  return `${mark}${line.tone === undefined ? text : TONES[line.tone](text)}`;
}

/** The prose of an event, not yet escaped. */
function toProse(event: NetEvent, view: { role: Role; quiet: boolean }): Prose {
  switch (event.event) {
    case "listening": {
      const kind = `${event.transport === "udp" ? " (UDP)" : ""}${event.tls ? " (TLS)" : ""}`;
      const ready = `Listening on ${formatEndpoint(event)}${kind}`;
      return (view.quiet ? [ready] : [ready, ...joinLines(event)]).flatMap(state);
    }
    case "connected":
      return state(`Connected to ${event.peer} from ${event.local} in ${milliseconds(event.duration)}`);
    case "accepted":
      return state(`Accepted connection from ${event.peer}`);
    case "secured": {
      const { peer, version, cipher, alpn, subject, fingerprint } = event;
      const parts = [version, cipher, alpn, subject, fingerprint].filter((part) => part !== null);
      return state(`Secured ${peer}: ${parts.join(", ")}`);
    }
    case "received":
      return view.role === "server" ? data(`Received from ${event.peer}: ${shown(event)}`) : "";
    case "sent":
      return view.role === "client" ? data(`Sent: ${shown(event)}`) : "";
    case "eof":
    case "status":
      return "";
    case "closed":
      return state(`Closed ${event.peer}: ${trafficOf(event)}, ${milliseconds(event.duration)}`);
    case "refused":
      return view.role === "server" ? trouble(`Refused ${event.peer}${answerTo(event)}: ${event.reason}`) : "";
    case "error": {
      const { peer, message } = event;
      return trouble(peer === undefined || message.includes(peer) ? message : `${peer}: ${message}`);
    }
    case "notice":
      return state(event.message);
    case "reset":
    case "warning":
      return trouble(event.message);
    case "stopping":
      return trouble("Exiting...");
    case "explain":
      return explanation(event);
    case "ended":
      return view.quiet ? "" : state(event.reason);
    default:
      return event.prose;
  }
}

/** `#1 [mistake 6] …`, and why it matters. */
function explanation({ id, mark, mistake, text, why }: Explained): ProseLine[] {
  const what = `${id === 0 ? "" : `#${id} `}${mistake === undefined ? "" : `[mistake ${mistake}] `}${text}`;
  return [
    { mark, text: what },
    ...(why === undefined ? [] : [{ text: `    Why it matters: ${why}`, tone: "dim" } as const]),
  ];
}

function state(text: string): readonly ProseLine[] {
  return [{ mark: "state", text }];
}

function data(text: string): readonly ProseLine[] {
  return [{ mark: "data", text }];
}

function trouble(text: string): readonly ProseLine[] {
  return [{ mark: "trouble", text }];
}

/** The most of a message that one line of prose shows (UTF-16 units). */
const SHOWN = 4096;

function shown({ text, bytes }: Transferred): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN).toWellFormed()}… (${plural(bytes, "byte")})`;
}

/** `8 B in, 19 B out` */
function trafficOf({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): string {
  return `${formatBytes(bytesIn)} in, ${formatBytes(bytesOut)} out`;
}

/** ` -> 503, 91 B` */
function answerTo({ status, sent }: Refused): string {
  return status === undefined || sent === undefined ? "" : ` -> ${status}, ${formatBytes(sent)}`;
}

function joinLines({ hostname, join, here, verb }: Listening): string[] {
  if (join.length > 0) {
    return [
      `Reachable from the network; to ${verb}, type on another machine:`,
      ...join.map((command) => `  ${command}`),
    ];
  }
  const why = isWildcard(hostname) ? "it has no address on a network" : "--bind 0.0.0.0 opens it";
  return [`Reachable from this machine only (${why}); to ${verb}, type:`, `  ${here}`];
}
