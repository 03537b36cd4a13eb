import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Faults } from "../../../lib/faults/fault.ts";
import { packetFaults } from "../../../lib/faults/packet_faults.ts";
import { type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { streamFaults } from "../../../lib/faults/stream_faults.ts";
import { connectNode } from "../../../lib/net/node_socket.ts";
import { compose, SocketLayer } from "../../../lib/net/layers.ts";
import { type StreamSocket, streamSocket } from "../../../lib/net/socket.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { RawClient, RawPeer } from "../../support/sockets.ts";
import { pki, readAll, serverTls, writeText } from "../../support/tls.ts";

function faultsOf(out: Partial<FaultPlan>, back: Partial<FaultPlan> = {}): Faults {
  return { seed: 1, out: { ...NO_FAULTS, ...out }, in: { ...NO_FAULTS, ...back }, cut: false };
}

/** A connection of this machine with itself: one end with faults, the other without. */
async function pair(faults: Faults): Promise<{ faulty: StreamSocket; peer: RawClient }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [raw, peer] = await Promise.all([connectNode({ port: listener.addr.port }), listener.accept()]);
  return { faulty: compose(streamSocket(raw, 1), { faults: streamFaults(faults) }), peer: new RawClient(peer) };
}

Deno.test("a reset by the plan is a reset for the peer, after exactly N bytes", async () => {
  const { faulty, peer } = await pair(faultsOf({ resetAfter: 5 }));
  await faulty.write(encodeText("hello, world"));
  const failed = assertRejects(() => faulty.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  assertEquals(decodeText(await peer.read() ?? new Uint8Array()), "hello");
  await assertRejects(() => peer.read(), Deno.errors.ConnectionReset);
  await failed;
  faulty.close();
  peer.close();
});

Deno.test("pieces are read apart", async () => {
  const { faulty, peer } = await pair(faultsOf({ split: 1 }));
  faulty.write(encodeText("hello"));
  const pieces: string[] = [];
  while (pieces.join("") !== "hello") pieces.push(decodeText(await peer.read() ?? new Uint8Array()));
  // A busy machine may read two at once.
  assert(pieces.length > 1, pieces.join("|"));
  faulty.close();
  peer.close();
});

Deno.test("a close lets a delayed answer arrive, and unread bytes do not make it a reset", async () => {
  const { faulty, peer } = await pair(faultsOf({ delay: 20 }));
  await peer.send("unread");
  await faulty.write(encodeText("goodbye"));
  faulty.close();
  assertEquals(await peer.rest(), "goodbye");
  await faulty.gone;
  peer.close();
});

Deno.test("TLS over faults: a close arrives with its close_notify, and gone waits for it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [raw, accepted] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
  const client = new TlsSocket(streamSocket(raw, 1), { kind: "client", options: {} });
  const below = streamSocket(accepted, 2);
  let closed = false;
  const watched = Object.assign(new SocketLayer(below), {
    close: () => {
      closed = true;
      below.close();
    },
  });
  const faults = streamFaults(faultsOf({ delay: 20, split: 100 }));
  const server = compose(watched, { faults, tls: tlsServer(serverTls(pki.server)) });
  await writeText(server, "goodbye");
  server.close();
  await server.gone;
  assert(closed, "the socket below TLS and the faults is closed");
  assertEquals(await readAll(client), "goodbye");
  client.close();
  await client.gone;
});

Deno.test("datagrams over real sockets: doubled and damaged out, delayed in", async () => {
  using peer = new RawPeer();
  const layer = packetFaults(faultsOf({ duplicate: 1, truncate: 4 }, { delay: 5 }));
  const socket = layer(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
  await socket.send(encodeText("hello"), { transport: "udp", hostname: "127.0.0.1", port: peer.port });
  const [one, two] = [await peer.receive(), await peer.receive()];
  assertEquals([one.text, two.text], ["hell", "hell"]);
  await peer.send("answer", one.port);
  const [bytes, from] = await socket.receive(new Uint8Array(100));
  assertEquals([decodeText(bytes), (from as Deno.NetAddr).port], ["answer", peer.port]);
  const waiting = assertRejects(() => socket.receive(), Error);
  socket.close();
  await waiting;
});
