/**
 * Requests as a connection of `http:server` reads them (`http/request/`), beside llhttp.
 *
 * @module
 */
import { type BodyLimits, BodyReader } from "../../../http/request/body.ts";
import { CHUNKED } from "../../../http/request/framing.ts";
import type { RequestHead } from "../../../http/request/head.ts";
import { HeadParser } from "../../../http/request/head_parser.ts";
import { ANY_HOST, Hosts } from "../../../http/request/hosts.ts";
import { foreignOrigin } from "../../../http/request/origin.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { parseTarget } from "../../../http/request/target.ts";
import { Inbox } from "../../../http/serve/inbox.ts";
import { decodeText } from "../../../lib/text.ts";
import { fromLatin1, latin1 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, overwrite, same, sameForAllSplits, type Target } from "../engine/target.ts";
import { llhttp, METHODS, type SeenRequest } from "../second/llhttp.ts";
import { isKnownEarlyEnd, isKnownLeniency, isKnownRefusal, OTHER_PERSISTENCE } from "../second/llhttp_differences.ts";
import { REQUEST_WORDS, requestsOf, SEEDS } from "./http_inputs.ts";

/** A request that was read to its end. */
interface Read {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly length: number;
  readonly keepAlive: boolean;
  /** Names and values, a character a byte. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly trailers: readonly string[];
  /** Where it ends in the stream. */
  readonly end: number;
}

/** How the requests of a stream were read. */
interface Outcome {
  readonly requests: readonly Read[];
  /** It wants more, of a head or a body, refuses the rest, or the last request was the last of its connection. */
  readonly ending: "more of a head" | "more of a body" | "refused" | "closed";
  readonly refusal: Refusal | null;
  /** Whether a head was complete, but not its request. */
  readonly inBody: boolean;
}

/** What no value may have; a character may stand for a byte here, so that C1 is text. */
// deno-lint-ignore no-control-regex -- that is what must not be there
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Small limits, which inputs reach; and those of the server. */
const SMALL: BodyLimits = { maxLine: 200, maxHead: 400, maxFields: 8, maxBody: 100 };
const USUAL: BodyLimits = { maxLine: 8192, maxHead: 65_536, maxFields: 100, maxBody: 1_048_576 };

/** Reads the requests of a stream as `http/serve/connection.ts` does. */
function read(pieces: readonly Uint8Array[], limits: BodyLimits): Outcome {
  const hosts = new Hosts(ANY_HOST);
  const parser = new HeadParser(limits, hosts);
  const inbox = new Inbox();
  const requests: Read[] = [];
  let head: RequestHead | null = null;
  let reader: BodyReader | null = null;
  let taken = 0;
  const end = (ending: Outcome["ending"], refusal: Refusal | null = null): Outcome => ({
    requests,
    ending,
    refusal,
    inBody: head !== null,
  });
  try {
    for (const piece of pieces) {
      inbox.keep();
      inbox.add(piece);
      for (;;) {
        const before = inbox.at;
        if (head === null) {
          head = parser.parse(inbox.bytes, inbox.at);
          if (head === null) {
            if (!parser.begun) {
              taken += inbox.left;
              inbox.at = inbox.bytes.length;
            }
            break;
          }
          holds(parser.consumed <= inbox.left, "no more is consumed than there is");
          inbox.at += parser.consumed;
          checkHead(head, parser, limits);
          const target = parseTarget(head.method, head.target);
          if (head.method === "CONNECT") {
            // The server refuses the method, and closes the connection.
            requests.push(readOf(head, new BodyReader(0, "all", limits), taken + parser.consumed, limits));
            return end("closed");
          }
          const host = target.origin?.authority ?? head.framing.host;
          if (host !== null) hosts.accepts(host, "127.0.0.1:8080");
          head.keep();
          reader = new BodyReader(head.framing.length, "all", limits);
        }
        if (reader !== null && !reader.done) inbox.at = reader.push(inbox.bytes, inbox.at);
        holds(inbox.at >= before && inbox.at <= inbox.bytes.length, "no more is consumed than there is");
        taken += inbox.at - before;
        if (reader === null || !reader.done) break;
        const done = readOf(head, reader, taken, limits);
        requests.push(done);
        if (!done.keepAlive) return end("closed");
        head = reader = null;
      }
      inbox.keep();
      overwrite(piece);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    holds(
      error.status >= 400 && error.status <= 505,
      "a refusal has the status of an error",
      () => String(error.status),
    );
    return end("refused", error);
  }
  return end(head === null ? "more of a head" : "more of a body");
}

function checkHead(head: RequestHead, parser: HeadParser, limits: BodyLimits): void {
  const { framing } = head;
  holds(parser.consumed <= limits.maxHead + limits.maxLine + 2, "a head is within its limit");
  holds(/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(head.method), "a method is a token", () => head.method);
  holds(/^[!-~]+$/.test(head.target), "a target is visible ASCII", () => head.target);
  holds(framing.length >= 0 || framing.length === CHUNKED, "a body has a length or is chunked");
  let [lengths, codings, hosts, count] = [0, 0, 0, 0];
  for (const [name, value] of head.fields()) {
    count++;
    holds(/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name), "a field's name is a token", () => name);
    holds(!CONTROL.test(value), "no value has a control character", () => JSON.stringify(value));
    holds(value === value.replace(/^[ \t]+|[ \t]+$/g, ""), "no value has white space around it");
    const lower = name.toLowerCase();
    if (lower === "content-length") {
      lengths++;
      same(value, String(framing.length), "the body is as long as Content-Length says");
    } else if (lower === "transfer-encoding") {
      codings++;
      same(value.toLowerCase(), "chunked", "no other coding is taken");
    } else if (lower === "host") hosts++;
  }
  holds(count <= limits.maxFields, "there are no more fields than allowed");
  holds(
    lengths <= 1 && (codings === 0 || (lengths === 0 && framing.length === CHUNKED)),
    "the framing has one meaning",
  );
  holds(head.minor === 1 || codings === 0, "HTTP/1.0 has no transfer codings");
  holds(head.minor === 0 || hosts === 1, "HTTP/1.1 has one Host");
  if (lengths + codings === 0) same(framing.length, 0, "without Content-Length and Transfer-Encoding there is no body");
  const raw = fromLatin1(head.raw);
  holds(
    raw.endsWith("\r\n\r\n") && raw.indexOf("\r\n\r\n") === raw.length - 4,
    "a head ends with its first empty line",
  );
  if (head.method === "HEAD") {
    same([...head.asGet().fields()], [...head.fields()], "a HEAD has the fields of its GET");
  }
  foreignOrigin(head, { hosts: new Hosts({ names: [], anyAddress: false }), local: "127.0.0.1:8080", secure: false });
}

