/**
 * The interfaces of stream sockets and their listeners.
 *
 * @module
 */
import { isClosedHere } from "../errors.ts";
import type { TlsSession } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";

/** A socket as the platform opens it: `Deno.TcpConn`, or a test double. */
export interface RawSocket {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(noDelay?: boolean): void;
  setKeepAlive?(keepAlive?: boolean): void;
  /** Closes with RST (RFC 9293 3.5.2): the peer's next read fails. Deno's own sockets lack it. */
  reset?(): void;
}

/** A stream socket with its connection number. {@linkcode Layer}s wrap it. */
export interface StreamSocket extends RawSocket {
  /** The connection's number, assigned at accept or connect; every event about it carries it. */
  readonly id: number;
  /** As {@linkcode RawSocket.reset}; if the raw socket has none, a plain close: the peer sees end of stream. */
  reset(): void;
  /** Whether `reset` sends RST; `false` if it is a plain close. */
  readonly resets?: boolean | undefined;
  /** Waits for the TLS handshake to complete; absent without TLS. */
  readonly handshake?: (() => Promise<TlsSession>) | undefined;
  /** Resolves once a closed TLS socket has sent close_notify. */
  readonly gone?: Promise<void> | undefined;
  /** Charges a TLS socket's buffers to a budget. */
  countIn?(memory: MemoryBudget): void;
}

/**
 * Gives a raw socket its number, and a `reset` if it has none. It stays the same object: no wrapper on the read path.
 *
 * @example Usage
 * ```ts
 * import { streamSocket } from "./socket.ts";
 * import { assertStrictEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * using raw = await Deno.connect({ port: listener.addr.port });
 * assertStrictEquals(streamSocket(raw, 7), raw);
 * ```
 */
export function streamSocket(raw: RawSocket, id: number): StreamSocket {
  const reset = raw.reset ?? plainClose;
  // A wrapped socket, as a listener may return, asks the one below it.
  return Object.assign(raw, "resets" in raw ? { id, reset } : { id, reset, resets: raw.reset !== undefined });
}

/** In place of a reset; one function for all sockets. */
function plainClose(this: RawSocket): void {
  try {
    this.close();
  } catch (error) {
    if (!isClosedHere(error)) throw error;
  }
}

/** Sets the socket options that every connection uses. */
export function tune(socket: StreamSocket, memory?: MemoryBudget): void {
  if (memory !== undefined) socket.countIn?.(memory);
  try {
    // Without this a message in two writes waits 40 ms for the peer's delayed ACK (RFC 896, RFC 1122 4.2.3.4).
    socket.setNoDelay?.(true);
    // Detects a peer that vanished silently within hours instead of never (RFC 1122 4.2.3.6).
    socket.setKeepAlive?.(true);
  } catch {
    // The peer has already reset; the first read reports it.
  }
}

/** What a server needs from a listener; `Deno.TcpListener` fits. */
export interface StreamListener {
  readonly addr: Deno.Addr;
  accept(): Promise<RawSocket>;
  close(): void;
}

/** The default limit on a TLS handshake (ms). */
export const HANDSHAKE = 10_000;
