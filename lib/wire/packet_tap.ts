/**
 * A layer over datagram sockets that tells every call on them as a {@linkcode WireEvent}.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import { counter } from "../counter.ts";
import { FlowNumbers } from "../net/flow_numbers.ts";
import type { PacketLayer, PacketSocket } from "../net/packet_socket.ts";
import { type WireCall, type WireEvent, type WireSink, wireTime } from "./event.ts";
import { endpointOf, errorName } from "./event_parts.ts";
import { tellListen } from "./tap.ts";

/** Makes the layer that tells the datagrams of all sockets it wraps, and numbers their flows: each pair of a socket and a peer is one. */
export function packetTap(sink: WireSink): PacketLayer {
  const nextFlow = counter();
  return (socket) => new PacketTap(socket, sink, nextFlow);
}

class PacketTap implements PacketSocket {
  readonly addr: Deno.Addr;
  #below: PacketSocket;
  #sink: WireSink;
  #local: Endpoint;
  #flows: FlowNumbers;
  #closed = false;

  constructor(below: PacketSocket, sink: WireSink, nextFlow: () => number) {
    this.#below = below;
    this.#sink = sink;
    this.#flows = new FlowNumbers(nextFlow);
    this.addr = below.addr;
    this.#local = endpointOf(below.addr);
    tellListen(sink, below.addr);
  }

  async receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    const started = wireTime();
    try {
      const received = await this.#below.receive(into);
      const peer = endpointOf(received[1]);
      this.#tell("receive", this.flowOf(peer), peer, received[0].slice(), started);
      return received;
    } catch (error) {
      // Which peer it was about is not known.
      if (!this.#closed) this.#tell("receive", 0, null, null, started, { error: errorName(error) });
      throw error;
    }
  }

  async send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const [copy, peer, started] = [bytes.slice(), endpointOf(to), wireTime()];
    const flow = this.flowOf(peer);
    this.#tell("sending", flow, peer, copy, started, {}, started);
    try {
      const count = await this.#below.send(bytes, to);
      this.#tell("send", flow, peer, copy, started);
      return count;
    } catch (error) {
      this.#tell("send", flow, peer, null, started, { offered: copy.length, error: errorName(error) });
      throw error;
    }
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#tell("close", 0, null, null, wireTime());
    }
    this.#below.close();
  }

  flowOf(peer: Endpoint): number {
    return this.#flows.of(peer);
  }

  #tell(
    call: WireCall,
    flow: number,
    peer: Endpoint | null,
    bytes: Uint8Array | null,
    started: number,
    more: Partial<WireEvent> = {},
    at = wireTime(),
  ): void {
    const local = this.#local;
    this.#sink.emit({ at, transport: "udp", call, flow, local, peer, bytes, duration: at - started, ...more });
  }
}
