/**
 * The log of requests: each as it came over the wire, or one line each in the Common Log Format.
 *
 * @module
 */
import type { Events } from "../lib/events.ts";
import { trouble } from "../lib/log.ts";
import { decodeText, escapeControls } from "../lib/text.ts";
import { phraseOf } from "./answer.ts";
import type { RequestHead } from "./head.ts";
import type { Via } from "./site.ts";

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

/** How much of a body or of a malformed request is shown. */
const SHOWN = 1024;

/** Turns exchanges into events. Ask {@linkcode RequestLog.on} first: what nobody reads is not even put together. */
export class RequestLog {
  #events: Events;
  #format: LogFormat;

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
      prose: this.#format === "common" ? commonLine(exchange, new Date()) : proseOf(exchange),
      id: via.id,
      peer: via.peer,
      method: head?.method ?? null,
      target: head?.target ?? null,
      version: head === null ? null : `HTTP/1.${head.minor}`,
      text: decodeText(head?.raw ?? raw.subarray(0, SHOWN)) + decodeText(body.subarray(0, SHOWN)),
      bytes: (head?.raw ?? raw).length + received,
      status,
      sent,
      ...(refusal === "" ? {} : { refusal }),
    });
  }
}

/** The request between two rules, as the wire had it. A head has passed the parser: no line of it can pass for a rule or a mark. */
function proseOf({ via, head, raw, body, received, status, refusal }: Exchange): string {
  const title = `----- HTTP REQUEST from ${via.peer} -----`;
  const lines = [title];
  if (head !== null) lines.push(...head.text.split("\r\n").slice(0, -1).map((line) => escapeControls(line)));
  else lines.push(shown(raw, raw.length));
  if (received > 0) lines.push(`Body: ${shown(body, received)}`);
  lines.push("-".repeat(title.length));
  if (refusal !== "") lines.push(trouble(`Answered ${status} ${phraseOf(status)}: ${refusal}`));
  return lines.join("\n");
}

/** Untrusted bytes on one line; of many the first. */
function shown(bytes: Uint8Array, length: number): string {
  const text = escapeControls(decodeText(bytes.subarray(0, SHOWN)));
  return length > SHOWN ? `${text} … (${length} bytes)` : text;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * `host - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 2326`: the Common Log Format of NCSA httpd, in UTC.
 *
 * @param exchange What to log; a quote in the request line is escaped, so that no request can forge the rest of the line.
 * @param time When it was answered.
 */
export function commonLine({ via, head, raw, status, sent }: Exchange, time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
  const line = head === null
    ? decodeText(raw.subarray(0, SHOWN)).split("\n", 1)[0]?.trim() ?? ""
    : `${head.method} ${head.target} HTTP/1.${head.minor}`;
  const request = line === "" ? "-" : escapeControls(line.replace(/["\\]/g, "\\$&"));
  return `${via.hostname} - - [${day}:${clock} +0000] "${request}" ${status} ${sent === 0 ? "-" : sent}`;
}
