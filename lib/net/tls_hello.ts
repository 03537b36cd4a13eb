/**
 * A listener without TLS that knows it when it hears it.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { type StreamListener, type StreamSocket, withRead } from "./socket.ts";

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
    return withoutTls(await this.#listener.accept());
  }

  close(): void {
    this.#listener.close();
  }
}

/** Decorates a socket: a read fails when the first bytes are those of a TLS handshake. */
function withoutTls(socket: StreamSocket): StreamSocket {
  const hello = new HelloDetector();
  return withRead(socket, async (into) => {
    const count = await socket.read(into);
    if (count !== null) hello.look(into.subarray(0, count));
    return count;
  });
}

class HelloDetector {
  /** How many bytes have come that look like a TLS handshake. */
  #alike = 0;
  #sure = false;

  look(bytes: Uint8Array): void {
    if (this.#sure) return;
    for (const byte of bytes.subarray(0, CLIENT_HELLO.length - this.#alike)) {
      if (byte !== CLIENT_HELLO[this.#alike]) this.#sure = true;
      if (this.#sure) return;
      this.#alike++;
    }
    if (this.#alike < CLIENT_HELLO.length) return;
    throw new ProtocolError("Cannot serve: a client speaks TLS, but this port does not; start the server with --tls");
  }
}
