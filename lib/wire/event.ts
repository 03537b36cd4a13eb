/**
 * Socket traffic, call by call, and who reads it. Pure.
 *
 * This stream is separate from the log's events: its bytes are copies, and it is produced only while it has a reader.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import type { Mark, TlsSession } from "../events.ts";

/**
 * A call on a socket. Most are told when they return. A write is told twice: `writing` when it is issued, for its answer may be read
 * before it returns, and `write` when it has returned; likewise `sending` and `send`.
 */
export type WireCall =
  | "resolve"
  | "listen"
  | "bind"
  | "connect"
  | "accept"
  | "handshake"
  | "read"
  | "writing"
  | "write"
  | "receive"
  | "sending"
  | "send"
  | "closeWrite"
  | "close"
  | "reset";

/** One call on a socket. */
export interface WireEvent {
  /** When it returned, or was issued: milliseconds since the epoch, with a fraction. */
  readonly at: number;
  readonly transport: "tcp" | "udp";
  readonly call: WireCall;
  /** The number of the connection or of the datagram flow, the same as in the log's events; 0 for a call that concerns none. */
  readonly flow: number;
  /** Our end; `null` while it is unknown: before a connection is established. */
  readonly local: Endpoint | null;
  /** The other end; `null` for `listen`, `bind` and `resolve`. */
  readonly peer: Endpoint | null;
  /**
   * A copy of the bytes received, or of those that `write` and `send` accepted, or that `writing` and `sending` were given. Empty for an
   * empty datagram; `null` at the end of the stream, after an error, and for a call that transfers none.
   */
  readonly bytes: Uint8Array | null;
  /** Milliseconds from the call to its return; 0 when it is told as it is issued. */
  readonly duration: number;
  /** How many bytes the caller passed to a write that accepted fewer (a short write). */
  readonly offered?: number;
  /** Why it failed: the errno name (`ECONNRESET`) if there is one, or else the error's name (`AbortError`: given up). */
  readonly error?: string;
  /** Whether the bytes are the plain text of a TLS connection. */
  readonly tls?: boolean;
  /** What the handshake agreed on, and whether the peer's identity was verified. */
  readonly session?: TlsSession & { readonly verified: boolean };
  /** For `resolve`: the name, and the addresses found for it. */
  readonly name?: string;
  readonly addresses?: readonly string[];
}

/** Which way something goes, as this end sees it. */
export type Direction = "in" | "out";

/** The other way. */
export const OTHER: Readonly<Record<Direction, Direction>> = { in: "out", out: "in" };

/** Which way the bytes of an event went; `null` if it carries none. */
export function directionOf({ call, bytes }: WireEvent): Direction | null {
  if (bytes === null) return null;
  return call === "read" || call === "receive" ? "in" : "out";
}

/** It never changes, and asking for it costs as much as asking for the time. */
const { timeOrigin } = performance;

/** Milliseconds since the epoch, with a fraction: the time of a {@linkcode WireEvent}. */
export function wireTime(): number {
  return timeOrigin + performance.now();
}

/** How often `--explain` is asked what silence means (ms). */
export const SILENCE_TICK = 250;

/** Takes a process's wire events. */
export interface WireSink {
  emit(event: WireEvent): void;
}

/** A sentence of `--explain` about an event, or about silence. One line; its text may quote the peer, so each reader escapes it. */
export interface Remark {
  readonly at: number;
  /** As in {@linkcode WireEvent.flow}. */
  readonly flow: number;
  readonly mark: Mark;
  readonly text: string;
  /** Why it matters; only with the first remark of its kind in a run. */
  readonly why?: string;
  /** The number of the classic mistake that it names. */
  readonly mistake?: number;
}

/** One of the readers of a process's wire events. */
export interface WireReader {
  /**
   * @param event Its bytes may be kept.
   * @param remarks What `--explain` says about it; empty unless {@linkcode WireReader.wantsRemarks}.
   */
  event(event: WireEvent, remarks: readonly Remark[]): void;
  /** Takes what `--explain` says about silence, when nothing happens. */
  silence?(remarks: readonly Remark[]): void;
  /** Whether it shows what `--explain` says. */
  readonly wantsRemarks?: boolean;
  /** The run is over: writes what is left. */
  end?(): Promise<void>;
}
