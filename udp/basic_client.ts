/**
 * udp:basic-client is the textbook UDP client: one datagram out, one in.
 *
 * ```sh
 * deno task udp:basic-client
 * deno run --no-prompt --allow-net=127.0.0.1 udp/basic_client.ts
 * ```
 *
 * Try it against `deno task udp:basic-server`, then with no server at all:
 *
 * ```
 * $ deno task udp:basic-client
 * Server says: Hello from server!
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const port = Number(Deno.args[0] ?? 12345);

// Nothing connects: the socket only gets a port of its own, for the answer to come back to.
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
await socket.send(new TextEncoder().encode("Hello from client!"), { hostname: "127.0.0.1", port, transport: "udp" });

// A lost datagram, in either direction, or no server: this waits for ever. udp/client.ts asks again, then gives up.
// The first to send to this port is taken for the server: the sender's address is there, but nothing compares it.
// A longer answer is cut at 1024 bytes, and nothing says so.
const [datagram] = await socket.receive(new Uint8Array(1024));
console.log(`Server says: ${new TextDecoder().decode(datagram)}`);
socket.close();
