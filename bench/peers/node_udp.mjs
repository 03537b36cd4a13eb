// UDP echo on Node's dgram.
import dgram from "node:dgram";

const socket = dgram.createSocket("udp4");
socket.on("message", (bytes, from) => socket.send(bytes, from.port, from.address));
// deno-lint-ignore no-console
socket.bind(0, "127.0.0.1", () => console.log(`Listening on 127.0.0.1:${socket.address().port}`));
