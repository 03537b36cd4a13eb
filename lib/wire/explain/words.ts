/**
 * Numbers, times and error names in words. Pure.
 *
 * @module
 */
import { counted, escapeControls, milliseconds } from "../../text.ts";

/** A size: `19 bytes`, `65 kB`, `42 MB`. */
export function size(bytes: number): string {
  if (bytes < 10_000) return counted(bytes, "byte");
  const [unit, by] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  const value = bytes / by;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** How long after the previous call: `0.42 ms later`; a clock that ran backwards counts as 0. */
export function later(gap: number): string {
  return `${milliseconds(Math.max(0, gap))} later`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map(Object.entries({
  EADDRINUSE: "another program holds this port",
  EADDRNOTAVAIL: "that is not an address of this machine",
  EACCES: "not permitted; ports below 1024 need privileges on many systems",
  ECONNABORTED: "the connection was aborted",
  ECONNREFUSED: "refused: a machine answers there, but nothing listens at this address and port",
  ECONNRESET: "the peer has reset the connection (RST)",
  EHOSTUNREACH: "no route to that host",
  EMSGSIZE: "longer than a datagram can be",
  ENETUNREACH: "no route to that network",
  ENOTCONN: "there is no connection any more",
  ENOTFOUND: "no such name",
  EAI_AGAIN: "no name server answers",
  EPIPE: "the peer no longer reads",
  ERR_SSL_WRONG_VERSION_NUMBER: "the peer's answer is not TLS: it speaks something else on this port",
  ETIMEDOUT: "no answer within the time limit",
  PlaintextError: "the peer speaks plain text, not TLS",
  UnexpectedEof: "the stream ended without TLS's own end mark (close_notify): it may be cut off",
}));

/** An error in words: `ECONNREFUSED: refused: …`. */
export function inWords(error: string): string {
  const meaning = MEANINGS.get(error);
  if (meaning === undefined) return named(error);
  // A student can look up EPIPE, but not the name of a class.
  return /^E[A-Z_]+$/.test(error) ? `${meaning} (${error})` : meaning;
}

/** The most of a name that is shown (characters). */
const NAME = 100;

/** A name from elsewhere on one short line: that of a host, of a certificate's subject, of an error. */
export function named(text: string): string {
  const short = text.length > NAME ? `${text.slice(0, NAME).toWellFormed()}…` : text;
  return escapeControls(short);
}

/** Whether a call ended because this side closed the socket. */
export function isOurClose(error: string): boolean {
  return ["BadResource", "Interrupted", "AbortError", "EBADF", "EINTR"].includes(error);
}
