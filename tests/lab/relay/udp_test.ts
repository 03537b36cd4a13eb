import { assert, assertEquals, assertMatch } from "@std/assert";
import { Network } from "../../../lab/relay/network.ts";
import type { UdpRelayOptions } from "../../../lab/relay/udp.ts";
import { MAX_DATAGRAM } from "../../../lib/datagram/socket.ts";
import { changed, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { packetTap } from "../../../lib/wire/packet_tap.ts";
import { RawPeer } from "../../support/sockets.ts";
import { TestTime, turn } from "../../support/time.ts";
import { udpRelay } from "./support.ts";

/** Sends everything back to where it came from. */
function echoServer(): AsyncDisposable & { port: number; peers: Set<number> } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const peers = new Set<number>();
  const serving = (async () => {
    for await (const [bytes, from] of socket) {
      peers.add((from as Deno.NetAddr).port);
      await socket.send(bytes, from);
    }
  })();
  return {
    port: (socket.addr as Deno.NetAddr).port,
    peers,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await serving;
    },
  };
}

Deno.test("UdpRelay passes datagrams of any length on, and their answers back", async () => {
  await using server = echoServer();
  await using relaying = udpRelay(server.port);
  using client = new RawPeer();
  for (const length of [0, 1, 1472, 1473, MAX_DATAGRAM]) {
    await client.send(new Uint8Array(length).fill(7), relaying.port);
    const { bytes, port } = await client.receive();
    assertEquals([bytes.length, bytes.every((byte) => byte === 7), port], [length, true, relaying.port]);
  }
  const { up, down, flows } = relaying.relay.tally;
  assertEquals([flows, up.in.pieces, up.out.pieces, down.in.pieces, down.out.pieces], [1, 5, 5, 5, 5]);
  assertEquals([up.in.bytes, down.out.bytes, up.times.count], [MAX_DATAGRAM + 2946, MAX_DATAGRAM + 2946, 5]);
});

Deno.test("UdpRelay keeps its clients apart, each with a socket of its own", async () => {
  await using server = echoServer();
  await using relaying = udpRelay(server.port);
  using alice = new RawPeer();
  using bob = new RawPeer();
  await alice.send("from alice", relaying.port);
  await bob.send("from bob", relaying.port);
  assertEquals([(await alice.receive()).text, (await bob.receive()).text], ["from alice", "from bob"]);
  assertEquals(server.peers.size, 2);
  const peers = relaying.relay.open.map(({ id, peer }) => `${id} ${peer}`);
  assertEquals(peers, [`1 127.0.0.1:${alice.port}`, `3 127.0.0.1:${bob.port}`]);
});

Deno.test("the wire of a UDP relay has a flow for each side of a client, even if nothing of it reaches the server", async () => {
  await using server = echoServer();
  const seen: string[] = [];
  const tap = packetTap({ emit: ({ call, flow }) => flow > 0 && seen.push(`${flow} ${call}`) });
  const network = new Network({ up: { ...NO_FAULTS, loss: 1 } });
  await using relaying = udpRelay(server.port, { network, tap });
  using alice = new RawPeer();
  using bob = new RawPeer();
  await alice.send("lost", relaying.port);
  while (relaying.relay.tally.up.in.pieces === 0) await turn();
  network.out = NO_FAULTS;
  await bob.send("passes", relaying.port);
  await bob.receive();
  assertEquals(seen.filter((call) => !/sending/.test(call)), [
    "1 receive",
    "3 receive",
    "4 send",
    "4 receive",
    "3 send",
  ]);
  assertEquals(relaying.relay.open.map(({ id }) => id), [1, 3]);
});

Deno.test("UdpRelay drops and reports what others than the target send to a flow's socket", async () => {
  using server = new RawPeer();
  await using relaying = udpRelay(server.port);
  using client = new RawPeer();
  using stranger = new RawPeer();
  await client.send("question", relaying.port);
  const { port } = await server.receive();
  await stranger.send("forged", port);
  await server.send("answer", port);
  assertEquals((await client.receive()).text, "answer");
  assertEquals([relaying.relay.tally.foreign, relaying.relay.tally.down.in.pieces], [1, 1]);
  const warning = relaying.events.all.find(({ event }) => event === "warning");
  assertEquals(
    warning?.event === "warning" && warning.message,
    `Ignored 6 unsolicited bytes from 127.0.0.1:${stranger.port}`,
  );
});

Deno.test("UdpRelay closes the flow that is idle longest when there are too many", async () => {
  await using server = echoServer();
  const time = new TestTime();
  await using relaying = udpRelay(server.port, { maxFlows: 2, time });
  using alice = new RawPeer();
  using bob = new RawPeer();
  using carol = new RawPeer();
  for (const peer of [alice, bob, alice, carol]) {
    time.sleep(10);
    await peer.send("x", relaying.port);
    await peer.receive();
  }
  assertEquals(relaying.relay.open.map(({ id }) => id), [1, 5]);
  assertEquals(relaying.events.all.find(({ event }) => event === "closed"), {
    event: "closed",
    id: 3,
    peer: `127.0.0.1:${bob.port}`,
    bytesIn: 1,
    bytesOut: 1,
    duration: 20,
  });
});

