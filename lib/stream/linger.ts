/**
 * Closing a socket so that the peer gets everything that was written.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";

/** What ends, and how long that may take. Times are in milliseconds. */
export interface LingerOptions {
  readonly closeWrite: () => Promise<void>;
  readonly read: () => Promise<Uint8Array | null>;
  readonly close: () => void;
  /** How long sending FIN may take: over TLS, close_notify waits while the peer's window is full, like any write. */
  readonly wait: number;
  /** How long, and how many bytes, to read after that. */
  readonly time: number;
  readonly bytes: number;
  readonly clock: TimeSource;
}

/** Sends FIN, reads until the peer's FIN, then closes. Closing with unread bytes would send RST (RFC 9112 9.6). Never rejects. */
export async function linger(options: LingerOptions): Promise<void> {
  const { closeWrite, read, close, wait, time, bytes, clock } = options;
  let cancel = clock.after(wait, close);
  try {
    await closeWrite();
    cancel();
    cancel = clock.after(time, close);
    for (let piece, total = 0; total < bytes && (piece = await read()) !== null;) total += piece.length;
  } catch {
    // The peer is gone or the time is up: only closing is left.
  } finally {
    cancel();
    close();
  }
}
