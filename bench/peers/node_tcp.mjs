// TCP on Node's net: node node_tcp.mjs echo|discard
import net from "node:net";
import { argv } from "node:process";

const echoes = argv[2] !== "discard";
const server = net.createServer({ noDelay: true }, (socket) => {
  if (echoes) {
    socket.on("data", (bytes) => {
      // A client that does not read is not read either.
      if (!socket.write(bytes)) socket.pause();
    });
    socket.on("drain", () => socket.resume());
  } else {
    socket.resume();
  }
  socket.on("error", () => {});
});
// deno-lint-ignore no-console
server.listen(0, "127.0.0.1", 4096, () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
