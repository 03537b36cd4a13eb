/**
 * The other side of a conversation of two, over whatever it may be.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";

/** Somebody who hears and says messages. */
export interface Partner {
  /**
   * Waits for the next message, with its line end if it has one; valid until the next call. `null`: no more will come.
   * One call at a time.
   */
  hear(): Promise<Uint8Array | null>;
  /** Says a message. One call at a time. */
  say(text: string): Promise<void>;
  /**
   * Says that nothing more will come from here. Calling it again can only change the patience.
   *
   * @param patience For how long (ms) the partner is still heard; then {@linkcode Partner.hear} says `null`. 0 = until it ends itself.
   */
  end(patience: number): Promise<void>;
}

/** A partner at the other end of a TCP connection. Messages go out as lines; what comes may be bare text that waits for an answer. */
export class TcpPartner implements Partner, Disposable {
  #connection: Connection;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** @param connection Closed by its owner. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async hear(): Promise<Uint8Array | null> {
    try {
      return await this.#connection.readMessage({ keepEnd: true });
    } catch (error) {
      // Ended here, and the partner took too long to follow.
      if (this.#ended && this.#connection.closed) return null;
      throw error;
    }
  }

  async say(text: string): Promise<void> {
    await this.#connection.write(`${text}\n`);
  }

  async end(patience: number): Promise<void> {
    clearTimeout(this.#lingering);
    if (patience > 0) this.#lingering = setTimeout(() => this.#connection.close(), patience);
    if (this.#ended) return;
    this.#ended = true;
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#lingering);
  }
}
