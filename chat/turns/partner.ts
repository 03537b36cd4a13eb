/**
 * The peer in a conversation of two, over any transport.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";

/** A peer that sends and receives messages. */
export interface Partner {
  /**
   * Waits for the next message, including its line end if it has one; valid until the next call. `null` is the end.
   * One call at a time.
   */
  receive(): Promise<Uint8Array | null>;
  /** Sends a message. One call at a time. */
  send(text: string): Promise<void>;
  /**
   * Ends our side. Calling it again only changes the time limit.
   *
   * @param timeout How long to keep receiving (ms); then {@linkcode Partner.receive} returns `null`. 0 = until the partner ends its side.
   */
  end(timeout: number): Promise<void>;
}

/** A partner over TCP. Messages are sent as lines; received ones may be bare text without a newline. */
export class TcpPartner implements Partner, Disposable {
  #connection: Connection;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** @param connection Closed by its owner. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async receive(): Promise<Uint8Array | null> {
    try {
      return await this.#connection.readMessage({ keepEnd: true });
    } catch (error) {
      // We ended our side, and the partner did not close in time.
      if (this.#ended && this.#connection.closed) return null;
      throw error;
    }
  }

  async send(text: string): Promise<void> {
    await this.#connection.write(`${text}\n`);
  }

  async end(timeout: number): Promise<void> {
    clearTimeout(this.#lingering);
    if (timeout > 0) this.#lingering = setTimeout(() => this.#connection.close(), timeout);
    if (this.#ended) return;
    this.#ended = true;
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#lingering);
  }
}
