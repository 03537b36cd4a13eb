/**
 * tcp:basic-server is the textbook TCP server: it prints a client's message, answers it and closes.
 *
 * ```sh
 * deno task tcp:basic-server
 * deno run --no-prompt --allow-net=127.0.0.1 tcp/basic_server.ts
 * ```
 *
 * Try it, in a second terminal:
 *
 * ```
 * $ deno task tcp:basic-client          $ deno task tcp:basic-server
 * Server says: Hello from server!       [+] Listening on 127.0.0.1:12345
 *                                       [+] Accepted connection from 127.0.0.1:52884
 *                                       [*] Received from 127.0.0.1:52884: Hello from client!
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
using listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 12345) });
console.log(`[+] Listening on 127.0.0.1:${listener.addr.port}`);

// One client at a time: a silent one keeps all others waiting, and there is no timeout. tcp/server.ts serves many at once.
for await (using conn of listener) {
  const peer = `${conn.remoteAddr.hostname}:${conn.remoteAddr.port}`;
  console.log(`[+] Accepted connection from ${peer}`);

  // One read is not one message: TCP may deliver half of it, or two at once. tcp/server.ts frames by newline or pause.
  // And a client that resets the connection ends the whole server here: nothing catches the error.
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  if (count === null) continue;

  // Printed as it came: escape sequences reach the terminal, and a character cut by the end of the read prints as U+FFFD.
  console.log(`[*] Received from ${peer}: ${new TextDecoder().decode(buffer.subarray(0, count))}`);

  // write() may take less than it is given; an answer longer than this one needs a loop.
  await conn.write(new TextEncoder().encode("Hello from server!"));
  // Closing with input unread resets the connection, and the answer may be lost with it. tcp/server.ts reads to the end first.
}
