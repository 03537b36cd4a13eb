/**
 * What the HTTP checks need to know about a server, and the requests that they send. Pure.
 *
 * @module
 */
import type { Endpoint } from "../../../lib/addr.ts";

/** How to speak to the server under test. */
export interface HttpDialect {
  /** A path that answers GET with 200. */
  readonly path: string;
  /** What the Host field says; `null` = the address of the server. */
  readonly host: string | null;
  /** A path that takes POST; `null` if none is known: bodies are then sent to {@linkcode HttpDialect.path}, and any refusal is right. */
  readonly post: string | null;
}

/** What a request needs from a trial. */
export interface Asked {
  readonly server: Endpoint;
  readonly dialect: HttpDialect;
}

/** A request that differs from `GET path HTTP/1.1` with a Host. */
export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** The Host field's value; `null` = no such field. */
  readonly host?: string | null;
  /** Further field lines, without line ends. */
  readonly fields?: readonly string[];
  /** A body; its Content-Length is added, unless a field line says how long it is. */
  readonly body?: string;
}

/** The value of the Host field (RFC 9112 3.2): an IPv6 address stands in brackets. */
export function hostOf({ server: { hostname, port }, dialect: { host } }: Asked): string {
  return host ?? `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/**
 * A request as text.
 *
 * @example Usage
 * ```ts
 * import { requestText } from "./dialect.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const asked = { server: { hostname: "::1", port: 80 }, dialect: { path: "/", host: null, post: null } };
 * assertEquals(requestText(asked), "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
 * ```
 */
export function requestText(asked: Asked, parts: RequestParts = {}): string {
  const { method = "GET", target = asked.dialect.path, version = "HTTP/1.1", fields = [], body } = parts;
  const host = parts.host === undefined ? hostOf(asked) : parts.host;
  const lines = [`${method} ${target} ${version}`];
  if (host !== null) lines.push(`Host: ${host}`);
  lines.push(...fields);
  if (body !== undefined && !fields.some((field) => /^(?:content-length|transfer-encoding)\b/i.test(field))) {
    lines.push(`Content-Length: ${new TextEncoder().encode(body).length}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** A POST to the path that takes it, or to the one that is known. */
export function postText(asked: Asked, parts: RequestParts = {}): string {
  const { post, path } = asked.dialect;
  return requestText(asked, { method: "POST", target: post ?? path, ...parts });
}

/** A field that asks the server to close (RFC 9112 9.6). */
export const CLOSE = "Connection: close";
