/**
 * A listener without TLS that recognizes a client that speaks it.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { SocketLayer } from "./layers.ts";

/** How every TLS connection begins: a handshake record (22) of version 3.x (RFC 8446 5.1). */
export const CLIENT_HELLO: readonly [type: number, major: number] = [0x16, 0x03];

/**
 * A layer for a protocol of text: a TLS handshake is recognized by its first two bytes, however they arrive, and the read fails with a
 * {@linkcode ProtocolError} that says so.
 */
export class TlsHelloDetector extends SocketLayer {
  /** How many bytes have come that look like a TLS handshake. */
  #alike = 0;
  #sure = false;

  override read(into: Uint8Array): Promise<number | null> {
    return this.#sure ? this.below.read(into) : this.#look(into);
  }

  async #look(into: Uint8Array): Promise<number | null> {
    const count = await this.below.read(into);
    if (count === null) return null;
    for (const byte of into.subarray(0, Math.min(count, CLIENT_HELLO.length - this.#alike))) {
      if (byte !== CLIENT_HELLO[this.#alike]) {
        this.#sure = true;
        return count;
      }
      this.#alike++;
    }
    if (this.#alike < CLIENT_HELLO.length) return count;
    throw new ProtocolError("Cannot serve: a client speaks TLS, but this port does not; start the server with --tls");
  }
}
