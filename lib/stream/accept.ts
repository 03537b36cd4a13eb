/**
 * Accepting connections, whatever happens to one of them.
 *
 * @module
 */
import { isClosedHere, isDisconnect, stateOf } from "../errors.ts";
import type { Events } from "../events.ts";
import type { RawSocket, StreamListener } from "../net/socket.ts";
import { within } from "../within.ts";

/** How long to wait after a failed accept (ms): doubling, as Go's net/http does. */
const BACKOFF_FIRST = 5;
const BACKOFF_LAST = 1000;
/** How long a failing accept is not told again (ms). */
const WARN_AGAIN = 10_000;

/**
 * Owns a listener and accepts from it. A client that resets before it is accepted and a process out of descriptors do not end that
 * ({@link https://man7.org/linux/man-pages/man2/accept.2.html accept(2)}).
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

  /** Gives each socket that is accepted to `take`, until the listener is closed, by {@linkcode Acceptor.close} or by others. */
  async run(take: (socket: RawSocket) => void): Promise<void> {
    for (let backoff = 0; this.#open;) {
      try {
        const socket = await this.#listener.accept();
        backoff = 0;
        // Accepted in the very turn in which the listener was closed.
        if (!this.#open) return socket.close();
        take(socket);
      } catch (error) {
        if (!this.#open || isClosedHere(error)) return;
        // A client that connected and reset at once: nobody is there to be served.
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
      // Somebody else has closed it.
      if (!isClosedHere(error)) throw error;
    }
  }

  /** Says that accepting fails, every now and then: out of descriptors, it fails with every client that comes and goes. */
  #warn(error: unknown): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARN_AGAIN) return;
    this.#warnedAt = now;
    const message = `Cannot accept a connection: ${stateOf(error).state}; trying again`;
    this.#events.emit({ event: "warning", message });
  }
}
