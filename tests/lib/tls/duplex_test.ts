import { assert, assertEquals } from "@std/assert";
import { SocketLayer } from "../../../lib/net/layers.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { SocketDuplex } from "../../../lib/tls/duplex.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { readAll, serverTls, writeText } from "../../support/tls.ts";

/** A duplex over a socket that receives these chunks, then waits. */
function receiving(...chunks: readonly Uint8Array[]): { duplex: SocketDuplex; buffers: Uint8Array[] } {
  const raw = new SocketLayer(streamSocket({} as Deno.TcpConn, 1));
  const left = [...chunks];
  const buffers: Uint8Array[] = [];
  raw.read = (into) => {
    const chunk = left.shift();
    if (chunk === undefined) return Promise.withResolvers<number>().promise;
    into.set(chunk);
    buffers.push(into);
    return Promise.resolve(chunk.length);
  };
  const fail = (reason: unknown): never => {
    throw reason;
  };
  const duplex = new SocketDuplex(raw, { onPlaintext: null, wantsData: () => true, onEnd: () => {}, onFail: fail });
  return { duplex, buffers };
}

const filled = (value: number): Uint8Array => new Uint8Array(1000).fill(value);

Deno.test("what is consumed at once is read into the same buffer again", async () => {
  const { duplex, buffers } = receiving(filled(1), filled(2), filled(3));
  const values: number[] = [];
  const done = Promise.withResolvers<void>();
  duplex.stream.on("data", (chunk: Uint8Array) => {
    assert(chunk.every((byte) => byte === chunk[0]));
    if (values.push(chunk[0] ?? 0) === 3) done.resolve();
  });
  await done.promise;
  assertEquals(values, [1, 2, 3]);
  assertEquals(new Set(buffers).size, 1);
});

Deno.test("what waits in the stream is not overwritten by the next read", async () => {
  const { duplex } = receiving(filled(1), filled(2), filled(3));
  const all = Promise.withResolvers<void>();
  duplex.stream.on("readable", () => duplex.stream.readableLength === 3000 && all.resolve());
  await all.promise;
  assertEquals([1, 2, 3].map(() => duplex.stream.read(1000)[999]), [1, 2, 3]);
});

/** A socket whose next read overwrites the buffer of the last one at once. */
class Overwriting extends SocketLayer {
  reused = 0;
  #last: ArrayBufferLike | null = null;

  override read(into: Uint8Array): Promise<number | null> {
    if (into.buffer === this.#last) {
      this.reused++;
      into.fill(0xaa);
    }
    this.#last = into.buffer;
    return this.below.read(into);
  }
}

Deno.test("node:tls has copied what it was given before that buffer is used again", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const raw = new Overwriting(streamSocket(await listener.accept(), 1));
  const client = new TlsSocket(streamSocket(near, 2), { kind: "client", options: {} });
  const server = tlsServer(serverTls())(raw);
  const texts = [1, 1000, 1023, 5000, 3, 70_000, 1].map((length, at) => `${at}`.repeat(length));
  const reading = readAll(server);
  for (const text of texts) {
    await writeText(client, text);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await client.closeWrite();
  assertEquals(await reading, texts.join(""));
  assert(raw.reused > 0);
  client.close();
  server.close();
  await Promise.all([client.gone, server.gone]);
});
