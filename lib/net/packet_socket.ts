/**
 * What a program of datagrams needs of a socket, and how a client opens one.
 *
 * @module
 */
import { isLoopback, unmapped } from "../addr.ts";

/** A UDP socket; `Deno.DatagramConn` fits, and so does whatever stands over it or in for it. */
export interface PacketSocket {
  readonly addr: Deno.Addr;
  /** Waits for a datagram; the bytes are a view into `into`, which cuts off in silence what does not fit. */
  receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]>;
  send(bytes: Uint8Array, to: Deno.Addr): Promise<number>;
  close(): void;
}

/** Puts something over a socket. It owns the socket below from then on. */
export type PacketLayer = (socket: PacketSocket) => PacketSocket;

/** Opens a UDP socket; a script passes `(at) => Deno.listenDatagram(at)`, with its layers over it. */
export type PacketOpener = (at: Deno.UdpListenOptions & { transport: "udp" }) => PacketSocket;

/** Where a client's socket is bound: a free port, of the family of the address that it will send to, closed to the network where that is loopback. */
export function toward(address: string): Parameters<PacketOpener>[0] {
  const ipv6 = unmapped(address).includes(":");
  const hostname = isLoopback(address) ? (ipv6 ? "::1" : "127.0.0.1") : ipv6 ? "::" : "0.0.0.0";
  return { transport: "udp", hostname, port: 0 };
}
