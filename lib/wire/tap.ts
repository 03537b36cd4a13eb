/**
 * A layer over a connected socket that tells every call on it as a {@linkcode WireEvent}.
 *
 * It sits above TLS, so that it sees plain text, and below everything of ours: reads while a connection lingers, clients that are turned
 * away, our own FIN, short writes.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import type { TlsSession } from "../events.ts";
import { type Layer, SocketLayer } from "../net/layers.ts";
import type { StreamSocket } from "../net/socket.ts";
import { within } from "../within.ts";
import { endpointOf, errorName, plainSession } from "./event_parts.ts";
import { type WireCall, type WireEvent, type WireSink, wireTime } from "./event.ts";

/**
 * Makes the layer that tells the calls on a connection.
 *
 * @param opened `accept` tells the connection itself too; that of `connect` is told by the code that connects.
 *
 * @example Usage
 * ```ts
 * import { compose } from "../net/layers.ts";
 * import { streamSocket } from "../net/socket.ts";
 * import { streamTap } from "./tap.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const raw = await Deno.connect({ port: listener.addr.port });
 * const calls: string[] = [];
 * const tap = streamTap({ emit: ({ call }) => calls.push(call) }, "connect");
 * const socket = compose(streamSocket(raw, 1), { tap });
 * await socket.write(new Uint8Array(3));
 * socket.close();
 * assertEquals(calls, ["writing", "write", "close"]);
 * ```
 */
export function streamTap(sink: WireSink, opened: "accept" | "connect"): Layer {
  return (socket) => new StreamTap(socket, sink, opened);
}

class StreamTap extends SocketLayer {
  #sink: WireSink;
  #local: Endpoint;
  #peer: Endpoint;
  #tls: boolean;
  #closed = false;
  /** The write in flight, until one read has waited for it. */
  #writing: Promise<unknown> | null = null;

  constructor(below: StreamSocket, sink: WireSink, opened: "accept" | "connect") {
    super(below);
    this.#sink = sink;
    this.#local = endpointOf(below.localAddr);
    this.#peer = endpointOf(below.remoteAddr);
    this.#tls = below.handshake !== undefined;
    if (opened === "accept") this.#tell("accept", wireTime(), null);
  }

  override async read(into: Uint8Array): Promise<number | null> {
    const started = wireTime();
    let count: number | null;
    try {
      count = await this.below.read(into);
    } catch (error) {
      this.#tell("read", started, null, { error: errorName(error) });
      throw error;
    }
    // A write that is over, but whose caller does not know it yet, comes first: this may be its answer. Each is waited for once.
    if (this.#writing !== null) {
      const writing = this.#writing.catch(() => {});
      this.#writing = null;
      await within(writing, 0);
    }
    this.#tell("read", started, count === null ? null : into.slice(0, count));
    return count;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    const copy = bytes.slice();
    const started = wireTime();
    if (!this.#closed) this.#sink.emit(this.#event("writing", started, started, copy));
    const writing = this.below.write(bytes);
    this.#writing = writing;
    let count: number;
    try {
      count = await writing;
    } catch (error) {
      this.#tell("write", started, null, { offered: copy.length, error: errorName(error) });
      throw error;
    } finally {
      if (this.#writing === writing) this.#writing = null;
    }
    if (count === copy.length) this.#tell("write", started, copy);
    else this.#tell("write", started, copy.subarray(0, count), { offered: copy.length });
    return count;
  }

  override async closeWrite(): Promise<void> {
    const started = wireTime();
    try {
      await this.below.closeWrite();
    } catch (error) {
      this.#tell("closeWrite", started, null, { error: errorName(error) });
      throw error;
    }
    this.#tell("closeWrite", started, null);
  }

  override close(): void {
    this.#end("close");
    this.below.close();
  }

  override reset(): void {
    // Deno's own sockets cannot send RST: the peer sees a close.
    this.#end(this.below.resets === false ? "close" : "reset");
    this.below.reset();
  }

  override get handshake(): (() => Promise<TlsSession>) | undefined {
    const below = this.below.handshake;
    return below === undefined ? undefined : async () => {
      const started = wireTime();
      try {
        const session = await below.call(this.below);
        this.#tell("handshake", started, null, { session: { ...plainSession(session), verified: true } });
        return session;
      } catch (error) {
        this.#tell("handshake", started, null, { error: errorName(error) });
        throw error;
      }
    };
  }

  /** A flow's last event: readers forget it then, and one that came later would begin it anew. */
  #end(call: "close" | "reset"): void {
    this.#tell(call, wireTime(), null);
    this.#closed = true;
  }

  /** Tells a call that has just returned; one that our own close interrupted is not told. */
  #tell(call: WireCall, started: number, bytes: Uint8Array | null, more?: Partial<WireEvent>): void {
    if (this.#closed) return;
    const event = this.#event(call, started, wireTime(), bytes);
    this.#sink.emit(more === undefined ? event : { ...event, ...more });
  }

  #event(call: WireCall, started: number, at: number, bytes: Uint8Array | null): WireEvent {
    return {
      at,
      transport: "tcp",
      call,
      flow: this.id,
      local: this.#local,
      peer: this.#peer,
      bytes,
      duration: at - started,
      tls: this.#tls,
    };
  }
}

/**
 * Tells that a socket is listening, or bound to receive datagrams.
 *
 * @param error Why it is not.
 */
export function tellListen(sink: WireSink, address: Deno.Addr, error?: unknown): void {
  const call = address.transport === "udp" ? "bind" : "listen";
  const transport = address.transport === "udp" ? "udp" : "tcp";
  const failed = error === undefined ? {} : { error: errorName(error) };
  const local = endpointOf(address);
  sink.emit({ at: wireTime(), transport, call, flow: 0, local, peer: null, bytes: null, duration: 0, ...failed });
}
