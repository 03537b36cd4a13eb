// The least that TCP takes on Deno's calls: bare_tcp.ts echo|discard. Every connection has a loop, and nothing between them is fair.
const echoes = Deno.args[0] !== "discard";

async function serve(socket: Deno.TcpConn): Promise<void> {
  socket.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let count; (count = await socket.read(buffer)) !== null;) {
      if (!echoes) continue;
      for (let sent = 0; sent < count;) sent += await socket.write(buffer.subarray(sent, count));
    }
  } catch {
    // The client is gone.
  }
  socket.close();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
// deno-lint-ignore no-console
console.log(`Listening on 127.0.0.1:${listener.addr.port}`);
for await (const socket of listener) serve(socket);
