/**
 * tcp:basic-client is the textbook TCP client: it sends a message, prints the reply and closes.
 *
 * ```sh
 * deno task tcp:basic-client
 * deno run --no-prompt --allow-net=127.0.0.1 tcp/basic_client.ts
 * ```
 *
 * Try it against `deno task tcp:basic-server`, then against `deno task tcp:server`:
 *
 * ```
 * $ deno task tcp:basic-client
 * Server says: Hello from server!
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const port = Number(Deno.args[0] ?? 12345);

// With nobody there, this throws ConnectionRefused, and the user gets a stack trace. tcp/client.ts says what to try.
using conn = await Deno.connect({ hostname: "127.0.0.1", port });

// No newline marks the end: a server that only reads lines waits for the rest, and both sides wait for ever. tcp/server.ts also
// takes a pause for the end.
// write() may take less than it is given; a message longer than this one needs a loop.
await conn.write(new TextEncoder().encode("Hello from client!"));

// No timeout: a server that accepts and stays silent holds the client here.
const buffer = new Uint8Array(1024);
const count = await conn.read(buffer);

// One read is not one reply: what TCP delivers later is never seen. And no reply at all prints like an empty one.
console.log(`Server says: ${new TextDecoder().decode(buffer.subarray(0, count ?? 0))}`);
