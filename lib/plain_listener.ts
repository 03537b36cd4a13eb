/**
 * A listener without TLS that knows it when it hears it.
 *
 * @module
 */
import { ProtocolError } from "./errors.ts";
import type { StreamListener, StreamSocket } from "./socket.ts";

/** How every TLS connection begins: a handshake record of version 3 point something (RFC 8446 5.1). */
const CLIENT_HELLO = [0x16, 0x03];

/**
 * Decorates a listener whose clients speak in text: one that begins a TLS handshake is told apart by its first two bytes, however they
 * arrive, and the read fails with a {@linkcode ProtocolError} that says so.
 */
export class PlainListener implements StreamListener {
  readonly #listener: StreamListener;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  async accept(): Promise<StreamSocket> {
    return new PlainSocket(await this.#listener.accept());
  }

  close(): void {
    this.#listener.close();
  }
}

class PlainSocket implements StreamSocket {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly #socket: StreamSocket;
  /** How many bytes have come that look like a TLS handshake. */
  #alike = 0;
  #sure = false;

  constructor(socket: StreamSocket) {
    this.#socket = socket;
    this.localAddr = socket.localAddr;
    this.remoteAddr = socket.remoteAddr;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#socket.read(into);
    if (!this.#sure && count !== null) this.#look(into.subarray(0, count));
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#socket.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.#socket.close();
  }

  setNoDelay(noDelay?: boolean): void {
    this.#socket.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#socket.setKeepAlive?.(keepAlive);
  }

  #look(bytes: Uint8Array): void {
    for (const byte of bytes.subarray(0, CLIENT_HELLO.length - this.#alike)) {
      if (byte !== CLIENT_HELLO[this.#alike]) this.#sure = true;
      if (this.#sure) return;
      this.#alike++;
    }
    if (this.#alike < CLIENT_HELLO.length) return;
    throw new ProtocolError("Cannot serve: a client speaks TLS, but this port does not; start the server with --tls");
  }
}
