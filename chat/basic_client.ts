/**
 * chat:basic-client is the other side of the textbook chat over TCP: it speaks first, then waits for the answer.
 *
 * ```sh
 * deno task chat:basic-client
 * deno run --no-prompt --allow-net=127.0.0.1 chat/basic_client.ts
 * ```
 *
 * Try it against `deno task chat:basic-server`:
 *
 * ```
 * $ deno task chat:basic-client         $ deno task chat:basic-server
 * You (client): hello                   [+] Listening on 127.0.0.1:23456
 * Server: hello yourself                [+] Accepted connection from 127.0.0.1:52884
 * You (client): exit                    Client: hello
 * Server: Goodbye! Closing connection.  You (server): hello yourself
 * Client closed.                        Client: exit
 *                                       Server closed.
 * ```
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

using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 23456) });

for (let message = ""; message.toLowerCase() !== "exit";) {
  // While the user types, nobody listens: whatever the server sends, or that it has gone, shows only afterwards.
  await Deno.stdout.write(encoder.encode("You (client): "));
  message = await read(Deno.stdin) ?? "exit";
  await conn.write(encoder.encode(message)); // an empty line is no bytes at all: both sides then wait for ever
  const reply = await read(conn);
  console.log(reply === null ? "Server closed the connection." : `Server: ${reply}`); // as it came, escape sequences too
  if (reply === null) break;
}
console.log("Client closed.");
