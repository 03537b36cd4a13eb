// The least that an HTTP answer takes on Deno's calls: bare_http.ts BYTES. Nothing is parsed: each read is taken for a request, and the
// answer, BYTES with its head, was made once.
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ";

/** An answer of so many bytes; its head takes some of them, its length some of the head. */
function answerOf(bytes: number): Uint8Array {
  for (let body = Math.max(0, bytes - HEAD.length - 4);; body--) {
    const text = `${HEAD}${body}\r\n\r\n${"x".repeat(body)}`;
    if (text.length <= bytes || body === 0) return new TextEncoder().encode(text);
  }
}

const answer = answerOf(Number(Deno.args[0] ?? 100));

async function serve(socket: Deno.TcpConn): Promise<void> {
  socket.setNoDelay(true);
  const buffer = new Uint8Array(16 * 1024);
  try {
    while (await socket.read(buffer) !== null) {
      for (let sent = 0; sent < answer.length;) sent += await socket.write(answer.subarray(sent));
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
