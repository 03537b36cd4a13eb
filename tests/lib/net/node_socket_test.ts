import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { isDisconnect } from "../../../lib/errors.ts";
import { connectNode, NodeSocket } from "../../../lib/net/node_socket.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { connectTcp } from "../../../lib/stream/connect.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { RawClient } from "../../support/sockets.ts";
import { turn } from "../../support/time.ts";
import { readAll } from "../../support/tls.ts";

/** A node:net socket, and a Deno socket as its peer. */
async function pair(): Promise<{ ours: NodeSocket; peer: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, peer] = await Promise.all([connectNode(listener.addr), listener.accept()]);
  return { ours, peer };
}

Deno.test("a reset reaches the peer as a reset, from either side", async () => {
  const { ours, peer } = await pair();
  streamSocket(ours, 1).reset();
  await assertRejects(() => peer.read(new Uint8Array(8)), Deno.errors.ConnectionReset);
  peer.close();
  const accepted = Promise.withResolvers<NodeSocket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => accepted.resolve(new NodeSocket(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  using client = await RawClient.connect((server.address() as { port: number }).port);
  await client.send("hello");
  streamSocket(await accepted.promise, 1).reset();
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("NodeSocket transfers all bytes, half-closes, and can still read afterwards", async () => {
  const { ours, peer } = await pair();
  const big = "0123456789".repeat(100_000);
  const [echoed] = await Promise.all([
    readAll(ours),
    (async () => {
      await ours.write(encodeText(big));
      await ours.closeWrite();
    })(),
    (async () => {
      const text = await readAll(peer);
      for (let bytes = encodeText(text); bytes.length > 0;) bytes = bytes.subarray(await peer.write(bytes));
      await peer.closeWrite();
    })(),
  ]);
  assertEquals(echoed, big);
  assertEquals(await ours.read(new Uint8Array(1)), null);
  ours.close();
  peer.close();
});

Deno.test("NodeSocket throws the same errors as Deno's sockets", async () => {
  const { ours, peer } = await pair();
  const reading = assertRejects(() => ours.read(new Uint8Array(1)), Deno.errors.BadResource);
  ours.close();
  await reading;
  await assertRejects(() => ours.write(new Uint8Array(1)), Deno.errors.BadResource);
  peer.close();
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { addr } = gone;
  gone.close();
  await assertRejects(() => connectNode(addr), Deno.errors.ConnectionRefused);
});

Deno.test("NodeSocket reads on after a write behind its half-close, and nothing after it was closed", async () => {
  const { ours, peer } = await pair();
  await ours.closeWrite();
  await assertRejects(() => ours.write(new Uint8Array(1)), Deno.errors.BrokenPipe);
  await peer.write(encodeText("hello"));
  assertEquals(await ours.read(new Uint8Array(2)), 2);
  ours.close();
  await assertRejects(() => ours.read(new Uint8Array(2)), Deno.errors.BadResource);
  peer.close();
});

Deno.test("NodeSocket.close() fails a write that waits, as closed on this side", async () => {
  const { ours, peer } = await pair();
  const writing = assertRejects(async () => {
    for (;;) await ours.write(new Uint8Array(1_000_000));
  }, Deno.errors.BadResource);
  await turn();
  ours.close();
  await writing;
  peer.close();
});

Deno.test("a write that node:net cancels, because the peer has reset, fails as a disconnect", async () => {
  const cancelled = Object.assign(new Error("write ECANCELED"), { code: "ECANCELED" });
  const duplex = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done(cancelled) });
  const socket = new NodeSocket(duplex as Socket);
  const error = await socket.write(new Uint8Array(1)).catch((error: unknown) => error);
  assert(isDisconnect(error));
  socket.close();
});

Deno.test("a client of ours runs on node:net as it does on Deno's sockets", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = serveTcp(listener, async (connection) => {
    for (let bytes; (bytes = await connection.read()) !== null;) await connection.write(bytes);
    await connection.finish();
  }, { once: true });
  await using client = await connectTcp((at) => connectNode(at), listener.addr);
  await client.write("over node\n");
  assertEquals(decodeText(await client.readMessage() ?? new Uint8Array()), "over node");
  await client.finish();
  assertEquals((await serving).bytesIn, 10);
});

Deno.test("connectNode() ends with its signal", async () => {
  const reason = new Error("changed my mind");
  await assertRejects(() => connectNode({ port: 9, signal: AbortSignal.abort(reason) }), Error, "changed my mind");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const connecting = assertRejects(
    () => connectNode({ port: listener.addr.port, signal: stop.signal }),
    Error,
    "changed my mind",
  );
  stop.abort(reason);
  await connecting;
});
