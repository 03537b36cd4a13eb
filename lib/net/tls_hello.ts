/**
 * A plaintext listener that detects TLS clients.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { REFUSED } from "../refusal.ts";
import { SocketLayer } from "./layers.ts";

/** How every TLS connection begins: a handshake record (22) of version 3.x (RFC 8446 5.1). */
export const CLIENT_HELLO: readonly [type: number, major: number] = [0x16, 0x03];

/**
 * A layer for text protocols: detects a TLS handshake by its first two bytes, however they are split, and fails the read with a
 * {@linkcode ProtocolError}.
 */
export class TlsHelloDetector extends SocketLayer {
  /** How many bytes of a TLS handshake have matched so far. */
  #matched = 0;
  #plaintext = false;

  override read(into: Uint8Array): Promise<number | null> {
    return this.#plaintext ? this.below.read(into) : this.#detect(into);
  }

  async #detect(into: Uint8Array): Promise<number | null> {
    const count = await this.below.read(into);
    if (count === null) return null;
    for (const byte of into.subarray(0, Math.min(count, CLIENT_HELLO.length - this.#matched))) {
      if (byte !== CLIENT_HELLO[this.#matched]) {
        this.#plaintext = true;
        return count;
      }
      this.#matched++;
    }
    if (this.#matched < CLIENT_HELLO.length) return count;
    throw new ProtocolError(`${REFUSED}this port does not speak TLS; start the server with --tls`);
  }
}
