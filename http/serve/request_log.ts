/**
 * The log of requests: each as it came over the wire, or one line each in the Common Log Format.
 *
 * @module
 */
import type { Events, ProseLine } from "../../lib/events.ts";
import { decodeText, escapeControls } from "../../lib/text.ts";
import { phraseOf } from "../answer/answer.ts";
import type { RequestHead } from "../request/head.ts";
import type { Via } from "../site/resource.ts";

/** How requests are logged. */
export type LogFormat = "prose" | "common";

/** One request and what became of it. */
export interface Exchange {
  readonly via: Via;
  /** `null` when the request was refused before its head was complete. */
  readonly head: RequestHead | null;
  /** What was received of a request without a complete head. */
  readonly raw: Uint8Array;
  /** The beginning of its body, and how many bytes it has. */
  readonly body: Uint8Array;
  readonly received: number;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly sent: number;
  /** Why it was refused; "" when it was not. */
  readonly refusal: string;
}

/** How much of a body is shown, and of what is no request. */
const SHOWN = 1024;
const SHOWN_RAW = 256;

/** Turns exchanges into events. Ask {@linkcode RequestLog.on} first: what nobody reads is not even put together. */
export class RequestLog {
  #events: Events;
  #format: LogFormat;
  /** The time of the last line, to the second, and how it is written. */
  #second = 0;
  #stamp = "";

  constructor(events: Events, format: LogFormat) {
    this.#events = events;
    this.#format = format;
  }

  /** Whether anybody reads about single requests. */
  get on(): boolean {
    return this.#events.detailed;
  }

  /** Logs one exchange. */
  add(exchange: Exchange): void {
    const { via, head, raw, body, received, status, sent, refusal } = exchange;
    this.#events.emit({
      event: "request",
      prose: this.#format === "common" ? commonLine(exchange, this.#now()) : proseOf(exchange),
      id: via.id,
      peer: via.peer,
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
 * The request between two rules, as the wire had it. No line of it can pass for a rule or a mark: a head has passed the parser, and
 * everything else has a word of ours before it.
 */
function proseOf({ via, head, raw, body, received, status, refusal }: Exchange): ProseLine[] {
  const title = `----- HTTP REQUEST from ${via.peer} -----`;
  const lines: ProseLine[] = [title];
  if (head !== null) lines.push(...head.text.split("\r\n").slice(0, -1));
  else lines.push(`No request: ${shown(raw.subarray(0, SHOWN_RAW), raw.length)}`);
  if (received > 0) lines.push(`Body: ${shown(body.subarray(0, SHOWN), received)}`);
  lines.push("-".repeat(title.length));
  if (refusal !== "") lines.push({ mark: "trouble", text: `Answered ${status} ${phraseOf(status)}: ${refusal}` });
  return lines;
}

/** The first of `length` bytes. */
function shown(bytes: Uint8Array, length: number): string {
  const text = decodeText(bytes);
  return length > bytes.length ? `${text} … (${length} bytes)` : text;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time as the Common Log Format writes it, in UTC: `10/Oct/2000:13:55:36 +0000`. */
export function commonTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

/**
 * `host - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 2326`: the Common Log Format of NCSA httpd.
 *
 * @param exchange What to log; a quote in the request line is escaped, so that no request can forge the rest of the line.
 * @param time When it was answered, as {@linkcode commonTime} writes it.
 */
export function commonLine({ via, head, raw, status, sent }: Exchange, time: string): string {
  const line = head === null
    ? decodeText(raw.subarray(0, SHOWN)).split("\n", 1)[0]?.trim() ?? ""
    : `${head.method} ${head.target} HTTP/1.${head.minor}`;
  const request = line === "" ? "-" : escapeControls(line.replace(/["\\]/g, "\\$&"));
  return `${via.hostname} - - [${time}] "${request}" ${status} ${sent === 0 ? "-" : sent}`;
}
