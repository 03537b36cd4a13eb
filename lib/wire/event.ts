/**
 * Socket traffic, call by call. Pure.
 *
 * This stream is separate from the log's events: its bytes are copies, and it is produced only while it has a consumer.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";

/** One completed call on a socket. */
export interface WireEvent {
  /** When it returned: milliseconds since the epoch, with a fraction. */
  readonly at: number;
  readonly transport: "tcp" | "udp";
  /** The number of the connection or of the datagram flow, the same as in the log's events. */
  readonly flow: number;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly call: "connect" | "accept" | "read" | "write" | "closeWrite" | "close" | "reset" | "receive" | "send";
  /** The direction of the bytes; `null` for a call that transfers none. */
  readonly direction: "in" | "out" | null;
  /** A copy of the bytes read or written; `null` at the end of the stream and for a call that transfers none. */
  readonly bytes: Uint8Array | null;
  /** How many bytes the caller passed to a write that accepted fewer (a short write). */
  readonly offered?: number;
  /** Milliseconds from the call to its return. */
  readonly duration: number;
  /** Why it failed: the errno name (`ECONNRESET`), if there is one. */
  readonly error?: string;
}
