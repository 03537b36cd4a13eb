/**
 * The socket of one flow of a relay, towards the target.
 *
 * @module
 */
import type { Endpoint } from "../../lib/addr.ts";
import { sameEndpoint, type UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import type { PacketLayer, PacketSocket } from "../../lib/net/packet_socket.ts";
import type { Tally } from "./tally.ts";

/** Options of {@linkcode flowSocket}. */
export interface FlowSocketOptions {
  /** Its number for the faults above it: the same in each run, whatever other clients send. */
  readonly number: number;
  /** Only its datagrams are answers. */
  readonly target: Endpoint;
  readonly tally: Tally;
  readonly unsolicited: UnsolicitedDatagrams;
}

/** Makes the layer that counts what is really sent and received, and drops what does not come from the target. */
export function flowSocket(options: FlowSocketOptions): PacketLayer {
  return (below) => new FlowSocket(below, options);
}

class FlowSocket implements PacketSocket {
  readonly addr: Deno.Addr;
  #below: PacketSocket;
  #options: FlowSocketOptions;

  constructor(below: PacketSocket, options: FlowSocketOptions) {
    this.#below = below;
    this.#options = options;
    this.addr = below.addr;
  }

  async receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    const { target, tally, unsolicited } = this.#options;
    for (;;) {
      const received = await this.#below.receive(into);
      const [bytes, address] = received;
      const from = address as Deno.NetAddr;
      if (sameEndpoint(from, target)) {
        tally.down.in.add(bytes.length);
        return received;
      }
      tally.foreign++;
      unsolicited.report({ bytes, from });
    }
  }

  async send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const count = await this.#below.send(bytes, to);
    this.#options.tally.up.out.add(bytes.length);
    return count;
  }

  close(): void {
    this.#below.close();
  }

  flowOf(): number {
    return this.#options.number;
  }
}
