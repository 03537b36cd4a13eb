/**
 * An end that the peer cannot take for the end of the data.
 *
 * @module
 */
import { type Layer, SocketLayer } from "./layers.ts";
import type { StreamSocket } from "./socket.ts";

/**
 * A layer that, once the signal has fired, closes the socket by a reset instead: what was sent may be half of it. Over TLS the peer then
 * misses the close_notify (RFC 8446 6.1). Without TLS it does so only on a socket that can send RST, which `Deno.Conn` cannot.
 */
export function cutOffBy(signal: AbortSignal): Layer {
  return (below) => new CutOffSocket(below, signal);
}

class CutOffSocket extends SocketLayer {
  #signal: AbortSignal;

  constructor(below: StreamSocket, signal: AbortSignal) {
    super(below);
    this.#signal = signal;
  }

  override close(): void {
    if (this.#signal.aborted) this.below.reset();
    else this.below.close();
  }
}
