import { assertEquals, assertRejects } from "@std/assert";
import { connectNode, listenNode, type NodeSocket } from "../../../lib/net/node_socket.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { connectTcp } from "../../../lib/stream/connect.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { RawClient } from "../../support/sockets.ts";
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
  const listener = await listenNode({ hostname: "127.0.0.1", port: 0 });
  using client = await RawClient.connect((listener.addr as Deno.NetAddr).port);
  const accepted = await listener.accept();
  await client.send("hello");
  streamSocket(accepted, 1).reset();
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  listener.close();
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
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assertRejects(() => listenNode(taken.addr), Deno.errors.AddrInUse);
});

Deno.test("our server and client run on node:net as they do on Deno's sockets", async () => {
  const listener = await listenNode({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const serving = serveTcp(listener, async (connection) => {
    for (let bytes; (bytes = await connection.read()) !== null;) await connection.write(bytes);
    await connection.finish();
  }, { once: true });
  await using client = await connectTcp((at) => connectNode(at), { hostname, port });
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
