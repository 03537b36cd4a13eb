/**
 * The socket of one flow of a relay, towards the target.
 *
 * @module
 */
import type { Endpoint } from "../../lib/addr.ts";
import { sameEndpoint, type UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import type { PacketLayer, PacketSocket } from "../../lib/net/packet_socket.ts";
import type { Tally } from "./tally.ts";

/** What a flow's socket is for. */
export interface FlowSocketOptions {
  /** The number that it has for the faults above it: the same in each run, whoever else sends. */
  readonly number: number;
  /** Whose datagrams are answers. */
  readonly target: Endpoint;
  readonly tally: Tally;
  readonly unsolicited: UnsolicitedDatagrams;
}

/** Makes the layer that counts what really goes out and comes in, and drops what is not from the target. */
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
