/**
 * Logs requests and their answers: the request as received and a line about the answer, or one line in the Common Log Format.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { Events, NetEvent, ProseLine, Refused } from "../../lib/events.ts";
import { decodeText, milliseconds, plural } from "../../lib/text.ts";
import type { RequestHead } from "../request/head.ts";
import type { RequestLine } from "../request/request_line.ts";
import { BACKSLASH, CR, LF, NOTHING, QUOTE } from "../request/syntax.ts";
import type { ConnectionInfo } from "../site/resource.ts";

/** The format of the request log. */
export type LogFormat = "prose" | "common";

/** A request and its result. */
export interface Exchange {
  readonly connection: ConnectionInfo;
  /** `null` if the request was refused before its head was complete. */
  readonly head: RequestHead | null;
  /** The request line of a request without a complete head, if at least that was well formed. */
  readonly line: RequestLine | null;
  /** The received bytes of a request without a complete head, empty lines before it included. */
  readonly raw: Uint8Array;
  /** The beginning of its body, and the length of all of it. */
  readonly body: Uint8Array;
  readonly received: number;
  readonly status: number;
  /** Bytes of the answer's body that were sent. */
  readonly sent: number;
  /** Milliseconds from the first byte of the request, or from the answer before it if that came later, to the end of its answer. */
  readonly duration: number;
  /** Why it was refused; "" if it was served. */
  readonly refusal: string;
  /** Whether the answer was cut off: its client disconnected, or its source failed. */
  readonly cut: boolean;
}

/** What passed over a WebSocket. */
export interface EchoedMessages {
  readonly connection: Pick<ConnectionInfo, "id" | "peer">;
  readonly messages: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
  /** Milliseconds from the handshake. */
  readonly duration: number;
  /** How it ended, and whether that was against the protocol. */
  readonly end: string;
  readonly failed: boolean;
}

/** A refused client, with the status of its answer and the length of the answer's body. */
export type AnsweredRefusal = Refused & Required<Pick<Refused, "status" | "sent">>;

/** How many bytes of a body are logged, and of data that is not a request. */
const SHOWN = 1024;
const SHOWN_RAW = 256;
/** How many characters of the method and the target the line about the answer repeats. */
const SHOWN_REQUEST = 256;

/** Emits an event per request. Check {@linkcode RequestLog.enabled} first, to save composing an event that is not logged. */
export class RequestLog {
  #events: Events;
  #format: LogFormat;
  /** The second of the last line, and its formatted time. */
  #second = 0;
  #stamp = "";

  constructor(events: Events, format: LogFormat) {
    this.#events = events;
    this.#format = format;
  }

  /** Whether single requests are logged. */
  get enabled(): boolean {
    return this.#events.detailed;
  }

