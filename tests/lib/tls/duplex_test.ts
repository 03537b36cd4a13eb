import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { SocketLayer } from "../../../lib/net/layers.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { SocketDuplex } from "../../../lib/tls/duplex.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { readAll, serverTls, writeText } from "../../support/tls.ts";

/** A duplex over a socket that receives these chunks, then waits; the data, and the buffers that were read into. */
function receiving(
  chunks: readonly Uint8Array[],
  unread: () => number = () => 0,
): { duplex: SocketDuplex; data: number[]; buffers: Uint8Array[] } {
  const raw = new SocketLayer(streamSocket({} as Deno.TcpConn, 1));
  const left = [...chunks];
  const [data, buffers]: [number[], Uint8Array[]] = [[], []];
  raw.read = (into) => {
    buffers.push(into);
    const chunk = left.shift();
    if (chunk === undefined) return Promise.withResolvers<number>().promise;
    into.set(chunk);
    return Promise.resolve(chunk.length);
  };
  const onFail = (reason: unknown): never => {
    throw reason;
  };
  const duplex = new SocketDuplex(raw, { onPlaintext: null, unread, onEnd: () => {}, onFail });
  duplex.on("data", (chunk) => data.push(...new Set(chunk)));
  return { duplex, data, buffers };
}

const filled = (value: number): Uint8Array => new Uint8Array(1000).fill(value);
const CHUNKS = [filled(1), filled(2), filled(3)];

Deno.test("chunks are read one after the other into the same buffer", async () => {
  const { duplex, data, buffers } = receiving(CHUNKS);
  duplex.resume();
  await delay(0);
  assertEquals(data, [1, 2, 3]);
  assertEquals([buffers.length, new Set(buffers).size], [4, 1]);
});

Deno.test("a buffer that was filled is followed by a larger one, which a small read shrinks again", async () => {
  const { duplex, buffers } = receiving([new Uint8Array(1024), filled(1)]);
  duplex.resume();
  await delay(0);
  assertEquals(buffers.map(({ length }) => length), [1024, 4096, 1024]);
});

Deno.test("nothing is read while it is paused or destroyed, or much waits for a reader", async () => {
  let unread = 0;
  const { duplex, data, buffers } = receiving(CHUNKS, () => unread);
  duplex.receive();
  assertEquals(buffers.length, 0);
  duplex.resume();
  duplex.pause();
  await delay(0);
  assertEquals(data, [1]);
  unread = 16 * 1024;
  duplex.resume();
  await delay(0);
  assertEquals(data, [1]);
  unread--;
  duplex.receive();
  duplex.destroy();
  await delay(0);
  assertEquals([data, buffers.length], [[1, 2], 2]);
});

Deno.test("a read that is under way is not begun again", () => {
  const { duplex, buffers } = receiving([]);
  duplex.resume();
  duplex.resume();
  duplex.receive();
  assertEquals(buffers.length, 1);
});

Deno.test("flush() waits for what is written when a write is done", async () => {
  const writes: { length: number; end: () => void }[] = [];
  const raw = new SocketLayer(streamSocket({} as Deno.TcpConn, 1));
  raw.write = ({ length }) =>
    new Promise((resolve) => writes.push({ length, end: () => resolve(Math.min(length, 2)) }));
  const duplex = new SocketDuplex(raw, { onPlaintext: null, unread: () => 0, onEnd: () => {}, onFail: () => {} });
  duplex.write(new Uint8Array(3), () => duplex.write(new Uint8Array(1), () => {}));
  let flushed = false;
  const flushing = duplex.flush().then(() => flushed = true);
  for (let at = 0; at < 3; at++) {
    await delay(0);
    assertEquals(flushed, false);
    writes[at]?.end();
  }
  await flushing;
  assertEquals(writes.map(({ length }) => length), [3, 1, 1]);
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
