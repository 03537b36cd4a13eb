/**
 * The two readers of the event stream: prose for people, one JSON object per line for programs.
 *
 * @module
 */
import { cyan, green, red, setColorEnabled } from "@std/fmt/colors";
import { format as formatBytes } from "@std/fmt/bytes";
import { formatEndpoint, isWildcard } from "../addr.ts";
import {
  type Events,
  type Listening,
  type Mark,
  type NetEvent,
  type Prose,
  type ProseLine,
  stamped,
  type Transferred,
} from "../events.ts";
import type { LineOutput } from "./output.ts";
import { escapeControls, escapeJson, milliseconds, plural } from "../text.ts";

/** Whose log it is: a server prints what it received, a client what it sent (what it received is its data). */
export type Role = "server" | "client";

/** How a log is written. */
export interface LogOptions {
  readonly role: Role;
  /** JSON on `out` instead of prose. */
  readonly json: boolean;
  /** Only the ready line, data and errors. */
  readonly quiet: boolean;
  readonly colour: boolean;
  /** Standard output, and the place of JSON. */
  readonly out: LineOutput;
  /** Standard error. */
  readonly err: LineOutput;
}

/** Events that `--quiet` leaves standing. */
const ESSENTIAL: ReadonlySet<NetEvent["event"]> = new Set([
  "listening",
  "error",
  "warning",
  "result",
  "measured",
  "summary",
  "ended",
]);

/** Tells whether an event is printed even with `--quiet`. */
export function isEssential(event: NetEvent): boolean {
  return ESSENTIAL.has(event.event);
}

/** Writes events as a log. */
export class Log implements Events {
  /** May be switched while the run goes on: other readers than this log may want to see more. */
  detailed: boolean;
  #data: boolean;
  #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
    // A client's data is in its `received` events when they are all that is printed.
    this.#data = options.json && options.role === "client";
    this.detailed = !options.quiet || this.#data;
    setColorEnabled(options.colour);
  }

  emit(event: NetEvent): void {
    const wanted = isEssential(event) || (this.#data && event.event === "received");
    if (this.#options.quiet && !wanted) return;
    if (this.#options.json) {
      this.#options.out.line(toJson(event));
      return;
    }
    const text = proseOf(event, this.#options);
    if (text === "") return;
    const trouble = event.event === "error" || event.event === "warning";
    const out = this.#options.role === "server" && !trouble ? this.#options.out : this.#options.err;
    // Our own words may be long: the command that joins is there to be copied.
    if (event.event === "listening") out.line(text);
    else out.wrapped(text);
  }
}

/** One event as a line of JSON, with the time first. */
export function toJson(event: NetEvent): string {
  const { event: name, at, ...fields } = stamped(event);
  const line = { time: new Date(at).toISOString(), event: name, ...fields, prose: undefined };
  return escapeJson(JSON.stringify(line, toMicroseconds));
}

/** Durations and rates are measured in doubles; three decimals are all that is meant. */
function toMicroseconds(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}

/**
 * One event as its line (or lines) of prose, safe to print; "" where people need none.
 *
 * @param event What happened.
 * @param view Whose log it is, and whether only the essential lines are wanted.
 */
export function proseOf(event: NetEvent, view: { role: Role; quiet: boolean }): string {
  const prose = tell(event, view);
  return typeof prose === "string" ? print(prose) : prose.map(print).join("\n");
}

const MARKS: Readonly<Record<Mark, () => string>> = {
  state: () => green("[+]"),
  data: () => cyan("[*]"),
  trouble: () => red("[!]"),
};

/** A line as it is printed: its mark, and its text with every control character shown. */
export function print(line: ProseLine): string {
  return typeof line === "string" ? escapeControls(line) : `${MARKS[line.mark]()} ${escapeControls(line.text)}`;
}

/** What there is to tell of an event, as data. */
function tell(event: NetEvent, view: { role: Role; quiet: boolean }): Prose {
  switch (event.event) {
    case "listening": {
      const kind = `${event.transport === "udp" ? " (UDP)" : ""}${event.tls ? " (TLS)" : ""}`;
      const ready = `Listening on ${formatEndpoint(event)}${kind}`;
      return (view.quiet ? [ready] : [ready, ...reach(event)]).flatMap(state);
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
      return view.role === "server" ? data(`Received: ${shown(event)}`) : "";
    case "sent":
      return view.role === "client" ? data(`Sent: ${shown(event)}`) : "";
    case "eof":
      return "";
    case "reset":
      return trouble(event.message);
    case "closed": {
      const traffic = `${formatBytes(event.bytesIn)} in, ${formatBytes(event.bytesOut)} out`;
      return state(`Closed ${event.peer}: ${traffic}, ${milliseconds(event.duration)}`);
    }
    case "refused":
      return trouble(`Refused ${event.peer}: ${event.reason}`);
    case "error": {
      const { peer, message } = event;
      return trouble(peer === undefined || message.includes(peer) ? message : `${peer}: ${message}`);
    }
    case "notice":
      return state(event.message);
    case "warning":
      return trouble(event.message);
    case "stopping":
      return trouble("Exiting...");
    case "ended":
      return view.quiet ? "" : state(event.reason);
    default:
      return event.prose;
  }
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

/** How much of a message one line of prose shows (UTF-16 units). */
const SHOWN = 4096;

function shown({ text, bytes }: Transferred): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN).toWellFormed()}… (${plural(bytes, "byte")})`;
}

function reach({ hostname, join }: Listening): string[] {
  if (join.length > 0) {
    return ["Reachable from the network; to join, type on another machine:", ...join.map((command) => `  ${command}`)];
  }
  return isWildcard(hostname)
    ? ["Reachable from this machine only: it has no address on a network"]
    : ["Reachable from this machine only; --bind 0.0.0.0 opens it to the network"];
}
