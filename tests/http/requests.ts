/**
 * Requests from text, for tests of the parser and of its users.
 *
 * @module
 */
import { type BodyLimits, type BodyNeed, BodyReader } from "../../http/request/body.ts";
import { RequestHead } from "../../http/request/head.ts";
import { Inbox } from "../../http/serve/inbox.ts";
import { ANY_HOST, Hosts } from "../../http/request/hosts.ts";
import { HeadParser } from "../../http/request/head_parser.ts";
import { malformed, Refusal } from "../../http/request/refusal.ts";
import type { SiteRequest } from "../../http/site/resource.ts";
import { parseTarget } from "../../http/request/target.ts";
import { textOf } from "../../http/request/syntax.ts";

/** Small limits, so that tests can reach them. */
export const LIMITS: BodyLimits = { maxLine: 200, maxHead: 400, maxFields: 8, maxBody: 100 };

/** Text as bytes, one per character: `\xff` is the byte 255. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A parsed request. */
export interface ParsedRequest {
  readonly line: string;
  readonly body: string;
  readonly keepAlive: boolean;
  readonly trailers: readonly string[];
}

/** The requests in some bytes, and the end of parsing. */
export interface Outcome {
  readonly requests: ParsedRequest[];
  /** The status of the refusal; 0 = none, and `left` is an incomplete request. */
  readonly refused: number;
  readonly left: string;
}

/** Parses requests from pieces as the connection does. */
export function parseRequests(pieces: readonly Uint8Array[], need: BodyNeed = "all", limits = LIMITS): Outcome {
  const parser = new HeadParser(limits);
  const inbox = new Inbox();
  const requests: ParsedRequest[] = [];
  let head: RequestHead | null = null;
  let reader: BodyReader | null = null;
  try {
    for (const piece of pieces) {
      inbox.keep();
      // The reader reuses its buffer for the next piece, so no view of it may be kept.
      const buffer = piece.slice();
      inbox.add(buffer);
      for (;;) {
        if (head === null) {
          head = parser.parse(inbox.bytes, inbox.at);
          head?.keep();
          if (head === null) {
            if (!parser.begun) inbox.at = inbox.bytes.length;
            break;
          }
          inbox.at += parser.consumed;
          parseTarget(head.method, head.target);
          reader = new BodyReader(head.framing.length, need, limits);
        }
        if (reader === null) throw malformed("no reader");
        inbox.at = reader.push(inbox.bytes, inbox.at);
        if (!reader.done) break;
        const { method, target, minor, framing } = head;
        requests.push({
          line: `${method} ${target} 1.${minor}`,
          body: textOf(reader.bytes),
          keepAlive: framing.keepAlive,
          trailers: reader.trailers,
        });
        head = reader = null;
      }
      inbox.keep();
      buffer.fill(0);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { requests, refused: error.status, left: "" };
  }
  return { requests, refused: 0, left: textOf(inbox.bytes, inbox.at) };
}

/** Parses a complete head. */
export function headOf(text: string): RequestHead {
  const head = new HeadParser({ ...LIMITS, maxLine: 4000, maxHead: 8000 }).parse(latin1(text), 0);
  if (head === null) throw new Error(`no head in ${JSON.stringify(text)}`);
  return head;
}

/** A complete request as a resource gets it. */
export function requestOf(text: string, options: Partial<SiteRequest> = {}): SiteRequest {
  const head = headOf(text);
  const body = latin1(text).subarray(head.raw.length);
  return {
    head,
    headOnly: false,
    target: parseTarget(head.method, head.target),
    body,
    received: body.length,
    trailers: [],
    connection: { id: 1, peer: "192.0.2.7:50000", local: "127.0.0.1:8080", hostname: "192.0.2.7", session: null },
    hosts: new Hosts(ANY_HOST),
    now: Math.floor(Date.now() / 1000),
    signal: new AbortController().signal,
    throwIfGone: () => {},
    hold: () => {},
    ...options,
  };
}
