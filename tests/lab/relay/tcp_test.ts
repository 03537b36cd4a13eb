import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Exit, Failure } from "../../../lib/errors.ts";
import { listenNode } from "../../../lib/net/node_listener.ts";
import { parseRange } from "../../../lib/addr.ts";
import { RawClient, rawServer, sendAndReset } from "../../support/sockets.ts";
import { TestTime, turn } from "../../support/time.ts";
import { tcpRelay } from "./support.ts";

/** A server that sends everything back until its client half-closes, for many clients at once. */
function echoServer(): AsyncDisposable & { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.TcpConn>();
  const serving = (async () => {
    for await (const conn of listener) {
      conns.add(conn);
      conn.readable.pipeTo(conn.writable).catch(() => {});
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

/** A port on which nothing listens. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const said = (name: string, event: object): string => "message" in event ? `${name} ${event.message}` : name;

Deno.test("TcpRelay passes bytes and both half-closes on, and counts them", async () => {
  await using server = rawServer(async (client) => {
    await client.send("who is there?\n");
    const told = await client.rest();
    await client.send(`hello ${told}`);
  });
  await using relaying = await tcpRelay(server.port);
  using client = await RawClient.connect(relaying.port);
  await client.until(/there\?/);
  await client.send("alice");
  await client.end();
  assertEquals(await client.rest(), "hello alice");
  await relaying.stop();
  const { up, down, flows, resets } = relaying.relay.tally;
  assertEquals([up.in.bytes, up.out.bytes, down.in.bytes, down.out.bytes], [5, 5, 25, 25]);
  assertEquals([flows, resets, up.times.count], [1, 0, 1]);
  // Bytes are no messages: nobody is told of each.
  assertEquals(relaying.events.names.sort(), ["accepted", "closed", "closed", "connected", "eof", "eof"]);
});

Deno.test("TcpRelay passes the server's half-close on while the client still sends", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = rawServer(async (client) => {
    await client.end();
    heard.resolve(await client.rest());
  });
  await using relaying = await tcpRelay(server.port);
  using client = await RawClient.connect(relaying.port);
  assertEquals(await client.read(), null);
  await client.send("late");
  await client.end();
  assertEquals(await heard.promise, "late");
});

Deno.test("TcpRelay passes a client's reset on, and the next client is served", async () => {
  await using server = echoServer();
  const listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  const ended = Promise.withResolvers<unknown>();
  const accepting = (async () => {
    const socket = await listener.accept();
    const buffer = new Uint8Array(100);
    for (;;) {
      const count = await socket.read(buffer).catch(ended.resolve);
      if (typeof count !== "number") break;
    }
    socket.close();
  })();
  {
    await using relaying = await tcpRelay(listener.addr.port);
    const relayed = (): Promise<unknown> => relaying.events.next("connected");
    await sendAndReset(relaying.port, "half a mess", { before: relayed });
    assertEquals((await ended.promise as Error).name, "ConnectionReset");
    await accepting;
    listener.close();
  }
  await using relaying = await tcpRelay(server.port);
  await sendAndReset(relaying.port, "half a mess", { before: () => relaying.events.next("connected") });
  using client = await RawClient.connect(relaying.port);
  await client.send("ping\n");
  await client.until(/ping\n/);
  const reset = relaying.events.all.find(({ event }) => event === "reset");
  assert(reset !== undefined);
  assertMatch(said("reset", reset), /connection reset by the peer; passed on to 127\.0\.0\.1:\d+$/);
});

Deno.test("TcpRelay passes the server's reset on", async () => {
  using listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  await using relaying = await tcpRelay(listener.addr.port);
  using client = await RawClient.connect(relaying.port);
  const socket = await listener.accept();
  await client.send("x");
  await socket.read(new Uint8Array(1));
  socket.reset?.();
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  assertEquals(relaying.relay.tally.resets, 1);
});

Deno.test("TcpRelay resets a client whose target refuses, says why, and goes on", async () => {
  const port = closedPort();
  await using relaying = await tcpRelay(port);
  for (let round = 1; round <= 2; round++) {
    const failed = relaying.events.next("error");
    using client = await RawClient.connect(relaying.port);
    await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
    assertStringIncludes(said("", await failed), `Cannot connect to 127.0.0.1:${port}: connection refused`);
  }
  assertEquals(relaying.relay.tally.failed, 2);
});

Deno.test("TcpRelay.reset() cuts every open connection off, on both sides", async () => {
  using listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  await using relaying = await tcpRelay(listener.addr.port);
  using client = await RawClient.connect(relaying.port);
  const socket = await listener.accept();
  await client.send("x");
  await socket.read(new Uint8Array(1));
  assertEquals(relaying.relay.open.map(({ id, up, down }) => ({ id, up, down })), [{ id: 1, up: 1, down: 0 }]);
  assertEquals(relaying.relay.reset(), 1);
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  await assertRejects(() => socket.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  socket.close();
  assertEquals(relaying.relay.tally.resets, 1);
  await relaying.stop();
  // The operator has asked for it, so it is no error.
  assertEquals(relaying.events.names.filter((name) => name === "error" || name === "reset"), []);
});

Deno.test("TcpRelay serves 200 clients at once", async () => {
  await using server = echoServer();
  await using relaying = await tcpRelay(server.port);
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(relaying.port)));
  const answers = await Promise.all(clients.map(async (client, number) => {
    await client.send(`${number}\n`);
    await client.end();
    const answer = await client.rest();
    client.close();
    return answer;
  }));
  assertEquals(answers, clients.map((_, number) => `${number}\n`));
  assertEquals(relaying.relay.tally.flows, 200);
});

Deno.test("TcpRelay holds a stalled client's bytes back, and serves another meanwhile", async () => {
  const chunk = new Uint8Array(1024 * 1024);
  let sent = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using relaying = await tcpRelay(listener.addr.port);
  // The server sends without end to a client that reads nothing.
  using stalled = await RawClient.connect(relaying.port);
  const flooding = await listener.accept();
  const flood = (async () => {
    for (;;) sent += await flooding.write(chunk);
  })().catch(() => {});
  using fast = await RawClient.connect(relaying.port);
  const answering = await listener.accept();
  for (let before = -1; before !== sent;) {
    before = sent;
    // A hundred exchanges with the other client: the flood has had its time, and has filled what there is.
    for (let round = 0; round < 100; round++) {
      await fast.send("x");
      await answering.read(new Uint8Array(1));
      await answering.write(Uint8Array.of(round));
      await fast.read();
    }
  }
  assert(sent < 32 * 1024 * 1024, `${sent} bytes`);
  for (const conn of [flooding, answering, listener]) conn.close();
  stalled.close();
  await flood;
});

Deno.test("TcpRelay cuts off a connection without a byte either way, not one that only sends one way", async () => {
  const time = new TestTime();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using relaying = await tcpRelay(listener.addr.port, { timeout: 1000, time });
  using client = await RawClient.connect(relaying.port);
  using server = await listener.accept();
  listener.close();
  for (let round = 0; round < 5; round++) {
    await server.write(Uint8Array.of(round));
    await client.read();
    await time.pass(700);
  }
  const failed = relaying.events.next("error");
  await time.pass(1000);
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  assertMatch(said("", await failed), /no data for 1 s/);
});

Deno.test("TcpRelay turns away who is not allowed, and one client too many", async () => {
  await using server = echoServer();
  const only = parseRange("192.0.2.0/24");
  assert(only !== null);
  await using closed = await tcpRelay(server.port, { allow: [only] });
  using stranger = await RawClient.connect(closed.port);
  assertEquals(await stranger.rest(), "Cannot serve you: your address is not allowed here\n");
  await using relaying = await tcpRelay(server.port, { maxConnections: 1 });
  using first = await RawClient.connect(relaying.port);
  await first.send("x");
  await first.read();
  using second = await RawClient.connect(relaying.port);
  assertMatch(await second.rest(), /^Cannot serve you: the server is full/);
});

Deno.test("a stopping TcpRelay lets the server answer, then ends cleanly", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using server = rawServer(async (client) => {
    await client.until(/question/);
    asked.resolve();
    await answer.promise;
    await client.send("answer");
    await client.read();
  });
  const time = new TestTime();
  const relaying = await tcpRelay(server.port, { drainTime: 5000, time });
  using client = await RawClient.connect(relaying.port);
  await client.send("question");
  await asked.promise;
  using idle = await RawClient.connect(relaying.port);
  while (relaying.events.names.filter((name) => name === "connected").length < 2) await relaying.events.change;
  await turn();
  const stopping = relaying.stop();
  await time.pass(1000);
  // Nobody owes an answer there, but here.
  assertEquals([await idle.read(), relaying.relay.open.map(({ id }) => id)], [null, [1]]);
  answer.resolve();
  await client.until(/answer/);
  await time.pass(1000);
  assertEquals(await client.read(), null);
  await stopping;
});

Deno.test("a stopping TcpRelay cuts off by a reset what takes longer than the drain time", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = rawServer(async (client) => {
    await client.until(/question/);
    asked.resolve();
    await client.rest();
  });
  const relaying = await tcpRelay(server.port, { drainTime: 50 });
  using client = await RawClient.connect(relaying.port);
  await client.send("question");
  await asked.promise;
  await relaying.stop();
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
});

Deno.test("TcpRelay with once relays one connection, and fails where its target refuses", async () => {
  await using server = echoServer();
  const relaying = await tcpRelay(server.port, { once: true });
  {
    using client = await RawClient.connect(relaying.port);
    await client.send("x");
    await client.end();
    assertEquals(await client.rest(), "x");
  }
  await relaying.done;
  const failing = await tcpRelay(closedPort(), { once: true });
  const refused = assertRejects(() => failing.done, Failure, "connection refused");
  using client = await RawClient.connect(failing.port);
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  const error = await refused;
  assertEquals(error.code, Exit.unreachable);
});
