/**
 * chat:basic-udp-server is the textbook chat over UDP: any sender passes for the client, and the two sides write in turn.
 *
 * ```sh
 * deno task chat:basic-udp-server
 * deno run --no-prompt --allow-net=127.0.0.1 chat/basic_udp_server.ts
 * ```
 *
 * Try it with `deno task chat:basic-udp-client` in a second terminal. The client's `exit` ends both sides; the server's
 * ends the server, and the client never knows.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const port = Number(Deno.args[0] ?? 23457);
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" });
console.log(`[+] Listening on 127.0.0.1:${(socket.addr as Deno.NetAddr).port} (UDP)`);

for (let reply = ""; reply.toLowerCase() !== "exit";) {
  // A datagram is a whole message, but one longer than this is cut, and nothing says so.
  // Nobody compares the sender: a stranger's words pass for the client's. chat/udp_server.ts tells others that the line is busy.
  const [datagram, from] = await socket.receive(new Uint8Array(4096));
  const message = decoder.decode(datagram).trim();
  console.log(`Client: ${message}`); // as it came: escape sequences reach the terminal
  if (message.toLowerCase() === "exit") {
    await socket.send(encoder.encode("Goodbye! Closing session."), from);
    break;
  }

  await Deno.stdout.write(encoder.encode("You (server): "));
  const line = new Uint8Array(1024);
  const count = await Deno.stdin.read(line); // one line at a terminal; from a pipe, it may be several
  reply = count === null ? "exit" : decoder.decode(line.subarray(0, count)).trim();
  // Unlike over TCP, an empty line is a message too. But a datagram that gets lost ends the talk: both sides wait for ever.
  await socket.send(encoder.encode(reply), from);
}
socket.close();
console.log("Server closed.");
