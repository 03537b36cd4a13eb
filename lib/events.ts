/**
 * The one event stream of a process. Prose for people and `--json` for programs are two renderings of the same event.
 *
 * **The text in an event is untrusted data.** It may contain anything that a peer, a certificate or a file name put there. Producers
 * pass it on unchanged; each consumer escapes it for the place where it prints it.
 *
 * @module
 */
import type { Listening } from "./listening.ts";
import type { RefusalKind } from "./refusal.ts";

/** Which end of a connection a program is. */
export type Role = "client" | "server";

/** A client has connected. */
export interface Connected {
  readonly event: "connected";
  readonly id: number;
  readonly peer: string;
  readonly local: string;
  /** Milliseconds from the first attempt. */
  readonly duration: number;
}

/** The negotiated parameters of a TLS session, and the peer's identity. */
export interface TlsSession {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The standard name of the cipher suite. */
  readonly cipher: string;
  /** The protocol negotiated by ALPN (RFC 7301). */
  readonly alpn: string | null;
  /** The server name that the client requested (SNI, RFC 6066 3). */
  readonly serverName: string | null;
  /** The subject of the peer's certificate, on one line; `null` if it presented none, which clients may do. */
  readonly subject: string | null;
  /** Its common name: how people refer to the peer. */
  readonly name: string | null;
  /** The fingerprint of the peer's key. */
  readonly fingerprint: string | null;
  /** Why the server refuses the client, worded for the client: it requires a certificate and got no valid one. */
  readonly refusal: string | null;
}

/** A TLS handshake has completed. */
export interface Secured extends Omit<TlsSession, "name" | "refusal"> {
  readonly event: "secured";
  readonly id: number;
  readonly peer: string;
}

/** A server accepted a connection. */
export interface Accepted {
  readonly event: "accepted";
  readonly id: number;
  readonly peer: string;
}

/** A message was received or sent; in scripts that work on the raw stream, a chunk of it. */
export interface Transferred {
  readonly event: "received" | "sent";
  /** The connection's number; for datagrams, that of the flow between two endpoints. */
  readonly id: number;
  readonly peer: string;
  /** How many bytes passed, the line end included. */
  readonly bytes: number;
  /** The bytes decoded as UTF-8, invalid sequences as U+FFFD; without the line end, except in a pipe. */
  readonly text: string;
}

/** End of stream: the peer closed or half-closed. */
export interface EndOfStream {
  readonly event: "eof";
  readonly id: number;
  readonly peer: string;
}

/** The peer reset the connection, or it was cut off. */
export interface Reset {
  readonly event: "reset";
  readonly id: number;
  readonly peer: string;
  readonly message: string;
}

/** A connection's socket is closed. */
export interface Closed {
  readonly event: "closed";
  readonly id: number;
  readonly peer: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds since it was accepted or connected. */
  readonly duration: number;
}

/** A server refused a client; `peer` is the other side, whichever of the two reports it. A client ends with it, as an error. */
export interface Refused {
  readonly event: "refused";
  readonly id: number;
  readonly peer: string;
  readonly reason: string;
  /** What kind of refusal the client was told; absent if it was gone, or closed without a word as in a flood. */
  readonly kind?: RefusalKind;
  /** The status of the answer that tells it, and the length of its body, in a protocol that has them. */
  readonly status?: number;
  readonly sent?: number;
}

/** An error, in one connection (`id`) or in the whole run. */
export interface Trouble {
  readonly event: "error";
  readonly id?: number;
  readonly peer?: string;
  readonly code: number;
  readonly message: string;
}

/** Information for people that no other event carries. */
export interface Notice {
  readonly event: "notice" | "warning";
  readonly message: string;
}

/** What the run is waiting for, or how far it is. A terminal shows it until the next one; "" ends it. It is printed nowhere else. */
export interface Status {
  readonly event: "status";
  readonly text: string;
}

/** A signal has stopped the run. */
export interface Stopping {
  readonly event: "stopping";
  readonly signal: string;
}

/** The mark in front of a line of prose: `[+]`, `[*]`, `[!]`. */
export type Mark = "state" | "data" | "trouble";

