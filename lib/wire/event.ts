/**
 * What passed between two sockets, call by call. Pure.
 *
 * This is a stream of its own, apart from the log's events: its bytes are copies, and it is made only while somebody reads it.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";

/** One call on a socket, once it has returned. */
export interface WireEvent {
  /** When it returned: milliseconds since the epoch, with a fraction. */
  readonly at: number;
  readonly transport: "tcp" | "udp";
  /** The connection's number, or that of the datagrams between two endpoints; the log's events have the same. */
  readonly flow: number;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly call: "connect" | "accept" | "read" | "write" | "closeWrite" | "close" | "reset" | "receive" | "send";
  /** Which way the bytes went; `null` for a call that moves none. */
  readonly direction: "in" | "out" | null;
  /** What was read or written, copied; `null` for the end of the stream and for a call that moves none. */
  readonly bytes: Uint8Array | null;
  /** How many bytes the call was given to write, where it took fewer (a short write). */
  readonly offered?: number;
  /** Milliseconds from the call to its return. */
  readonly duration: number;
  /** Why it failed: the system's name for it (`ECONNRESET`), where it has one. */
  readonly error?: string;
}
