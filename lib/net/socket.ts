/**
 * What a connection is made of: the socket it owns and the limits it keeps.
 *
 * @module
 */
import type { Events, Secured, TlsSession } from "../events.ts";
import type { FairGate } from "../stream/fair.ts";
import type { MemoryBudget } from "../memory.ts";
import type { TimeSource } from "../time.ts";

/** The event that tells of a session. */
export function securedEvent({ id, peer }: { id: number; peer: string }, session: TlsSession): Secured {
  const { version, cipher, alpn, serverName, subject, fingerprint } = session;
  return { event: "secured", id, peer, version, cipher, alpn, serverName, subject, fingerprint };
}

/** What a connection needs of a socket. `Deno.TcpConn` and `Deno.TlsConn` fit, and so does a decorator around one. */
export interface StreamSocket {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  /** Waits until a TLS connection stands; without TLS there is nothing to wait for. */
  handshake?(): Promise<TlsSession>;
  /** When a closed TLS socket has said its goodbye. */
  readonly gone?: Promise<void>;
  /** Counts the buffers of a TLS socket in a budget. */
  countIn?(memory: MemoryBudget): void;
  setNoDelay?(noDelay?: boolean): void;
  setKeepAlive?(keepAlive?: boolean): void;
}

/** Decorates a socket: all of it stays, but what is read comes from `read`. */
export function withRead(socket: StreamSocket, read: StreamSocket["read"]): StreamSocket {
  return {
    localAddr: socket.localAddr,
    remoteAddr: socket.remoteAddr,
    read,
    write: (bytes) => socket.write(bytes),
    closeWrite: () => socket.closeWrite(),
    close: () => socket.close(),
    setNoDelay: (noDelay) => socket.setNoDelay?.(noDelay),
    setKeepAlive: (keepAlive) => socket.setKeepAlive?.(keepAlive),
    ...(socket.handshake === undefined ? {} : { handshake: socket.handshake.bind(socket) }),
    ...(socket.gone === undefined ? {} : { gone: socket.gone }),
    ...(socket.countIn === undefined ? {} : { countIn: socket.countIn.bind(socket) }),
  };
}

/** Sets what every connection wants of its socket. */
export function tune(socket: StreamSocket, memory?: MemoryBudget): void {
  if (memory !== undefined) socket.countIn?.(memory);
  try {
    // Without this a message in two writes waits 40 ms for the peer's delayed ACK (RFC 896, RFC 1122 4.2.3.4).
    socket.setNoDelay?.(true);
    // A peer that vanished without a word is found out in hours instead of never (RFC 1122 4.2.3.6).
    socket.setKeepAlive?.(true);
  } catch {
    // A peer that has already reset: the first read will say so.
  }
}

/** What a server needs of a listener; `Deno.TcpListener` and `Deno.TlsListener` fit. */
export interface StreamListener {
  readonly addr: Deno.Addr;
  accept(): Promise<StreamSocket>;
  close(): void;
}

/** Limits of a connection. Times are in milliseconds. */
export interface ConnectionLimits {
  /** No word from the peer for so long while we wait for one ends the connection; 0 = wait for ever (default). */
  readonly timeout?: number;
  /** A message that is not complete so long after its first byte ends the connection; 0 = it may take its time (default). */
  readonly messageTime?: number;
  /** A write that makes no progress for so long ends the connection: the peer does not read; 0 = wait for ever (default). */
  readonly stall?: number;
  /** The most bytes of one message (64 KiB). */
  readonly maxMessage?: number;
  /** The pause that ends a message without newline (100 ms); 0 = off. */
  readonly gap?: number;
}

/** How a connection is made. */
export interface ConnectionOptions extends ConnectionLimits {
  /** The connection's number in events. */
  readonly id?: number;
  readonly events?: Events;
  /** Whether received and sent messages become events; a script with events of its own says no. */
  readonly report?: boolean;
  /** Closes the connection; what waits then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The server's gate, when there is one. */
  readonly gate?: FairGate;
  /** Where the time comes from: the system, unless a test brings its own. */
  readonly time?: TimeSource;
  /** What all connections together may hold; without it, each its own limits alone. */
  readonly memory?: MemoryBudget;
}

/** The most bytes of a message where nothing else is said. */
export const MAX_MESSAGE = 64 * 1024;
/** The pause in milliseconds that ends a message without newline where nothing else is said. */
export const GAP = 100;
/** How long (ms) and how many bytes a connection that ends reads on where nothing else is said. */
export const LINGER = { time: 1000, bytes: 1024 * 1024 };
/** How long a TLS handshake may take (ms) where nothing else is said. */
export const HANDSHAKE = 10_000;
