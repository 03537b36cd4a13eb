/**
 * What a connection is made of: the socket it owns and the limits it keeps.
 *
 * @module
 */
import type { TlsSession } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";

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

/** How long a TLS handshake may take (ms) where nothing else is said. */
export const HANDSHAKE = 10_000;