Deno.test("UdpRelay closes idle flows after its timeout, and opens them anew", async () => {
  await using server = echoServer();
  const time = new TestTime();
  await using relaying = udpRelay(server.port, { timeout: 1000, time });
  using alice = new RawPeer();
  using bob = new RawPeer();
  for (const [peer, pause] of [[alice, 600], [bob, 600]] as const) {
    await peer.send("x", relaying.port);
    await peer.receive();
    await time.pass(pause);
  }
  assertEquals(relaying.relay.open.map(({ id }) => id), [3]);
  await time.pass(400);
  assertEquals([relaying.relay.open, time.timers], [[], 0]);
  await alice.send("x", relaying.port);
  await alice.receive();
  assertEquals(relaying.relay.open.map(({ id }) => id), [5]);
});

Deno.test("an answer keeps a flow of UdpRelay open as a request does", async () => {
  using server = new RawPeer();
  const time = new TestTime();
  await using relaying = udpRelay(server.port, { timeout: 1000, time });
  using client = new RawPeer();
  await client.send("x", relaying.port);
  const { port } = await server.receive();
  await time.pass(600);
  await server.send("late", port);
  await client.receive();
  await time.pass(600);
  assertEquals(relaying.relay.open.map(({ id, idle }) => [id, idle]), [[1, 600]]);
});

Deno.test("an error of one flow of UdpRelay ends only that flow", async () => {
  await using server = echoServer();
  let opened = 0;
  const open: UdpRelayOptions["open"] = (at) => {
    if (++opened === 2) throw new Deno.errors.NotCapable("too many sockets");
    const socket = Deno.listenDatagram(at);
    if (opened === 1) socket.send = () => Promise.reject(new TypeError("broken"));
    return socket;
  };
  await using relaying = udpRelay(server.port, { open });
  using alice = new RawPeer();
  using bob = new RawPeer();
  using carol = new RawPeer();
  for (const peer of [alice, bob]) {
    const failed = relaying.events.next(peer === alice ? "error" : "warning");
    await peer.send("x", relaying.port);
    const event = await failed;
    assertMatch("message" in event ? String(event.message) : "", peer === alice ? /broken/ : /^Cannot relay for 127/);
  }
  await carol.send("x", relaying.port);
  assertEquals((await carol.receive()).text, "x");
  assertEquals([relaying.relay.tally.unsent, relaying.relay.tally.refused], [1, 1]);
});

Deno.test("UdpRelay with once ends after the first answer", async () => {
  await using server = echoServer();
  const relaying = udpRelay(server.port, { once: true });
  using client = new RawPeer();
  await client.send("x", relaying.port);
  assertEquals((await client.receive()).text, "x");
  await relaying.done;
});

Deno.test("a stopped UdpRelay still sends to the target what faults have held up", async () => {
  using server = new RawPeer();
  const network = new Network({ up: { ...NO_FAULTS, delay: 50 } });
  const relaying = udpRelay(server.port, { network });
  using client = new RawPeer();
  await client.send("late", relaying.port);
  while (relaying.relay.tally.up.in.pieces === 0) await turn();
  await relaying.stop();
  assertEquals(relaying.relay.tally.up.out.pieces, 1);
  assertEquals((await server.receive()).text, "late");
});

/** Sends 200 numbered datagrams through a relay with faults, and returns what the server got. */
async function record(seed: number): Promise<number[]> {
  const time = new TestTime();
  let up = NO_FAULTS;
  for (const [name, value] of [["loss", "20%"], ["duplicate", "10%"], ["reorder", "10%"], ["corrupt", "5%"]] as const) {
    up = changed(up, name, value);
  }
  const network = new Network({ seed, up });
  const got: number[] = [];
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  await using relaying = udpRelay((socket.addr as Deno.NetAddr).port, { network, time });
  const collecting = (async () => {
    for await (const [bytes] of socket) got.push(...bytes);
  })();
  using client = new RawPeer();
  for (let number = 0; number < 200; number++) {
    await client.send(Uint8Array.of(number), relaying.port);
    // Loopback keeps the order, but its buffers are small.
    if (number % 50 === 49) { while (relaying.relay.tally.up.in.pieces <= number) await turn(); }
  }
  await time.pass(200);
  const { out } = relaying.relay.tally.up;
  while (got.length < out.pieces) await turn();
  socket.close();
  await collecting;
  return got;
}

Deno.test("UdpRelay: the same seed gives the same record, another seed another one", async () => {
  const [one, again, other] = [await record(7), await record(7), await record(8)];
  assertEquals(one, again);
  assert(one.length > 150 && one.length < 200, `${one.length}`);
  assert(one.join() !== other.join());
});
