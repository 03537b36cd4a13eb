/**
 * Datagram sockets that behave as on another system.
 *
 * @module
 */

/**
 * Overrides methods of the sockets that `work` opens, to produce errors that this machine does not: connection refused, no route.
 *
 * @param change Returns the overrides for a socket, given the real one and the address that it is bound to.
 */
export async function withSockets<T>(
  change: (socket: Deno.DatagramConn, hostname: string) => Partial<Deno.DatagramConn>,
  work: () => Promise<T>,
): Promise<T> {
  const real = Deno.listenDatagram;
  const changed = (options: Deno.UdpListenOptions & { transport: "udp" }): Deno.DatagramConn => {
    const socket = real(options);
    const changes = change(socket, options.hostname ?? "");
    return {
      addr: socket.addr,
      receive: (into?: Uint8Array) => socket.receive(into),
      send: (bytes: Uint8Array, to: Deno.Addr) => socket.send(bytes, to),
      close: () => socket.close(),
      ...changes,
    } as Deno.DatagramConn;
  };
  Deno.listenDatagram = changed as typeof Deno.listenDatagram;
  try {
    return await work();
  } finally {
    Deno.listenDatagram = real;
  }
}