function readOf(head: RequestHead, reader: BodyReader, end: number, limits: BodyLimits): Read {
  const { method, target, minor, framing } = head;
  const body = reader.bytes.slice();
  holds(
    method === "CONNECT" || body.length === framing.length || framing.length === CHUNKED,
    "a body is as long as its head says",
  );
  const kept = Array.from(head.fields(), ([name, value]) => `${name}: ${value}`);
  same(
    kept,
    fieldsOf(decodeText(head.raw)).map(([name, value]) => `${name}: ${value}`),
    "a head that is kept has its fields",
  );
  holds(body.length <= limits.maxBody, "a body is within its limit", () => String(body.length));
  same(reader.received, body.length, "what was received is what was kept");
  holds(reader.trailers.length <= limits.maxFields, "there are no more trailers than allowed");
  for (const trailer of reader.trailers) {
    holds(!CONTROL.test(trailer), "no trailer has a control character");
  }
  return {
    method,
    target,
    minor,
    length: framing.length,
    keepAlive: framing.keepAlive,
    fields: fieldsOf(fromLatin1(head.raw)),
    body,
    trailers: [...reader.trailers],
    end,
  };
}

/** The fields, from the bytes: the head decodes its values as UTF-8. */
function fieldsOf(raw: string): [string, string][] {
  return raw.split("\r\n").slice(1, -2).map(pairOf);
}

function pairOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
}

/** Compares with llhttp, request by request. */
function compare(input: Uint8Array, ours: Outcome): void {
  const theirs = llhttp(input);
  for (let index = 0, start = 0;; index++) {
    const mine = ours.requests[index];
    const other = theirs.requests[index];
    if (mine !== undefined && other?.complete === true) {
      compareRequests(mine, other);
      // What comes after this is another protocol's, or nobody's.
      if (mine.method === "CONNECT" || !mine.keepAlive || !other.keepAlive) return;
      start = mine.end;
    } else if (mine !== undefined) {
      if (theirs.ending === "upgrade") return;
      holds(
        theirs.ending === "refused",
        "llhttp ends a request where this parser does",
        () => `${mine.end}, llhttp later`,
      );
      const { method, trailers, end } = mine;
      const taken = { method, text: fromLatin1(input.subarray(start, end)), trailers };
      holds(isKnownLeniency(theirs.why, taken, METHODS), "llhttp refuses no request that is taken", () => theirs.why);
      return;
    } else if (other?.complete === true) {
      if (ours.ending === "more of a body" && isKnownEarlyEnd(other.raw)) return;
      holds(ours.refusal !== null, "this parser ends a request where llhttp does", () => `${other.end}, this later`);
      const { status, message } = ours.refusal;
      holds(
        isKnownRefusal(ours.refusal),
        "a refusal that llhttp does not share is known",
        () => `${status} ${message}`,
      );
      return;
    } else return;
  }
}

function compareRequests(mine: Read, other: SeenRequest): void {
  same([mine.method, mine.target, mine.minor], [other.method, other.target, other.minor], "the same line as llhttp");
  same(mine.fields, other.fields, "the same fields as llhttp");
  // llhttp takes what follows for the tunnel; this server refuses the method and closes the connection.
  if (mine.method === "CONNECT") return;
  same(mine.body, other.body, "the same body as llhttp");
  same(mine.trailers.map(pairOf), other.trailers, "the same trailers as llhttp");
  same(mine.end, other.end, "the same end as llhttp");
  const known = OTHER_PERSISTENCE.some(({ applies }) => applies(other.raw, other.trailers));
  if (!known) same(mine.keepAlive, other.keepAlive, "the same persistence as llhttp");
}

/** The refusals of a head that has more than one mistake, or that is wrong before it is complete. */
const EARLY = [400, 414, 431, 505];

/**
 * What must not depend on how the bytes arrive. A head may be refused a few bytes sooner or later, and of two mistakes the one that was
 * found first is told; but no head is taken in one way and refused in the other.
 */
function summary({ requests, ending, refusal, inBody }: Outcome): unknown {
  const early = ending === "more of a head" || (refusal !== null && !inBody && EARLY.includes(refusal.status));
  if (early) return { requests, ending: "not a head, or not yet" };
  return { requests, ending, status: refusal?.status ?? 0, inBody };
}

export const http: Target = {
  name: "http",
  what: "requests as a connection reads them: heads, bodies, chunks, trailers, targets; beside llhttp",
  max: 100_000,
  seeds: SEEDS.map(latin1),
  words: REQUEST_WORDS,
  make: (draw: Draw) => latin1(requestsOf(draw)),
  check(input) {
    sameForAllSplits(input, (pieces) => summary(read(pieces, SMALL)));
    const ours = read([input.slice()], USUAL);
    compare(input, ours);
  },
};
