/**
 * The events of one connection.
 *
 * @module
 */
import type { Events, Secured, TlsSession } from "../events.ts";
import { lineText, streamDecoder, withoutLineEnd } from "../text.ts";

/** How the data of a connection becomes events: as messages without their line ends, as a stream with every byte of it, or not at all. */
export type Reported = "messages" | "stream" | "none";

/** Emits the events of one connection; decodes nothing unless the event is consumed. */
export class ConnectionReport {
  #events: Events;
  #connection: { readonly id: number; readonly peer: string };
  /** How the data becomes events; may change. */
  data: Reported;
  #opened: number;
  #decoders: { received?: TextDecoder; sent?: TextDecoder } | null = null;
  #eof = false;
  #closed = false;

  constructor(events: Events, connection: { readonly id: number; readonly peer: string }, data: Reported) {
    this.#events = events;
    this.#connection = connection;
    this.data = data;
    this.#opened = performance.now();
  }

  /** Whether events about data are consumed; checked each time. */
  get #reports(): boolean {
    return this.data !== "none" && this.#events.detailed;
  }

  /** A whole message, and its length with its line end; the text leaves that out, unless it is part of a stream. */
  message(event: "received" | "sent", bytes: Uint8Array, length = bytes.length): void {
    if (!this.#reports) return;
    this.#transferred(event, length, this.data === "stream" ? this.#decoded(event, bytes) : lineText(bytes));
  }

  /** A received chunk; the line end after it is left out, unless it is part of a stream. */
  chunk(bytes: Uint8Array): void {
    if (!this.#reports) return;
    const text = this.#decoded("received", bytes);
    this.#transferred("received", bytes.length, this.data === "stream" ? text : withoutLineEnd(text));
  }

  /** A character that is split at the end comes with the next bytes. */
  #decoded(event: "received" | "sent", bytes: Uint8Array): string {
    this.#decoders ??= {};
    const decoder = this.#decoders[event] ??= streamDecoder();
    return decoder.decode(bytes, { stream: true });
  }

  /** End of stream; reported once. */
  eof(): void {
    if (!this.#eof) this.#events.emit({ event: "eof", ...this.#whose });
    this.#eof = true;
  }

  /** The connection is closed; reported once. */
  closed({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): void {
    if (this.#closed || !this.#events.detailed) return;
    this.#closed = true;
    const duration = performance.now() - this.#opened;
    this.#events.emit({ event: "closed", ...this.#whose, bytesIn, bytesOut, duration });
  }

  #transferred(event: "received" | "sent", bytes: number, text: string): void {
    this.#events.emit({ event, ...this.#whose, bytes, text });
  }

  get #whose(): { id: number; peer: string } {
    const { id, peer } = this.#connection;
    return { id, peer };
  }
}

/** The event for a new TLS session. */
export function securedEvent({ id, peer }: { id: number; peer: string }, session: TlsSession): Secured {
  const { version, cipher, alpn, serverName, subject, fingerprint } = session;
  return { event: "secured", id, peer, version, cipher, alpn, serverName, subject, fingerprint };
}