/**
 * A line of prose, with its mark if it has one, and its tone if a terminal should set it off: bytes that came in or went out, or an aside.
 * A line break in its text is data too: it does not start a new line.
 */
export type ProseLine = string | { readonly mark?: Mark; readonly text: string; readonly tone?: "in" | "out" | "dim" };

/** The prose of an event: one line, several, or "" for none. */
export type Prose = string | readonly ProseLine[];

/** What `--explain` says about a call on a socket; `id` 0 concerns no connection. */
export interface Explained {
  readonly event: "explain";
  readonly id: number;
  readonly mark: Mark;
  readonly text: string;
  /** Why it matters; only the first time in a run. */
  readonly why?: string;
  /** The number of the classic mistake that it names. */
  readonly mistake?: number;
}

/** A block of `--trace`: a call on a socket, and its bytes. */
export interface Traced {
  readonly event: "trace";
  readonly id: number;
  readonly call: string;
  /** What happened, in a few words. */
  readonly detail: string;
  readonly direction: "in" | "out" | null;
  readonly local: string | null;
  readonly peer: string | null;
  readonly bytes: number;
  readonly hex: string;
  readonly prose: Prose;
}

/** A fault that was asked for has happened. */
export interface Faulted {
  readonly event: "fault";
  /** The connection's number, or the flow's. */
  readonly id: number;
  readonly transport: "tcp" | "udp";
  /** Of an endpoint, out or in; of a relay, up to the server or down to the client. */
  readonly direction: "out" | "in" | "up" | "down";
  /** The fault's name in the plan: `loss`, `resetAfter`. */
  readonly kind: string;
  /** Which datagram of its flow and direction (from 1), or which byte of the stream (from 0). */
  readonly where: number;
  /** What it did, in a few words. */
  readonly detail: string;
  readonly prose: Prose;
}

/** How often each fault has happened in a whole run. */
export interface FaultTotals {
  readonly event: "faults";
  /** The flags that repeat them: `--loss 30% --seed 7`. */
  readonly plan: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly prose: Prose;
}

/** The inspector is ready; nobody can guess its address. */
export interface Inspecting {
  readonly event: "inspecting";
  readonly url: string;
}

/** Figures of a whole run. */
export interface Summary {
  readonly event: "summary";
  readonly prose: Prose;
  readonly [figure: string]: unknown;
}

/** The last event: how the run ended. */
export interface Ended {
  readonly event: "ended";
  readonly code: number;
  readonly reason: string;
}

/** An event specific to one script; `prose` is for people, the other fields go to `--json`. */
export interface ScriptEvent {
  readonly event: "request" | "message" | "result" | "joined" | "left" | "exchange" | "measured";
  readonly prose: Prose;
  readonly [field: string]: unknown;
}

/** Any event, with its time. */
export type NetEvent = AnyEvent & {
  /** Milliseconds since the epoch, set by the first handler on the thread where the event happened ({@linkcode stamped}). */
  readonly at?: number;
};

type AnyEvent =
  | Listening
  | Connected
  | Accepted
  | Secured
  | Transferred
  | EndOfStream
  | Reset
  | Closed
  | Refused
  | Trouble
  | Notice
  | Status
  | Stopping
  | Inspecting
  | Explained
  | Traced
  | Faulted
  | FaultTotals
  | Summary
  | Ended
  | ScriptEvent;

/** Adds the current time to an event that has none. */
export function stamped(event: NetEvent): NetEvent & { readonly at: number } {
  const { at = Date.now() } = event;
  return { ...event, at };
}

/** An event sink. It may have many producers; its creator decides on the consumers. */
export interface Events {
  /**
   * Whether events about single messages and connections are consumed. If not (`--quiet`), do not even build such an event: its text
   * would be decoded for nothing. Check it each time: it may change during a run.
   */
  readonly detailed: boolean;
  emit(event: NetEvent): void;
  /** How many bytes a log writes for an event; 0 if it does not print it. It costs as much as printing. */
  sizeOf?(event: NetEvent): number;
}

/** Discards all events: the default of every function that takes `Events`. */
export const NO_EVENTS: Events = { detailed: false, emit: () => {} };
