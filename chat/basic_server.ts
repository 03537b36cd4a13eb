/**
 * chat:basic-server is the textbook chat over TCP: one client, and the two sides write strictly in turn.
 *
 * ```sh
 * deno task chat:basic-server
 * deno run --no-prompt --allow-net=127.0.0.1 chat/basic_server.ts
 * ```
 *
 * Try it with `deno task chat:basic-client` in a second terminal. The client's `exit` ends both sides; the server's ends
 * the server, and the client notices at its next line.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const encoder = new TextEncoder();

/** Reads once. At a terminal that is a line. Over TCP it is not a message: half of one may come, or two at once. */
async function read(source: Deno.Conn | typeof Deno.stdin): Promise<string | null> {
  const buffer = new Uint8Array(4096);
  const count = await source.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count)).trim();
}

using listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 23456) });
console.log(`[+] Listening on 127.0.0.1:${listener.addr.port}`);

// The first client is the only one. Others connect all the same, since the system accepts for us, and wait in vain.
using conn = await listener.accept();
console.log(`[+] Accepted connection from ${conn.remoteAddr.hostname}:${conn.remoteAddr.port}`);

for (let reply = ""; reply.toLowerCase() !== "exit";) {
  const message = await read(conn); // a client that resets ends the server here: nothing catches the error
  console.log(message === null ? "Client disconnected" : `Client: ${message}`); // as it came, escape sequences too
  if (message === null) break;
  if (message.toLowerCase() === "exit") {
    await conn.write(encoder.encode("Goodbye! Closing connection."));
    break;
  }
  // While the operator types, nobody listens: what the client sends, or that it has left, shows only afterwards.
  await Deno.stdout.write(encoder.encode("You (server): "));
  reply = await read(Deno.stdin) ?? "exit";
  await conn.write(encoder.encode(reply)); // an empty line is no bytes at all: both sides then wait for ever
}
console.log("Server closed.");
