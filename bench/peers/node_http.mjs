// HTTP on Node's http: /bytes/N is N random bytes, everything else "200 OK".
import { randomBytes } from "node:crypto";
import http from "node:http";

const server = http.createServer((request, response) => {
  const [, size] = /^\/bytes\/(\d+)$/.exec(request.url) ?? [];
  const body = size === undefined ? "200 OK\n" : randomBytes(Number(size));
  response.setHeader("Content-Type", size === undefined ? "text/plain; charset=utf-8" : "application/octet-stream");
  response.setHeader("Content-Length", body.length);
  response.end(body);
});
// deno-lint-ignore no-console
server.listen(0, "127.0.0.1", 4096, () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