  /** Logs a request. */
  add(exchange: Exchange): void {
    const { connection, head, line, raw, body, received, status, sent, duration, refusal, cut } = exchange;
    const { method = null, target = null } = head ?? line ?? {};
    this.#events.emit({
      event: "request",
      prose: this.#format === "common" ? commonLine(exchange, this.#now()) : proseOf(exchange),
      id: connection.id,
      peer: connection.peer,
      method,
      target,
      version: head === null ? line?.version ?? null : `HTTP/1.${head.minor}`,
      text: (head?.text ?? decodeText(raw.subarray(0, SHOWN))) +
        (received > 0 ? decodeText(body.subarray(0, SHOWN)) : ""),
      bytes: (head?.raw ?? raw).length + received,
      status,
      sent,
      duration,
      ...(refusal === "" ? {} : { refusal }),
      ...(cut ? { cut } : {}),
    });
  }

  /** Logs the end of a WebSocket; in the Common Log Format, its handshake is all there is. */
  addWebSocket({ connection: { id, peer }, messages, bytes, duration, end, failed }: EchoedMessages): void {
    if (this.#format === "common") return;
    const passed = `${plural(messages, "message")}, ${formatBytes(bytes)} echoed in ${milliseconds(duration)}`;
    const prose = [{
      mark: failed ? "trouble" as const : "state" as const,
      text: `${peer} WebSocket: ${passed}; ${end}`,
    }];
    this.#events.emit({ event: "exchange", prose, id, peer, messages, bytes, duration, end });
  }

  /** The event for the answer to a client that was refused before its first request; `null` in prose, where its own event tells. */
  eventOf({ id, peer, status, sent }: AnsweredRefusal): NetEvent | null {
    if (this.#format !== "common") return null;
    const hostname = peer.replace(/^\[?(.*?)\]?:\d+$/, "$1");
    const prose = commonLine({ connection: { hostname }, head: null, raw: NOTHING, status, sent }, this.#now());
    return { event: "request", prose, id, peer, status, sent };
  }

  #now(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#stamp = commonTime(new Date(second * 1000));
    this.#second = second;
    return this.#stamp;
  }
}

/**
 * The request as received, between two rules, and a line about its answer. No line of the request can pass for a rule or a log mark: a
 * head has passed the parser, and all other lines have a prefix.
 */
function proseOf(exchange: Exchange): ProseLine[] {
  const { connection, head, raw, body, received, status } = exchange;
  const title = `----- HTTP REQUEST from ${connection.peer} -----`;
  const lines: ProseLine[] = [title];
  if (head !== null) lines.push(...head.text.split("\r\n").slice(0, -1));
  else lines.push(`${refused(status)} request: ${shown(raw.subarray(0, SHOWN_RAW), raw.length)}`);
  if (received > 0) lines.push(`Body: ${shown(body.subarray(0, SHOWN), received)}`);
  lines.push("-".repeat(title.length), answerLine(exchange));
  return lines;
}

/** What a request without a complete head is, by the status of its answer. */
function refused(status: number): string {
  return status === 400 ? "Malformed" : status === 408 ? "Incomplete" : "Refused";
}

/** `127.0.0.1:52884 GET /status/204 -> 204, 0 B in 0.42 ms`, and what went wrong. */
function answerLine({ connection, head, line, status, sent, duration, refusal, cut }: Exchange): ProseLine {
  const known = head ?? line;
  const asked = known === null ? `${refused(status).toLowerCase()} request` : `${known.method} ${known.target}`;
  const request = asked.length <= SHOWN_REQUEST ? asked : `${asked.slice(0, SHOWN_REQUEST)}…`;
  const trouble = cut ? "cut off" : refusal;
  const why = trouble === "" ? "" : `: ${trouble}`;
  const text = `${connection.peer} ${request} -> ${status}, ${formatBytes(sent)} in ${milliseconds(duration)}${why}`;
  return { mark: trouble === "" ? "state" : "trouble", text };
}

/** Bytes as text; if they are only the beginning of `length` bytes, it says so. */
function shown(bytes: Uint8Array, length: number): string {
  const text = decodeText(bytes);
  return length > bytes.length ? `${text} … (${length} bytes)` : text;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time in the Common Log Format, in UTC: `10/Oct/2000:13:55:36 +0000`. */
export function commonTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

/** What a line in the Common Log Format tells. */
type LoggedLine = Pick<Exchange, "head" | "raw" | "status" | "sent"> & {
  readonly connection: Pick<ConnectionInfo, "hostname">;
};

/**
 * `host - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 2326`: the Common Log Format of NCSA httpd.
 *
 * @param exchange Its request line is escaped, so that a request cannot forge the rest of the line or another one.
 * @param time The time of the answer, as {@linkcode commonTime} formats it.
 */
export function commonLine({ connection, head, raw, status, sent }: LoggedLine, time: string): string {
  const request = escapedLine(head?.raw ?? raw);
  return `${connection.hostname} - - [${time}] "${request === "" ? "-" : request}" ${status} ${
    sent === 0 ? "-" : sent
  }`;
}

const ESCAPES: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  11: "\\v",
  34: '\\"',
  92: "\\\\",
};

/**
 * The first line of a request that is not empty, escaped as Apache httpd does it: quotes and backslashes, and every byte that is not
 * visible ASCII.
 */
function escapedLine(bytes: Uint8Array): string {
  let from = 0;
  while (bytes[from] === CR || bytes[from] === LF) from++;
  let text = "";
  for (const byte of bytes.subarray(from, from + SHOWN)) {
    if (byte === CR || byte === LF) break;
    const plain = byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH;
    text += plain ? String.fromCharCode(byte) : ESCAPES[byte] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** The events of a server that logs one line per answer: connections are not worth a line then. */
export function withoutConnections(events: Events): Events {
  return replacing(events, (event) => ["accepted", "secured", "closed"].includes(event.event) ? [] : [event]);
}

/** Events that are replaced, each by any number of others, on their way to a log. */
export function replacing(events: Events, replace: (event: NetEvent) => readonly NetEvent[]): Events {
  const { sizeOf } = events;
  return {
    get detailed() {
      return events.detailed;
    },
    emit(event) {
      for (const each of replace(event)) events.emit(each);
    },
    ...(sizeOf === undefined
      ? {}
      : { sizeOf: (event) => replace(event).reduce((size, each) => size + sizeOf.call(events, each), 0) }),
  };
}
