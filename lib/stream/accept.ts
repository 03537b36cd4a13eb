/**
 * The accept loop.
 *
 * @module
 */
import { isClosedHere, isDisconnect, stateOf } from "../errors.ts";
import type { Events } from "../events.ts";
import type { RawSocket, StreamListener } from "../net/socket.ts";
import { within } from "../within.ts";

/** The wait after a failed accept (ms), doubling as in Go's net/http. */
const BACKOFF_FIRST = 5;
const BACKOFF_LAST = 1000;
/** The minimum interval between warnings about failing accepts (ms). */
const WARN_AGAIN = 10_000;

/**
 * Owns a listener and accepts from it. The loop survives clients that reset before they are accepted, and running out of file
 * descriptors ({@link https://man7.org/linux/man-pages/man2/accept.2.html accept(2)}).
 */
export class Acceptor {
  #listener: StreamListener;
  #events: Events;
  #warnedAt = -Infinity;
  #closed = Promise.withResolvers<void>();
  #open = true;

  constructor(listener: StreamListener, events: Events) {
    this.#listener = listener;
    this.#events = events;
  }

  /** Passes each accepted socket to `take` until the listener is closed, by {@linkcode Acceptor.close} or by other code. */
  async run(take: (socket: RawSocket) => void): Promise<void> {
    for (let backoff = 0; this.#open;) {
      try {
        const socket = await this.#listener.accept();
        backoff = 0;
        // Accepted in the same turn of the event loop in which the listener was closed.
        if (!this.#open) return socket.close();
        take(socket);
      } catch (error) {
        if (!this.#open || isClosedHere(error)) return;
        // The client connected and reset immediately.
        if (isDisconnect(error)) continue;
        this.#warn(error);
        backoff = Math.min(Math.max(backoff * 2, BACKOFF_FIRST), BACKOFF_LAST);
        await within(this.#closed.promise, backoff);
      }
    }
  }

  /** Closes the listener; calling it again does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closed.resolve();
    try {
      this.#listener.close();
    } catch (error) {
      // Other code has closed it already.
      if (!isClosedHere(error)) throw error;
    }
  }

  /** Warns that accepting fails, at a limited rate: without free file descriptors it fails for every client. */
  #warn(error: unknown): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARN_AGAIN) return;
    this.#warnedAt = now;
    const message = `Cannot accept a connection: ${stateOf(error).state}; trying again`;
    this.#events.emit({ event: "warning", message });
  }
}
