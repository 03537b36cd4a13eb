/**
 * http:basic-client asks for a page by hand, and prints the raw response.
 *
 * ```sh
 * deno task http:basic-client
 * deno run --no-prompt --allow-net=127.0.0.1 http/basic_client.ts
 * ```
 *
 * Try it against `deno task http:basic-server`, then against `deno task http:server`:
 *
 * ```
 * $ deno task http:basic-client
 * HTTP/1.1 200 OK
 * Content-Type: text/html
 * Content-Length: 59
 * Connection: close
 *
 * <!doctype html>
 * <title>Mini Server</title>
 * <h1>Hello!</h1>
 * ```
 *
 * @module
 */
const port = Number(Deno.args[0] ?? 8080);
using conn = await Deno.connect({ hostname: "127.0.0.1", port });

// Lines end in CRLF, and an empty one ends the head: without it, client and server wait for each other.
const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
await conn.write(new TextEncoder().encode(request));

// Reads until the server closes, for ever if it never does. Content-Length says where the response ends, and nobody looks:
// one that is cut off passes for a whole one, and an error is as good as a page.
for await (const bytes of conn.readable) {
  // Written as it came: escape sequences reach the terminal. And write() may take less than it is given.
  await Deno.stdout.write(bytes);
}
