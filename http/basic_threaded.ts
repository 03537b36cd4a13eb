/**
 * http:basic-threaded is http:basic-server in four threads: a silent client blocks one of them.
 *
 * ```sh
 * deno task http:basic-threaded
 * deno run --no-prompt --allow-net=127.0.0.1 --allow-read=http/basic_threaded.ts http/basic_threaded.ts
 * ```
 *
 * Try it: leave `nc 127.0.0.1 8080` open and silent, and run `curl 127.0.0.1:8080` a few times. About one in four hangs.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const page = "<!doctype html>\n<title>Mini Server</title>\n<h1>Hello!</h1>\n";
// Content-Length counts bytes. This counts characters, and is right only as long as the page is ASCII.
const head =
  `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`;

// A socket cannot be handed to a worker, so every thread listens, and the system deals the clients out, even to a busy thread
// (on Windows, one thread gets them all). reusePort also lets a second server take its share of this port unnoticed.
const port = Number(self.name || Deno.args[0] || 8080);
using listener = Deno.listen({ hostname: "127.0.0.1", port, reusePort: true });
const name = String(listener.addr.port);
console.log(`[+] Listening on 127.0.0.1:${name}`);
if (self.name === "") {
  // The workers run this same page, which is why it must be readable, and get the port as their name.
  for (let count = 1; count < 4; count++) new Worker(import.meta.url, { type: "module", name });
}

// One client at a time in each thread. http/threaded.ts serves many in each, and has one per core.
for await (using conn of listener) {
  // One read is not one request: a long head, or a body, takes several. And a client that resets here ends all threads.
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
