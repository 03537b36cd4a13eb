// The least that a TLS echo takes on Deno's calls: bare_tls.ts CERTIFICATE KEY
const [cert = "", key = ""] = Deno.args.map((path) => Deno.readTextFileSync(path));

async function serve(socket: Deno.TlsConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let count; (count = await socket.read(buffer)) !== null;) {
      for (let sent = 0; sent < count;) sent += await socket.write(buffer.subarray(sent, count));
    }
  } catch {
    // The client is gone, or was none.
  }
  socket.close();
}

const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
// deno-lint-ignore no-console
console.log(`Listening on 127.0.0.1:${listener.addr.port}`);
for await (const socket of listener) serve(socket);
