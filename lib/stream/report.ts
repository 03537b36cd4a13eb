/**
 * The events of one connection.
 *
 * @module
 */
import type { Events, Secured, TlsSession } from "../events.ts";
import { lineText, streamDecoder, withoutLineEnd } from "../text.ts";

/** Emits the events of one connection; decodes nothing unless the event is consumed. */
export class ConnectionReport {
  #events: Events;
  #connection: { readonly id: number; readonly peer: string };
  #messages: boolean;
  #opened: number;
  #decoder: TextDecoder | null = null;
  #eof = false;
  #closed = false;

  /** @param options Without `messages`, no events for received and sent data: the script emits its own. */
  constructor(events: Events, connection: { id: number; peer: string }, options: { messages: boolean }) {
    this.#events = events;
    this.#connection = connection;
    this.#messages = options.messages;
    this.#opened = performance.now();
  }

  /** Whether message events are consumed; checked each time. */
  get #detailed(): boolean {
    return this.#messages && this.#events.detailed;
  }

  /** A whole message; its line end is left out. */
  message(event: "received" | "sent", bytes: Uint8Array): void {
    if (this.#detailed) this.#transferred(event, bytes, lineText(bytes));
  }

  /** A received chunk of a stream, its trailing line end left out: a character split at its end is shown with the next chunk. */
  chunk(bytes: Uint8Array): void {
    if (!this.#detailed) return;
    this.#decoder ??= streamDecoder();
    this.#transferred("received", bytes, withoutLineEnd(this.#decoder.decode(bytes, { stream: true })));
  }

  /** End of stream; reported once. */
  eof(): void {
    if (!this.#eof) this.#events.emit({ event: "eof", ...this.#connection });
    this.#eof = true;
  }

  /** The connection is closed; reported once. */
  closed({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): void {
    if (this.#closed || !this.#events.detailed) return;
    this.#closed = true;
    const duration = performance.now() - this.#opened;
    this.#events.emit({ event: "closed", ...this.#connection, bytesIn, bytesOut, duration });
  }

  #transferred(event: "received" | "sent", bytes: Uint8Array, text: string): void {
    this.#events.emit({ event, ...this.#connection, bytes: bytes.length, text });
  }
}

/** The event for a new TLS session. */
export function securedEvent({ id, peer }: { id: number; peer: string }, session: TlsSession): Secured {
  const { version, cipher, alpn, serverName, subject, fingerprint } = session;
  return { event: "secured", id, peer, version, cipher, alpn, serverName, subject, fingerprint };
}
