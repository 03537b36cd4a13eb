/**
 * The seam between a socket and its connection: faults, TLS, taps and a script's own filters plug in here.
 *
 * @module
 */
import type { TlsSession } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";
import type { StreamSocket } from "./socket.ts";

/** Wraps a socket and takes ownership of it. */
export type Layer = (socket: StreamSocket) => StreamSocket;

/** The layers over a raw socket, bottom to top. */
export interface Layers {
  /** Impairs the connection on purpose. */
  readonly faults?: Layer | undefined;
  readonly tls?: Layer | undefined;
  /** Observes the traffic, decrypted. */
  readonly tap?: Layer | undefined;
  /** What the script adds. */
  readonly script?: readonly Layer[];
}

/** Wraps a socket in the layers. Without any it returns the same object: layers cost nothing when unused. */
export function compose(socket: StreamSocket, { faults, tls, tap, script = [] }: Layers): StreamSocket {
  for (const layer of [faults, tls, tap, ...script]) if (layer !== undefined) socket = layer(socket);
  return socket;
}

/**
 * A socket that delegates everything to the one below. A layer extends it and overrides what it changes.
 *
 * @example Usage
 * ```ts
 * import { compose, type Layer, SocketLayer } from "./layers.ts";
 * import { streamSocket } from "./socket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * class Counting extends SocketLayer {
 *   written = 0;
 *   override async write(bytes: Uint8Array): Promise<number> {
 *     const count = await this.below.write(bytes);
 *     this.written += count;
 *     return count;
 *   }
 * }
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const raw = streamSocket(await Deno.connect({ port: listener.addr.port }), 1);
 * const tap: Layer = (socket) => new Counting(socket);
 * const socket = compose(raw, { tap });
 * await socket.write(new Uint8Array(3));
 * assertEquals((socket as Counting).written, 3);
 * socket.close();
 * ```
 */
export class SocketLayer implements StreamSocket {
  readonly id: number;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  protected readonly below: StreamSocket;

  /** @param below Owned by this layer from now on. */
  constructor(below: StreamSocket) {
    this.below = below;
    this.id = below.id;
    this.localAddr = below.localAddr;
    this.remoteAddr = below.remoteAddr;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.below.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.below.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.below.closeWrite();
  }

  close(): void {
    this.below.close();
  }

  reset(): void {
    this.below.reset();
  }

  get resets(): boolean | undefined {
    return this.below.resets;
  }

  setNoDelay(noDelay?: boolean): void {
    this.below.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.below.setKeepAlive?.(keepAlive);
  }

  countIn(memory: MemoryBudget): void {
    this.below.countIn?.(memory);
  }

  /** Absent without TLS below: that is how a server knows whether to wait for a handshake. */
  get handshake(): (() => Promise<TlsSession>) | undefined {
    return this.below.handshake?.bind(this.below);
  }

  get gone(): Promise<void> | undefined {
    return this.below.gone;
  }
}
