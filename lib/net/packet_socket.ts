/**
 * The interface of datagram sockets, and the address that a client binds.
 *
 * @module
 */
import { type Endpoint, isLoopback, unmapped } from "../addr.ts";

/** A UDP socket: `Deno.DatagramConn`, a layer over it, or a test double. */
export interface PacketSocket {
  readonly addr: Deno.Addr;
  /** Waits for a datagram; the bytes are a view of `into`. A longer datagram is silently truncated. */
  receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]>;
  send(bytes: Uint8Array, to: Deno.Addr): Promise<number>;
  close(): void;
  /** The number of the flow between this socket and a peer, if a layer numbers them. */
  flowOf?(peer: Endpoint): number;
}

/** Wraps a socket and takes ownership of it. */
export type PacketLayer = (socket: PacketSocket) => PacketSocket;

/** Opens a UDP socket; a script passes `(at) => Deno.listenDatagram(at)`, wrapped in its layers. */
export type PacketOpener = (at: Deno.UdpListenOptions & { transport: "udp" }) => PacketSocket;

/** Where a client binds to reach an address: any free port, same family, and on loopback if the address is loopback. */
export function bindFor(address: string): Parameters<PacketOpener>[0] {
  const ipv6 = unmapped(address).includes(":");
  const hostname = isLoopback(address) ? (ipv6 ? "::1" : "127.0.0.1") : ipv6 ? "::" : "0.0.0.0";
  return { transport: "udp", hostname, port: 0 };
}
