// A room on Node's net: each line goes to all others, with a name before it. No history, no limits, no names of one's own.
import net from "node:net";

const members = new Set();
let joined = 0;
const server = net.createServer({ noDelay: true }, (socket) => {
  const name = `guest${++joined}`;
  let text = "";
  members.add(socket);
  socket.setEncoding("utf8");
  socket.write("Welcome!\n");
  socket.on("data", (piece) => {
    const lines = (text + piece).split("\n");
    text = lines.pop();
    const said = lines.map((line) => `${name}: ${line}\n`).join("");
    if (said === "") return;
    for (const member of members) if (member !== socket) member.write(said);
  });
  socket.on("close", () => members.delete(socket));
  socket.on("error", () => {});
});
// deno-lint-ignore no-console
server.listen(0, "127.0.0.1", 4096, () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
