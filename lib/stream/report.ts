/**
 * What one connection has to say of itself.
 *
 * @module
 */
import type { Events, Secured, TlsSession } from "../events.ts";
import { lineText, streamDecoder } from "../text.ts";

/** Makes the events of one connection; nothing is decoded where nobody reads it. */
export class ConnectionReport {
  #events: Events;
  #connection: { readonly id: number; readonly peer: string };
  #messages: boolean;
  #opened: number;
  #pieces: TextDecoder | null = null;
  #eof = false;
  #closed = false;

  /** @param options Without `messages`, what passes is nobody's business here: the script has events of its own. */
  constructor(events: Events, connection: { id: number; peer: string }, options: { messages: boolean }) {
    this.#events = events;
    this.#connection = connection;
    this.#messages = options.messages;
    this.#opened = performance.now();
  }

  /** Whether anybody reads about messages; asked each time. */
  get #reads(): boolean {
    return this.#messages && this.#events.detailed;
  }

  /** A whole message; its line end is not shown. */
  message(event: "received" | "sent", bytes: Uint8Array): void {
    if (this.#reads) this.#passed(event, bytes, lineText(bytes));
  }

  /** A received piece of a stream: a character that is cut by its end is shown with the next one. */
  piece(bytes: Uint8Array): void {
    if (!this.#reads) return;
    this.#pieces ??= streamDecoder();
    this.#passed("received", bytes, this.#pieces.decode(bytes, { stream: true }));
  }

  /** The peer has said that no more will come; told once. */
  eof(): void {
    if (!this.#eof) this.#events.emit({ event: "eof", ...this.#connection });
    this.#eof = true;
  }

  /** The connection is closed; told once. */
  closed({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): void {
    if (this.#closed || !this.#events.detailed) return;
    this.#closed = true;
    const duration = performance.now() - this.#opened;
    this.#events.emit({ event: "closed", ...this.#connection, bytesIn, bytesOut, duration });
  }

  #passed(event: "received" | "sent", bytes: Uint8Array, text: string): void {
    this.#events.emit({ event, ...this.#connection, bytes: bytes.length, text });
  }
}

/** The event that tells of a session. */
export function securedEvent({ id, peer }: { id: number; peer: string }, session: TlsSession): Secured {
  const { version, cipher, alpn, serverName, subject, fingerprint } = session;
  return { event: "secured", id, peer, version, cipher, alpn, serverName, subject, fingerprint };
}
