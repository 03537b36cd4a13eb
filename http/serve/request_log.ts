/**
 * Logs requests: each as received, or one line each in the Common Log Format.
 *
 * @module
 */
import type { Events, ProseLine } from "../../lib/events.ts";
import { decodeText, escapeControls } from "../../lib/text.ts";
import { reasonPhrase } from "../answer/answer.ts";
import type { RequestHead } from "../request/head.ts";
import type { ConnectionInfo } from "../site/resource.ts";

/** The format of the request log. */
export type LogFormat = "prose" | "common";

/** A request and its result. */
export interface Exchange {
  readonly connection: ConnectionInfo;
  /** `null` if the request was refused before its head was complete. */
  readonly head: RequestHead | null;
  /** The received bytes of a request without a complete head. */
  readonly raw: Uint8Array;
  /** The beginning of its body, and the length of all of it. */
  readonly body: Uint8Array;
  readonly received: number;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly sent: number;
  /** Why it was refused; "" if it was served. */
  readonly refusal: string;
}

/** How many bytes of a body are logged, and of data that is not a request. */
const SHOWN = 1024;
const SHOWN_RAW = 256;

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
    const { connection, head, raw, body, received, status, sent, refusal } = exchange;
    this.#events.emit({
      event: "request",
      prose: this.#format === "common" ? commonLine(exchange, this.#now()) : proseOf(exchange),
      id: connection.id,
      peer: connection.peer,
      method: head?.method ?? null,
      target: head?.target ?? null,
      version: head === null ? null : `HTTP/1.${head.minor}`,
      text: (head?.text ?? decodeText(raw.subarray(0, SHOWN))) +
        (received > 0 ? decodeText(body.subarray(0, SHOWN)) : ""),
      bytes: (head?.raw ?? raw).length + received,
      status,
      sent,
      ...(refusal === "" ? {} : { refusal }),
    });
  }

  #now(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#stamp = commonTime(new Date(second * 1000));
    this.#second = second;
    return this.#stamp;
  }
}

/**
 * The request as received, between two rules. No line of it can pass for a rule or a log mark: a head has passed the parser, and all
 * other lines have a prefix.
 */
function proseOf({ connection, head, raw, body, received, status, refusal }: Exchange): ProseLine[] {
  const title = `----- HTTP REQUEST from ${connection.peer} -----`;
  const lines: ProseLine[] = [title];
  if (head !== null) lines.push(...head.text.split("\r\n").slice(0, -1));
  else lines.push(`No request: ${shown(raw.subarray(0, SHOWN_RAW), raw.length)}`);
  if (received > 0) lines.push(`Body: ${shown(body.subarray(0, SHOWN), received)}`);
  lines.push("-".repeat(title.length));
  if (refusal !== "") lines.push({ mark: "trouble", text: `Answered ${status} ${reasonPhrase(status)}: ${refusal}` });
  return lines;
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

/**
 * `host - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 2326`: the Common Log Format of NCSA httpd.
 *
 * @param exchange Quotes in its request line are escaped, so that a request cannot forge the rest of the line.
 * @param time The time of the answer, as {@linkcode commonTime} formats it.
 */
export function commonLine({ connection, head, raw, status, sent }: Exchange, time: string): string {
  const line = head === null
    ? decodeText(raw.subarray(0, SHOWN)).split("\n", 1)[0]?.trim() ?? ""
    : `${head.method} ${head.target} HTTP/1.${head.minor}`;
  const request = line === "" ? "-" : escapeControls(line.replace(/["\\]/g, "\\$&"));
  return `${connection.hostname} - - [${time}] "${request}" ${status} ${sent === 0 ? "-" : sent}`;
}
