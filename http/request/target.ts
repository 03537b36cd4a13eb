/**
 * The four forms of a request target (RFC 9112 3.2) and the grammar of hosts (RFC 3986 3.2.2). Pure.
 *
 * @module
 */
import { isAddress } from "../../lib/addr.ts";
import { malformed } from "./refusal.ts";
import { COLON, digit, HOST_NAME, textOf } from "./syntax.ts";

/** A parsed request target. */
export interface Target {
  /** The path as it was sent, with its percent-encoding; `*` for the server as a whole, "" for CONNECT. */
  readonly path: string;
  /** The part after the first `?`; "" if there is none. */
  readonly query: string;
  /** The host and port of an absolute target, which override the Host field (RFC 9112 3.2.2); else `null`. */
  readonly authority: string | null;
}

const ROOT: Target = { path: "/", query: "", authority: null };

/**
 * Parses a request target.
 *
 * @throws {Refusal} It has none of the four forms, or one that its method does not allow.
 *
 * @example Usage
 * ```ts
 * import { parseTarget } from "./target.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseTarget("GET", "http://localhost:8080/echo?a=1"), {
 *   path: "/echo",
 *   query: "a=1",
 *   authority: "localhost:8080",
 * });
 * ```
 */
export function parseTarget(method: string, target: string): Target {
  if (target === "/" && method !== "CONNECT") return ROOT;
  if (method === "CONNECT") {
    const [, port] = /:(\d+)$/.exec(target) ?? [];
    if (port === undefined || !isHostText(target)) throw malformed("a CONNECT target that is not host:port");
    return { path: "", query: "", authority: null };
  }
  if (target.startsWith("/")) return splitQuery(target, null);
  if (target === "*") {
    if (method !== "OPTIONS") throw malformed("the target * with a method other than OPTIONS");
    return { path: "*", query: "", authority: null };
  }
  // Absolute-form, as clients send it to a proxy.
  const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || rest === undefined) {
    throw malformed("a target that is neither a path nor an absolute http URL");
  }
  // User information is an error: deceptive links use it (RFC 9110 4.2.4).
  if (!isHostText(authority)) throw malformed("an absolute target with an invalid host");
  return splitQuery(rest.startsWith("/") ? rest : `/${rest}`, authority);
}

/** A fragment must not be sent, but some clients do: it is dropped. */
function splitQuery(text: string, authority: string | null): Target {
  const hash = text.indexOf("#");
  const reference = hash < 0 ? text : text.slice(0, hash);
  const mark = reference.indexOf("?");
  if (mark < 0) return { path: reference, query: "", authority };
  return { path: reference.slice(0, mark), query: reference.slice(mark + 1), authority };
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
      else if (bytes[at] === 0x25 && at + 2 < to && /^[\da-f]{2}$/i.test(textOf(bytes, at + 1, at + 3))) at += 3;
      else break;
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
  return text.includes(":") && !text.startsWith("v")
    ? isAddress(text)
    : /^v[\da-f]+\.[\w\-.~!$&'()*+;=:]+$/i.test(text);
}
