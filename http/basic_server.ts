/**
 * http:basic-server is the textbook HTTP server: it prints each request and answers it with one page.
 *
 * ```sh
 * deno task http:basic-server
 * deno run --no-prompt --allow-net=127.0.0.1 http/basic_server.ts
 * ```
 *
 * Try it, in a second terminal or in a browser:
 *
 * ```
 * $ curl 127.0.0.1:8080                 $ deno task http:basic-server
 * <!doctype html>                       [+] Listening on 127.0.0.1:8080
 * <title>Mini Server</title>            ----- HTTP REQUEST from 127.0.0.1:52884 -----
 * <h1>Hello!</h1>                       GET / HTTP/1.1 …
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const page = "<!doctype html>\n<title>Mini Server</title>\n<h1>Hello!</h1>\n";
// Content-Length counts bytes. This counts characters, right only as long as the page is ASCII. And there is no Date.
const head =
  `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`;

using listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8080) });
console.log(`[+] Listening on 127.0.0.1:${listener.addr.port}`);

// One client at a time: a browser's spare connection, on which nothing comes yet, keeps all others waiting.
for await (using conn of listener) {
  // One read is not one request: a long head, or a body, takes several. And a client that resets here ends the server.
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  if (count === null) continue;

  // Printed as it came: escape sequences reach the terminal.
  const request = new TextDecoder().decode(buffer.subarray(0, count));
  const { hostname, port } = conn.remoteAddr;
  console.log(`----- HTTP REQUEST from ${hostname}:${port} -----\n${request}\n${"-".repeat(45)}`);

  // Nobody looks at the request: HEAD, POST, /missing and plain nonsense all get 200 and the page.
  await conn.write(new TextEncoder().encode(head + page));
  // Closing with input unread resets the connection, and the page may be lost with it. http/server.ts reads it first.
}
