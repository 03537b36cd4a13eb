/**
 * The one stream of events per process. What people read and what `--json` prints are two readers of the same event.
 *
 * **The text in an event is data.** It may hold whatever a peer, a certificate or a file name put there. Makers pass it on as it is;
 * each reader makes it safe for the place where it prints it.
 *
 * @module
 */
/** A server's socket really listens; scripts and tests learn the port from it. */
export interface Listening {
  readonly event: "listening";
  readonly transport: "tcp" | "udp";
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  /** The command that joins from another machine, one per address; empty when only this machine can. */
  readonly join: readonly string[];
}

/** A client's connection stands. */
export interface Connected {
  readonly event: "connected";
  readonly id: number;
  readonly peer: string;
  readonly local: string;
  /** Milliseconds from the first attempt. */
  readonly duration: number;
}

/** What both sides of a TLS connection have agreed upon. */
export interface TlsSession {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite by its standard name. */
  readonly cipher: string;
  /** The protocol chosen by ALPN (RFC 7301). */
  readonly alpn: string | null;
  /** The name that the client asked for (SNI, RFC 6066 3). */
  readonly serverName: string | null;
  /** Whose certificate the peer has shown, on one line; `null` when it has shown none, as clients need not. */
  readonly subject: string | null;
  /** The common name in it: what people call the peer. */
  readonly name: string | null;
  /** The fingerprint of its key. */
  readonly fingerprint: string | null;
  /** Why the peer is not served, in words for it: a server that demands certificates has seen none that is good. */
  readonly refusal: string | null;
}

/** A TLS connection stands. */
export interface Secured extends Omit<TlsSession, "name" | "refusal"> {
  readonly event: "secured";
  readonly id: number;
  readonly peer: string;
}

/** A server took a connection. */
export interface Accepted {
  readonly event: "accepted";
  readonly id: number;
  readonly peer: string;
}

/** A message (or, where a script works on the bare stream, a piece of it) came or went. */
export interface Transferred {
  readonly event: "received" | "sent";
  /** The connection's number; of datagrams, that of the flow between two endpoints. */
  readonly id: number;
  readonly peer: string;
  readonly bytes: number;
  /** The bytes as UTF-8, bad parts as U+FFFD. */
  readonly text: string;
}

/** The peer will send no more: it closed, or half-closed. */
export interface EndOfStream {
  readonly event: "eof";
  readonly id: number;
  readonly peer: string;
}

/** The peer cut the connection. */
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

/** A server turned a client away. */
export interface Refused {
  readonly event: "refused";
  readonly id: number;
  readonly peer: string;
  readonly reason: string;
}

/** Something went wrong, for one connection (`id`) or for the run. */
export interface Trouble {
  readonly event: "error";
  readonly id?: number;
  readonly peer?: string;
  readonly code: number;
  readonly message: string;
}

/** What a person should know and what no other event says. */
export interface Notice {
  readonly event: "notice" | "warning";
  readonly message: string;
}

/** A signal asks the run to end. */
export interface Stopping {
  readonly event: "stopping";
  readonly signal: string;
}

/** The mark in front of a line of prose: `[+]`, `[*]`, `[!]`. */
export type Mark = "state" | "data" | "trouble";

/** A line of prose, with its mark if it has one. A line break in it is data too: it does not begin another line. */
export type ProseLine = string | { readonly mark: Mark; readonly text: string };

/** What a person reads of an event: a line, several, or "" for nothing. */
export type Prose = string | readonly ProseLine[];

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

/** An event that one script has of its own; `prose` is what a person reads, the rest goes to `--json`. */
export interface ScriptEvent {
  readonly event: "request" | "message" | "result" | "joined" | "left" | "measured";
  readonly prose: Prose;
  readonly [field: string]: unknown;
}

/** Everything that can happen. */
export type NetEvent = AnyEvent & {
  /** When: milliseconds since the epoch. Whoever gets an event first, on the thread where it happened, puts it in ({@linkcode stamped}). */
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
  | Stopping
  | Summary
  | Ended
  | ScriptEvent;

/** An event with its time. */
export function stamped(event: NetEvent): NetEvent & { readonly at: number } {
  const { at = Date.now() } = event;
  return { ...event, at };
}

/** Where events go. Many may write; the one who made it says who reads. */
export interface Events {
  /**
   * Whether anybody reads about single messages and connections. Where it is false (`--quiet`), do not even build such an event:
   * its text would be decoded for nobody. Ask each time: it may change while a run goes on.
   */
  readonly detailed: boolean;
  emit(event: NetEvent): void;
}

/** Events that nobody reads: the default of every function that takes them. */
export const NO_EVENTS: Events = { detailed: false, emit: () => {} };
