/**
 * Errors of calls that stand for something that passed on the wire. Pure.
 *
 * @module
 */

/** A RST has come; a write then fails with EPIPE, which says that it came before. */
export const RESET: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** Nobody listens there: TCP answers with a RST (RFC 9293 3.10.7.1), UDP with an ICMP message (RFC 1122 4.1.3.1). */
export const REFUSED: ReadonlySet<string> = new Set(["ECONNREFUSED"]);

/** Nothing has come back. */
export const UNANSWERED: ReadonlySet<string> = new Set(["ETIMEDOUT", "AbortError"]);
