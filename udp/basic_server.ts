/**
 * udp:basic-server is the textbook UDP server: it prints each datagram and answers it.
 *
 * ```sh
 * deno task udp:basic-server
 * deno run --no-prompt --allow-net=127.0.0.1 udp/basic_server.ts
 * ```
 *
 * Try it, in a second terminal:
 *
 * ```
 * $ deno task udp:basic-client          $ deno task udp:basic-server
 * Server says: Hello from server!       [+] Listening on 127.0.0.1:12345 (UDP)
 *                                       [*] Received from 127.0.0.1:40551: Hello from client!
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const port = Number(Deno.args[0] ?? 12345);
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" });
console.log(`[+] Listening on 127.0.0.1:${(socket.addr as Deno.NetAddr).port} (UDP)`);

for (;;) {
  // A datagram longer than the buffer is cut, and nothing says so. udp/server.ts takes 65,507 bytes, the most there can be.
  const [datagram, from] = await socket.receive(new Uint8Array(1024));
  const { hostname, port } = from as Deno.NetAddr;

  // Printed as it came: escape sequences reach the terminal.
  console.log(`[*] Received from ${hostname}:${port}: ${new TextDecoder().decode(datagram)}`);

  // Sent is not arrived: a lost answer stays lost unless the client asks again.
  // The sender's address may be forged. Two servers like this one, set at each other by one forged datagram, go on for ever;
  // udp/server.ts does not let them.
  await socket.send(new TextEncoder().encode("Hello from server!"), from);
}
