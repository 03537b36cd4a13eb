/**
 * The parts of wire events that come from the runtime: endpoints, error names, TLS sessions.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import type { TlsSession } from "../events.ts";

/** The runtime's names of errors that have an errno name. A limit of ours on connecting counts as the system's. */
const ERRNO: ReadonlyMap<string, string> = new Map(Object.entries({
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  HostUnreachable: "EHOSTUNREACH",
  NetworkUnreachable: "ENETUNREACH",
  NotConnected: "ENOTCONN",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
  TimeoutError: "ETIMEDOUT",
}));

/**
 * The errno name of an error (`ECONNRESET`) if it or its cause has one, or else its own name (`UnexpectedEof`).
 *
 * @example Usage
 * ```ts
 * import { errorName } from "./event_parts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(errorName(new Deno.errors.ConnectionReset()), "ECONNRESET");
 * assertEquals(errorName(new DOMException("cancelled", "AbortError")), "AbortError");
 * ```
 */
export function errorName(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("code" in each && typeof each.code === "string" && /^[A-Z]/.test(each.code)) return each.code;
    const errno = ERRNO.get(each.name);
    if (errno !== undefined) return errno;
  }
  return error instanceof Error ? error.name : "Error";
}

/** The part of a session that events carry: it may be sent to another thread. */
export function plainSession(session: TlsSession): TlsSession {
  const { version, cipher, alpn, serverName, subject, name, fingerprint, refusal } = session;
  return { version, cipher, alpn, serverName, subject, name, fingerprint, refusal };
}

/** The endpoint at an address of a TCP or UDP socket. */
export function endpointOf(address: Deno.Addr): Endpoint {
  const { hostname, port } = address as Deno.NetAddr;
  return { hostname, port };
}
