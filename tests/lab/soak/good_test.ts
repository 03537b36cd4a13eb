/** Good clients find every wrong byte. */
import { assertRejects } from "@std/assert";
import { openUdpEcho } from "../../../lab/soak/good/datagram.ts";
import { openEcho, openHttp, openReply, openSum } from "../../../lab/soak/good/stream.ts";
import type { OpenGood, Where } from "../../../lab/soak/good/client.ts";
import { REPLY } from "../../../lab/soak/servers.ts";
import { ProtocolError } from "../../../lib/errors.ts";

const HERE = { hostname: "127.0.0.1", port: 0 };

/** Asks a server once whose answer is made from what it received. */
async function ask(open: OpenGood, answer: (bytes: Uint8Array) => Uint8Array | string): Promise<void> {
  using listener = Deno.listen(HERE);
  const serving = (async () => {
    using socket = await listener.accept();
    const into = new Uint8Array(65_536);
    for (;;) {
      const count = await socket.read(into).catch(() => null);
      if (count === null) return;
      const bytes = answer(into.subarray(0, count));
      await socket.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes).catch(() => {});
      if (typeof bytes === "string") return;
    }
  })();
  try {
    const { signal } = new AbortController();
    const where: Where = { port: listener.addr.port, pin: null, client: "good1", seed: 7, signal, retried: () => {} };
    using client = await open(where);
    await client.exchange(1);
  } finally {
    await serving;
  }
}

Deno.test("an echo that is right passes; one with a wrong byte does not", async () => {
  await ask(openEcho, (bytes) => bytes);
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 1, bytes[bytes.length - 1]! ^ 1);
  await assertRejects(() => ask(openEcho, flipped), ProtocolError, "differs from byte");
});

Deno.test("a reply must be all that comes", async () => {
  await ask(openReply, () => `${REPLY}\n`);
  await assertRejects(() => ask(openReply, () => `${REPLY}\nand more`), ProtocolError, "and more");
  await assertRejects(() => ask(openReply, () => ""), ProtocolError);
});

Deno.test("a number must be the server's, and a body come back under its type", async () => {
  await assertRejects(() => ask(openSum, () => "Soak: 18\n"), ProtocolError, "Soak: 18");
  const head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-soak\r\nContent-Length: 3\r\n\r\n";
  await assertRejects(() => ask(openHttp, () => `${head}abc`), ProtocolError, "the body that came back");
  await assertRejects(() => ask(openHttp, () => "HTTP/1.1 500 Oops\r\n\r\n"), ProtocolError, "500");
});

Deno.test("a datagram that was answered before does not count as the answer", async () => {
  const socket = Deno.listenDatagram({ transport: "udp", ...HERE });
  const serving = (async () => {
    const [bytes, from] = await socket.receive();
    await socket.send(bytes.slice(1), from);
    await socket.send(bytes, from);
  })();
  const { signal } = new AbortController();
  const { port } = socket.addr as Deno.NetAddr;
  using client = await openUdpEcho({ port, pin: null, client: "good1", seed: 7, signal, retried: () => {} });
  await client.exchange(1);
  await serving;
  socket.close();
});
