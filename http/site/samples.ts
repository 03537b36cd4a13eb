/**
 * Answers on demand: a status, a delay, or a number of bytes, lines or redirects.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { type Answer, type BodyStream, fieldLine, isBodiless, reasonPhrase, textAnswer } from "../answer/answer.ts";
import { ascii } from "../answer/bytes.ts";
import { digit, NOTHING } from "../request/syntax.ts";
import type { SiteRequest } from "./resource.ts";

/** The limits of the parameters. */
const MAX_DELAY = 60;
const MAX_BYTES = 100 * 1024 * 1024;
const MAX_LINES = 10_000;
const MAX_REDIRECTS = 100;
const MAX_DIGITS = 9;
const PIECE = 64 * 1024;

/** Fields that an answer with this status must have (RFC 9110 15). */
const REQUIRED: Readonly<Record<number, string>> = {
  301: fieldLine("Location", "/"),
  302: fieldLine("Location", "/"),
  303: fieldLine("Location", "/"),
  307: fieldLine("Location", "/"),
  308: fieldLine("Location", "/"),
  401: fieldLine("WWW-Authenticate", 'Basic realm="Plainwire"'),
  405: fieldLine("Allow", ""),
  407: fieldLine("Proxy-Authenticate", 'Basic realm="Plainwire"'),
  416: fieldLine("Content-Range", "bytes */0"),
  426: fieldLine("Upgrade", "HTTP/2.0") + fieldLine("Connection", "upgrade"),
};

/** The number at the end of a route's path. */
export interface Parameter {
  /** What it must be. */
  readonly rule: string;
  /** Parses it; `null` for any other text. */
  parse(text: string): number | null;
}

function wholeNumber(min: number, max: number): Parameter {
  return {
    rule: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const number = text.length <= MAX_DIGITS ? wholeOf(text) : -1;
      return number >= min && number <= max ? number : null;
    },
  };
}

/** The number that decimal digits stand for; -1 for any other text. */
function wholeOf(text: string): number {
  let number = text === "" ? -1 : 0;
  for (let at = 0; at < text.length && number >= 0; at++) {
    const value = digit(text.charCodeAt(at));
    number = value < 0 ? -1 : number * 10 + value;
  }
  return number;
}

/** The parameters of the routes. */
export const PARAMETERS = {
  status: wholeNumber(200, 599),
  bytes: wholeNumber(0, MAX_BYTES),
  lines: wholeNumber(0, MAX_LINES),
  redirects: wholeNumber(1, MAX_REDIRECTS),
  delay: {
    rule: `a number of seconds from 0 to ${MAX_DELAY}, such as 1.5`,
    parse: (text) => {
      const seconds = /^(\d{1,3}(\.\d{0,6})?|\.\d{1,6})$/.test(text) ? Number(text) : NaN;
      return seconds <= MAX_DELAY ? seconds : null;
    },
  },
} as const satisfies Record<string, Parameter>;

const STATUS_ANSWERS = new Map<number, Answer>();

/** `/status/N`: an answer with that status, made once: it depends on nothing else. */
export function statusAnswer(status: number): Answer {
  const known = STATUS_ANSWERS.get(status);
  if (known !== undefined) return known;
  const made = newStatusAnswer(status);
  STATUS_ANSWERS.set(status, made);
  return made;
}

function newStatusAnswer(status: number): Answer {
  const required = REQUIRED[status] ?? "";
  // Without content there is no media type either.
  if (isBodiless(status) || status === 205) return { status, fields: required, body: NOTHING };
  const body = `${status} ${reasonPhrase(status)}\n`;
  const range = status === 206 ? fieldLine("Content-Range", `bytes 0-${body.length - 1}/${body.length}`) : "";
  return { ...textAnswer(status, body, required + range), body: ascii(body) };
}

/** `/delay/S`: an answer after S seconds; sooner if the request's signal aborts. */
export function delayAnswer(seconds: number, request: SiteRequest): Promise<Answer> {
  const since = performance.now();
  return delay(seconds * 1000, { signal: request.signal }).then(
    () => textAnswer(200, `Answered after ${seconds} s\n`),
    () =>
      textAnswer(200, `Answered after ${((performance.now() - since) / 1000).toFixed(1)} s instead of ${seconds}\n`),
  );
}

/** `/bytes/N`: N random bytes. */
export function bytesAnswer(length: number, request: SiteRequest): Answer {
  if (!request.headOnly) request.hold(Math.min(length, PIECE));
  const body: BodyStream = {
    length,
    async *pieces() {
      const piece = new Uint8Array(Math.min(length, PIECE));
      for (let left = length; left > 0; left -= PIECE) {
        yield crypto.getRandomValues(piece.subarray(0, left));
      }
    },
  };
  return { status: 200, fields: fieldLine("Content-Type", "application/octet-stream"), body };
}

/** `/stream/N`: N lines of JSON, one per chunk. */
export function linesAnswer(lines: number): Answer {
  const encoder = new TextEncoder();
  const body: BodyStream = {
    length: null,
    async *pieces() {
      for (let line = 0; line < lines; line++) yield encoder.encode(`{"line":${line},"of":${lines}}\n`);
    },
  };
  return { status: 200, fields: fieldLine("Content-Type", "application/x-ndjson"), body };
}

/** `/redirect/N`: N redirects, the last one to `/`. */
export function redirectAnswer(left: number): Answer {
  const location = left > 1 ? `/redirect/${left - 1}` : "/";
  return textAnswer(302, `Continue at ${location}\n`, fieldLine("Location", location));
}
