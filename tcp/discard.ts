/**
 * `tcp:server --discard` (RFC 863).
 *
 * @module
 */
import type { Events } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { plural } from "../lib/text.ts";
import { Traffic } from "../lib/traffic.ts";

/** Reads and discards every byte of every client, and counts. */
export class Discard {
  #clients = 0;
  #bytesIn = 0;
  #traffic = new Traffic(() => ({ bytesIn: this.#bytesIn, bytesOut: 0 }));

  /** Serves one client. */
  handler = async (connection: Connection): Promise<void> => {
    this.#clients++;
    try {
      for (let bytes; (bytes = await connection.read()) !== null;) this.#bytesIn += bytes.length;
    } finally {
      this.#clients--;
    }
  };

  /** Shows the rate, while there is a client, until the server has stopped. */
  during<T>(serving: Promise<T>, events: Events): Promise<T> {
    const text = (): string => {
      const figures = this.#traffic.now();
      return this.#clients > 0 ? `${plural(this.#clients, "client")}: ${figures}` : "";
    };
    return withProgress(serving, events, text, { after: 500, every: 500 });
  }
}
