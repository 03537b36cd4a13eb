// A UDP echo server as Node's library makes it.
const socket = require("node:dgram").createSocket("udp4");
socket.on("message", (bytes, { port, address }) => socket.send(bytes, port, address));
socket.bind(Number(process.env.PORT), "127.0.0.1");
