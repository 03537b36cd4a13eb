/**
 * The sockets of a relay's connections.
 *
 * @module
 */
import { type Layer, SocketLayer } from "../../lib/net/layers.ts";
import type { StreamSocket } from "../../lib/net/socket.ts";
import type { Amount } from "./tally.ts";

/** Keeps track of sockets by their number, so that {@linkcode RelayedSockets.cutsOff} can reach them. */
export class RelayedSockets {
  #open = new Map<number, RelayedSocket>();

  /** The layer that wraps each of them. */
  readonly layer: Layer = (below) => new RelayedSocket(below, this.#open);

  /** Decides how closing a connection ends it: by a reset (RFC 9293 3.5.2), which cannot be mistaken for the end of data, or by FIN. */
  cutsOff(id: number, cutOff: boolean): void {
    const socket = this.#open.get(id);
    if (socket !== undefined) socket.cutOff = cutOff;
  }
}

class RelayedSocket extends SocketLayer {
  cutOff = false;
  #open: Map<number, RelayedSocket>;

  constructor(below: StreamSocket, open: Map<number, RelayedSocket>) {
    super(below);
    this.#open = open;
    open.set(this.id, this);
  }

  override close(): void {
    this.#open.delete(this.id);
    if (this.cutOff) this.below.reset();
    else this.below.close();
  }
}

/** Makes the layer that counts what is read and written; below that of the faults, this is what really passes. */
export function counting({ read, written }: { read: Amount; written: Amount }): Layer {
  return (below) => new CountingSocket(below, read, written);
}

class CountingSocket extends SocketLayer {
  #read: Amount;
  #written: Amount;

  constructor(below: StreamSocket, read: Amount, written: Amount) {
    super(below);
    this.#read = read;
    this.#written = written;
  }

  override async read(into: Uint8Array): Promise<number | null> {
    const count = await this.below.read(into);
    if (count !== null) this.#read.add(count);
    return count;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    const count = await this.below.write(bytes);
    this.#written.add(count);
    return count;
  }
}
