/**
 * The four forms of a request target (RFC 9112 3.2) and the grammar of hosts (RFC 3986 3.2.2). Pure.
 *
 * @module
 */
import { isAddress } from "../../lib/addr.ts";
import { malformed, type Refusal } from "./refusal.ts";
import { COLON, digit, hexDigit, HOST_NAME, textOf } from "./syntax.ts";

/** A parsed request target. */
export interface Target {
  /** The path, percent-encoded where that makes a difference; `*` for the server as a whole, "" for CONNECT. */
  readonly path: string;
  /** The part after the first `?`; "" if there is none. */
  readonly query: string;
  /** The scheme, host and port of an absolute target, which override the Host field (RFC 9112 3.2.2); else `null`. */
  readonly origin: Origin | null;
}

/** Where an absolute target is to be found. */
export interface Origin {
  readonly scheme: "http" | "https";
  /** The host with its port, if it has one. */
  readonly authority: string;
}

const ROOT: Target = { path: "/", query: "", origin: null };
const SERVER: Target = { path: "*", query: "", origin: null };

/**
 * Parses a request target.
 *
 * @param target In the characters that a request line may have there.
 * @throws {Refusal} It has none of the four forms, or one that its method does not allow; or it has a bracket or a `%` where the grammar
 * has none.
 *
 * @example Usage
 * ```ts
 * import { parseTarget } from "./target.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseTarget("GET", "http://localhost:8080/echo?a=1"), {
 *   path: "/echo",
 *   query: "a=1",
 *   origin: { scheme: "http", authority: "localhost:8080" },
 * });
 * ```
 */
export function parseTarget(method: string, target: string): Target {
  if (target === "/" && method !== "CONNECT") return ROOT;
  if (method === "CONNECT") {
    const [, port] = /:(\d+)$/.exec(target) ?? [];
    if (port === undefined || !isHostText(target)) throw malformed("a CONNECT target that is not host:port");
    return { path: "", query: "", origin: null };
  }
  if (target.startsWith("/")) return splitQuery(target, null);
  if (target === "*") {
    if (method !== "OPTIONS") throw malformed("the target * with a method other than OPTIONS");
    return SERVER;
  }
  // Absolute-form, as clients send it to a proxy.
  const [, secure, authority, rest] = /^http(s?):\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || rest === undefined) {
    throw malformed("a target that is neither a path nor an absolute http URL");
  }
  // User information is an error: deceptive links use it (RFC 9110 4.2.4).
  if (!isHostText(authority)) throw malformed("an absolute target with an invalid host");
  const origin: Origin = { scheme: secure === "" ? "http" : "https", authority };
  // OPTIONS without even a slash means the server as a whole (RFC 9112 3.2.4).
  if (rest === "" && method === "OPTIONS") return { ...SERVER, origin };
  return splitQuery(rest.startsWith("/") ? rest : `/${rest}`, origin);
}

function splitQuery(text: string, origin: Origin | null): Target {
  if (!SPECIAL.test(text)) return { path: text, query: "", origin };
  const mark = text.indexOf("?");
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = mark < 0 ? "" : text.slice(mark + 1);
  if (MISPLACED_IN_PATH.test(path)) throw misplaced(path);
  if (query !== "" && HALF_ENCODED.test(query)) throw misplaced(query);
  return { path: path.includes("%") ? path.replace(NEEDLESS, decodeURIComponent) : path, query, origin };
}

/** Most paths have none of these, and are taken as they are. */
const SPECIAL = /[?%[\]]/;

/** An encoded letter, digit, `-`, `.`, `_` or `~`: it means the same as the character itself (RFC 3986 2.3, RFC 9110 4.2.3). */
const NEEDLESS = /%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)/gi;

/** A `%` that does not begin an encoded byte (RFC 3986 2.1): one parser would decode it as something, another leave it. */
const HALF_ENCODED = /%(?![\dA-Fa-f]{2})/;
/** Brackets stand around an IPv6 address only (RFC 3986 3.2.2), but browsers send them in a query as they were typed. */
const MISPLACED_IN_PATH = /[[\]]|%(?![\dA-Fa-f]{2})/;

function misplaced(part: string): Refusal {
  return malformed(
    HALF_ENCODED.test(part)
      ? "a % in the target without two hexadecimal digits after it; the character % is written %25 (RFC 3986 2.1)"
      : "a bracket in the path, where [ must be written %5B and ] %5D (RFC 3986 3.3)",
  );
}

function isHostText(text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  return isHost(bytes, 0, bytes.length);
}

/**
 * Whether bytes are `uri-host [":" port]` (RFC 9110 7.2): a name, an IPv4 address or an IPv6 address in brackets. An empty host is
 * invalid in an http URL (RFC 9110 4.2.1).
 */
export function isHost(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if (bytes[at] === 0x5b) {
    const close = bytes.subarray(from, to).indexOf(0x5d);
    if (close < 0 || !isIpLiteral(textOf(bytes, from + 1, from + close))) return false;
    at = from + close + 1;
  } else {
    while (at < to) {
      if (HOST_NAME[bytes[at] as number] === 1) at++;
      else if (bytes[at] === 0x25 && at + 2 < to && hexDigit(bytes[at + 1]) >= 0 && hexDigit(bytes[at + 2]) >= 0) {
        at += 3;
      } else break;
    }
    if (at === from) return false;
  }
  if (at === to) return true;
  if (bytes[at] !== COLON) return false;
  let port = 0;
  for (at++; at < to; at++) {
    const value = digit(bytes[at]);
    if (value < 0) return false;
    port = port * 10 + value;
  }
  return port <= 65535;
}

function isIpLiteral(text: string): boolean {
  return /^v[\da-f]+\.[\w\-.~!$&'()*+;=:]+$/i.test(text) || (text.includes(":") && isAddress(text));
}
