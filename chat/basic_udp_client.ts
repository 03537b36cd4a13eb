/**
 * chat:basic-udp-client is the other side of the textbook chat over UDP: it speaks first, then waits for the answer.
 *
 * ```sh
 * deno task chat:basic-udp-client
 * deno run --no-prompt --allow-net=127.0.0.1 chat/basic_udp_client.ts
 * ```
 *
 * Try it against `deno task chat:basic-udp-server`:
 *
 * ```
 * $ deno task chat:basic-udp-client     $ deno task chat:basic-udp-server
 * You (client): hello                   [+] Listening on 127.0.0.1:23457 (UDP)
 * Server: hello yourself                Client: hello
 * You (client): exit                    You (server): hello yourself
 * Server: Goodbye! Closing session.     Client: exit
 * Client closed.                        Server closed.
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const port = Number(Deno.args[0] ?? 23457);
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });

for (let message = ""; message.toLowerCase() !== "exit";) {
  await Deno.stdout.write(encoder.encode("You (client): "));
  const line = new Uint8Array(1024);
  const count = await Deno.stdin.read(line); // one line at a terminal; from a pipe, it may be several
  message = count === null ? "exit" : decoder.decode(line.subarray(0, count)).trim();
  await socket.send(encoder.encode(message), { hostname: "127.0.0.1", port, transport: "udp" });

  // No server, one that has ended, or a datagram lost either way: this waits for ever. chat/udp_client.ts can send it again.
  // Nobody compares the sender, and an answer longer than this is cut.
  const [datagram] = await socket.receive(new Uint8Array(4096));
  console.log(`Server: ${decoder.decode(datagram).trim()}`); // as it came: escape sequences reach the terminal
}
socket.close();
console.log("Client closed.");
