// TLS echo on Node's tls: node node_tls.mjs CERTIFICATE KEY
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import tls from "node:tls";

const [cert, key] = argv.slice(2).map((path) => readFileSync(path));
const server = tls.createServer({ cert, key, noDelay: true }, (socket) => {
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("error", () => {});
});
server.on("tlsClientError", () => {});
// deno-lint-ignore no-console
server.listen(0, "127.0.0.1", 4096, () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
