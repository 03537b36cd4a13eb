/**
 * Closing a socket so that the peer gets everything that was written.
 *
 * @module
 */
import type { StreamSocket } from "../net/socket.ts";
import type { ByteReader } from "../reader.ts";
import type { TimeSource } from "../time.ts";

/** How long the end may take. Times are in milliseconds. */
export interface LingerOptions {
  readonly close: () => void;
  /** How long sending FIN may take: over TLS, close_notify waits while the peer's window is full, like any write. */
  readonly wait: number;
  /** How long, and how many bytes, to read after that. */
  readonly time: number;
  readonly bytes: number;
  readonly clock: TimeSource;
}

/** Sends FIN, reads until the peer's FIN, then closes. Closing with unread bytes would send RST (RFC 9112 9.6). Never rejects. */
export async function linger(socket: StreamSocket, reader: ByteReader, options: LingerOptions): Promise<void> {
  const { close, wait, time, bytes, clock } = options;
  let cancel = clock.after(wait, close);
  try {
    await socket.closeWrite();
    cancel();
    cancel = clock.after(time, close);
    for (let piece, total = 0; total < bytes && (piece = await reader.read()) !== null;) total += piece.length;
  } catch {
    // The peer is gone or the time is up: only closing is left.
  } finally {
    cancel();
    close();
  }
}
