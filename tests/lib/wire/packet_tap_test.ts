import { assertEquals, assertRejects } from "@std/assert";
import { DatagramSocket } from "../../../lib/datagram/socket.ts";
import { packetTap } from "../../../lib/wire/packet_tap.ts";
import { resolverTap } from "../../../lib/wire/connect_tap.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";
import type { PacketSocket } from "../../../lib/net/packet_socket.ts";
import { decodeText } from "../../../lib/text.ts";
import { Failure } from "../../../lib/errors.ts";

/** A UDP socket without a network: sending may fail, and what is received is given. */
class FakePacketSocket implements PacketSocket {
  readonly addr: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: 9 };
  error: Error | null = null;
  receive(): Promise<[Uint8Array, Deno.Addr]> {
    return Promise.reject(this.error);
  }
  send(bytes: Uint8Array): Promise<number> {
    return this.error === null ? Promise.resolve(bytes.length) : Promise.reject(this.error);
  }
  close(): void {}
}

Deno.test("a packet tap tells each datagram, empty ones too, and its flow numbers are the socket's", async () => {
  const events: WireEvent[] = [];
  const tap = packetTap({ emit: (event) => events.push(event) });
  using ours = DatagramSocket.openFor((at) => tap(Deno.listenDatagram(at)), "127.0.0.1");
  using one = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  using two = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  await one.send("from one", ours.local);
  const first = await ours.receive();
  await two.send("", ours.local);
  const second = await ours.receive();
  await one.send("later", ours.local);
  await ours.receive();
  await ours.send("back", two.local);
  ours.close();
  assertEquals([first, second].map((each) => each && ours.flowOf(each.from)), [1, 2]);
  assertEquals(
    events.map(({ call, flow, bytes, peer }) => [call, flow, bytes && decodeText(bytes), peer?.port]),
    [
      ["bind", 0, null, undefined],
      ["receive", 1, "from one", one.local.port],
      ["receive", 2, "", two.local.port],
      ["receive", 1, "later", one.local.port],
      ["sending", 2, "back", two.local.port],
      ["send", 2, "back", two.local.port],
      ["close", 0, null, undefined],
    ],
  );
  assertEquals(events.every(({ local }) => local?.port === ours.local.port), true);
});

Deno.test("the flows of all sockets of one tap have numbers of their own", async () => {
  const tap = packetTap({ emit: () => {} });
  const peer = { hostname: "127.0.0.1", port: 9 };
  using one = DatagramSocket.openFor((at) => tap(Deno.listenDatagram(at)), "127.0.0.1");
  using two = DatagramSocket.openFor((at) => tap(Deno.listenDatagram(at)), "127.0.0.1");
  assertEquals([one.flowOf(peer), two.flowOf(peer), one.flowOf(peer)], [1, 2, 1]);
  await Promise.resolve();
});

Deno.test("what fails is told with the reason", async () => {
  const events: WireEvent[] = [];
  const below = new FakePacketSocket();
  const socket = packetTap({ emit: (event) => events.push(event) })(below);
  below.error = Object.assign(new Error("Connection refused"), { code: "ECONNREFUSED" });
  await assertRejects(
    () => socket.send(new Uint8Array(3), { transport: "udp", hostname: "127.0.0.1", port: 5 }),
    Error,
  );
  await assertRejects(() => socket.receive(), Error);
  assertEquals(events.slice(1).map(({ call, error, offered }) => [call, error, offered]), [
    ["sending", undefined, undefined],
    ["send", "ECONNREFUSED", 3],
    ["receive", "ECONNREFUSED", undefined],
  ]);
});

Deno.test("a lookup is told, found or not; an address needs none", async () => {
  const events: WireEvent[] = [];
  const resolve = resolverTap({ emit: (event) => events.push(event) }, "udp");
  await resolve("192.0.2.1");
  assertEquals(events.length, 0);
  const found = await resolve("localhost");
  await assertRejects(() => resolve("nosuch.invalid"), Failure);
  assertEquals(events.map(({ call, name, addresses, flow }) => [call, name, addresses, flow]), [
    ["resolve", "localhost", found, 0],
    ["resolve", "nosuch.invalid", undefined, 0],
  ]);
  assertEquals(typeof events[1]?.error, "string");
});
