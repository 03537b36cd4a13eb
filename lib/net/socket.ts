/**
 * What a connection is made of: a stream socket, and the listener that it comes from.
 *
 * @module
 */
import type { TlsSession } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";

/** A socket as it is opened: `Deno.TcpConn` fits, and so does whatever stands in for it in a test. */
export interface RawSocket {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(noDelay?: boolean): void;
  setKeepAlive?(keepAlive?: boolean): void;
  /** Closes with RST (RFC 9293 3.5.2): the peer's next read fails. Deno's own sockets have no such call. */
  reset?(): void;
}

/** A stream socket with its number. {@linkcode Layer}s go over it. */
export interface StreamSocket extends RawSocket {
  /** The connection's number, given when it is accepted or connected; every event about it has the same. */
  readonly id: number;
  /** As {@linkcode RawSocket.reset}; where the raw socket has none, a plain close: the peer sees an end. */
  reset(): void;
  /** Waits until a TLS connection stands; without TLS there is nothing to wait for. */
  readonly handshake?: (() => Promise<TlsSession>) | undefined;
  /** When a closed TLS socket has said its goodbye. */
  readonly gone?: Promise<void> | undefined;
  /** Counts the buffers of a TLS socket in a budget. */
  countIn?(memory: MemoryBudget): void;
}

/**
 * Gives a raw socket its number, and a reset if it has none. It stays the same object, so that nothing stands between it and its reader.
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
  return Object.assign(raw, { id, reset: raw.reset ?? raw.close });
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

/** What a server needs of a listener; `Deno.TcpListener` fits. */
export interface StreamListener {
  readonly addr: Deno.Addr;
  accept(): Promise<RawSocket>;
  close(): void;
}

/** How long a TLS handshake may take (ms) where nothing else is said. */
export const HANDSHAKE = 10_000;
