import { assert, assertEquals, assertRejects } from "@std/assert";
import { Network } from "../../../lab/relay/network.ts";
import type { TcpRelayOptions } from "../../../lab/relay/tcp.ts";
import type { Fault } from "../../../lib/faults/fault.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { connectNode } from "../../../lib/net/node_socket.ts";
import { within } from "../../../lib/within.ts";
import { type WireEvent } from "../../../lib/wire/event.ts";
import { RawClient, rawServer } from "../../support/sockets.ts";
import { tcpRelay } from "./support.ts";

Deno.test("faults up are on the server's side of a TCP relay, faults down on the client's, and both are counted", async () => {
  const faults: Fault[] = [];
  const events: WireEvent[] = [];
  const network = new Network({ up: { ...NO_FAULTS, split: 3 }, down: { ...NO_FAULTS, delay: 1 } });
  const wire = { emit: (event: WireEvent): unknown => events.push(event) };
  await using server = rawServer(async (client) => {
    await client.until(/12345678/);
    await client.send("answer");
    await client.end();
    await client.rest();
  });
  await using relaying = await tcpRelay(server.port, { network, wire, onFault: (fault) => faults.push(fault) });
  using client = await RawClient.connect(relaying.port);
  await client.send("12345678");
  await client.end();
  assertEquals(await client.rest(), "answer");
  await relaying.stop();
  const sizes = (flow: number, call: string): number[] =>
    events.filter((event) => event.flow === flow && event.call === call).map(({ bytes }) => bytes?.length ?? 0);
  // What the wire of each side shows is what really passed there.
  assertEquals([sizes(1, "read"), sizes(2, "write")], [[8, 0], [3, 3, 2]]);
  const { up, down } = relaying.relay.tally;
  assertEquals([up.in.pieces, up.out.pieces, up.in.bytes, up.out.bytes], [1, 3, 8, 8]);
  assertEquals([down.in.pieces, down.out.bytes], [1, 6]);
  assertEquals([...up.faults.keys(), ...down.faults.keys()], ["split", "delay"]);
  assert(faults.every(({ flow }) => flow === 2));
});

Deno.test("what is delayed still arrives when both ends are through", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = rawServer(async (client) => {
    await client.end();
    heard.resolve(await client.rest());
  });
  await using relaying = await tcpRelay(server.port, {
    network: new Network({ up: { ...NO_FAULTS, delay: 50 } }),
    once: true,
  });
  using client = await RawClient.connect(relaying.port);
  await client.send("late");
  await client.end();
  await relaying.done;
  assertEquals(relaying.relay.tally.up.out.bytes, 4);
  assertEquals(await heard.promise, "late");
});

Deno.test("a reset by a fault reaches both ends", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using server = rawServer(async (client) => {
    await client.restBytes().catch(ended.resolve);
  });
  const network = new Network({ up: { ...NO_FAULTS, resetAfter: 4 } });
  await using relaying = await tcpRelay(server.port, { network });
  using client = await RawClient.connect(relaying.port);
  await client.send("12345678");
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  assertEquals((await ended.promise as Error).name, "ConnectionReset");
  assertEquals(relaying.relay.tally.up.out.bytes, 4);
});

Deno.test("over a cable that is cut nothing passes and nobody connects, and when it is healed both do", async () => {
  let dialled = 0;
  const open: TcpRelayOptions["open"] = (at) => {
    dialled++;
    return connectNode(at);
  };
  await using server = rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) await client.send(bytes);
  });
  await using relaying = await tcpRelay(server.port, { open });
  const { network } = relaying;
  using client = await RawClient.connect(relaying.port);
  await client.send("before\n");
  await client.until(/before\n/);
  network.cut = true;
  await client.send("during\n");
  using other = await RawClient.connect(relaying.port);
  while (relaying.events.names.filter((name) => name === "accepted").length < 2) await relaying.events.change;
  const answer = client.read();
  assertEquals(await within(answer, 100), false);
  assertEquals(dialled, 1);
  // The even numbers are those of the connections to the target.
  assertEquals(relaying.relay.open.map(({ id }) => id), [1, 3]);
  network.cut = false;
  assertEquals(new TextDecoder().decode(await answer ?? new Uint8Array()), "during\n");
  await client.end();
  await client.rest();
  await other.send("other\n");
  await other.until(/other\n/);
  assertEquals(dialled, 2);
});
