/**
 * The events of one connection.
 *
 * @module
 */
import type { Events, Secured, TlsSession } from "../events.ts";
import { lineText, streamDecoder, withoutLineEnd } from "../text.ts";

/** Which data of a connection becomes events: all of it, what is received, or none. */
export type Reported = "all" | "received" | "none";

/** Emits the events of one connection; decodes nothing unless the event is consumed. */
export class ConnectionReport {
  #events: Events;
  #connection: { readonly id: number; readonly peer: string };
  /** Which data becomes events; may change. */
  data: Reported;
  #opened: number;
  #decoder: TextDecoder | null = null;
  #eof = false;
  #closed = false;

  constructor(events: Events, connection: { id: number; peer: string }, data: Reported) {
    this.#events = events;
    this.#connection = connection;
    this.data = data;
    this.#opened = performance.now();
  }

  /** Whether an event about data is consumed; checked each time. */
  #reports(event: "received" | "sent"): boolean {
    return (this.data === "all" || this.data === event) && this.#events.detailed;
  }

  /** A whole message; its line end is left out. */
  message(event: "received" | "sent", bytes: Uint8Array): void {
    if (this.#reports(event)) this.#transferred(event, bytes, lineText(bytes));
  }

  /**
   * A received chunk of a stream: a character split at its end is shown with the next chunk. The line end after it is left out as well,
   * but not where only what is received is reported: there the events carry the data.
   */
  chunk(bytes: Uint8Array): void {
    if (!this.#reports("received")) return;
    this.#decoder ??= streamDecoder();
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#transferred("received", bytes, this.data === "received" ? text : withoutLineEnd(text));
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
