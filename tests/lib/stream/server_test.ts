import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { parseRange } from "../../../lib/addr.ts";
import { ProtocolError } from "../../../lib/errors.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { totalsLine } from "../../../lib/totals.ts";
import { LatencyStats } from "../../../lib/stats.ts";
import { encodeText } from "../../../lib/text.ts";
import { RawClient, RecordedEvents } from "../../support/sockets.ts";
import { FakeListener, FakeSocket } from "../fakes.ts";
import { echoLines, serve } from "./serving.ts";

Deno.test("serveTcp() serves many clients at the same time", async () => {
  await using server = serve(echoLines);
  using first = await RawClient.connect(server.port);
  using second = await RawClient.connect(server.port);
  await second.send("two\n");
  assertEquals(await second.until(/\n/), "two\n");
  await first.send("one\n");
  assertEquals(await first.until(/\n/), "one\n");
  first.close();
  second.close();
  server.stop();
  assertEquals(await server.done, { connections: 2, refused: 0, bytesIn: 8, bytesOut: 8 });
});

Deno.test("serveTcp() never waits 40 ms for Nagle when an answer takes two writes (S20)", async () => {
  await using server = serve(async (connection) => {
    while (await connection.readMessage() !== null) {
      await connection.write("a");
      await connection.write("b\n");
    }
  });
  using client = await RawClient.connect(server.port);
  const times = new LatencyStats();
  for (let round = 0; round < 50; round++) {
    const started = performance.now();
    await client.send("?\n");
    await client.until(/b\n/);
    times.add(performance.now() - started);
  }
  assertLess(times.percentile(0.5), 20);
});

Deno.test("serveTcp() yields to the event loop while more connections are busy than it serves in one turn", async () => {
  const [each, start] = [20, Promise.withResolvers<void>()];
  const sockets = Array.from({ length: 200 }, () => new FakeSocket());
  let reads = 0;
  const stop = new AbortController();
  const all = Promise.withResolvers<void>();
  const serving = serveTcp(new FakeListener([...sockets]), async (connection) => {
    if (connection.id === sockets.length) start.resolve();
    await start.promise;
    for (let round = 0; round < each; round++) {
      await connection.read();
      if (++reads === each * sockets.length) all.resolve();
    }
  }, { signal: stop.signal });
  for (const { source } of sockets) for (let round = 0; round < each; round++) source.feed("x");
  await start.promise;
  // Otherwise, a socket that is always ready would be read to its end before anything else could happen.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertLess(reads, each * sockets.length);
  await all.promise;
  stop.abort();
  await serving;
});

Deno.test("serveTcp() reports a connection's life as events with its number", async () => {
  await using server = serve(echoLines);
  for (const id of [1, 2]) {
    const closed = server.events.next("closed");
    using client = await RawClient.connect(server.port);
    await client.send("hi\n");
    await client.end();
    assertEquals(await client.rest(), "hi\n");
    await closed;
    const mine = server.events.all.filter((event) => "id" in event && event.id === id);
    assertEquals(mine.map(({ event }) => event), ["accepted", "received", "sent", "eof", "closed"]);
    assert(mine.every((event) => "peer" in event && event.peer === `127.0.0.1:${client.port}`));
  }
});

Deno.test("serveTcp() that is stopped before it starts admits no one", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const totals = await serveTcp(listener, echoLines, { signal: AbortSignal.abort() });
  assertEquals(totals.connections, 0);
  await assertRejects(() => RawClient.connect(listener.addr.port), Deno.errors.ConnectionRefused);
});

Deno.test("serveTcp() with once serves one client to its end, then returns", async () => {
  await using server = serve(echoLines, { once: true });
  using client = await RawClient.connect(server.port);
  await client.send("only\n");
  assertEquals(await client.until(/\n/), "only\n");
  await assertRejects(() => RawClient.connect(server.port), Deno.errors.ConnectionRefused);
  await client.send("still\n");
  assertEquals(await client.until(/\n/), "still\n");
  await client.end();
  assertEquals(await client.rest(), "");
  assertEquals((await server.done).connections, 1);
});

Deno.test("serveTcp() with once waits until a TLS socket has sent close_notify", async () => {
  const [events, gone] = [new RecordedEvents(), Promise.withResolvers<void>()];
  const closed = events.next("closed");
  const socket = Object.assign(new FakeSocket(), { gone: gone.promise });
  let done = false;
  const serving = serveTcp(new FakeListener([socket]), () => Promise.resolve(), { once: true, events })
    .then(() => done = true);
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(done, false);
  gone.resolve();
  await serving;
});

Deno.test("serveTcp() with once stops at the signal too", async () => {
  await using server = serve(echoLines, { once: true });
  using client = await RawClient.connect(server.port);
  await client.send("only\n");
  await client.until(/\n/);
  server.stop();
  assertEquals(await client.rest(), "");
  assertEquals((await server.done).connections, 1);
});

Deno.test("serveTcp() tells a client above maxConnections why, and frees the slot of one that leaves", async () => {
  await using server = serve(echoLines, { maxConnections: 1 });
  using first = await RawClient.connect(server.port);
  await first.send("in\n");
  await first.until(/\n/);
  using excess = await RawClient.connect(server.port);
  await excess.send("unread");
  assertEquals(await excess.rest(), "Cannot serve you: the server is full (1 connection at most); try again later\n");
  excess.close();
  const closed = server.events.next("closed");
  first.close();
  await closed;
  using next = await RawClient.connect(server.port);
  await next.send("in\n");
  assertEquals(await next.until(/\n/), "in\n");
  next.close();
  server.stop();
  const totals = await server.done;
  assertEquals([totals.connections, totals.refused], [2, 1]);
  const refused = server.events.all.find(({ event }) => event === "refused");
  assertEquals(refused?.event === "refused" && refused.peer, `127.0.0.1:${excess.port}`);
});

Deno.test("serveTcp() serves only allowed addresses, in both families on one socket", async () => {
  const range = parseRange("::1");
  assert(range !== null);
  await using server = serve(echoLines, { hostname: "::", allow: [range] });
  using stranger = await RawClient.connect(server.port, "127.0.0.1");
  assertEquals(await stranger.rest(), "Cannot serve you: your address is not allowed here\n");
  using friend = await RawClient.connect(server.port, "::1");
  await friend.send("hi\n");
  assertEquals(await friend.until(/\n/), "hi\n");
  const peers = server.events.all.flatMap((event) => "peer" in event ? [String(event.peer)] : []);
  assertMatch(peers[0] ?? "", /^127\.0\.0\.1:\d+$/);
  assertMatch(peers.at(-1) ?? "", /^\[::1\]:\d+$/);
});

Deno.test("serveTcp() refuses in the protocol's own form if it has one", async () => {
  const refusal = (reason: string): Uint8Array => encodeText(JSON.stringify({ error: reason }));
  await using server = serve(echoLines, { allow: [{ network: "192.0.2.1", prefix: 32, family: "ipv4" }], refusal });
  using client = await RawClient.connect(server.port);
  assertEquals(JSON.parse(await client.rest()), { error: "Cannot serve you: your address is not allowed here" });
});

Deno.test("serveTcp() tells at most 64 refused clients at once why; in a flood it just closes the others (S16)", async () => {
  const range = parseRange("::1");
  assert(range !== null);
  const sockets = Array.from({ length: 70 }, () => new FakeSocket());
  for (const socket of sockets) socket.stalled = true;
  const [listener, events, stop] = [new FakeListener([...sockets]), new RecordedEvents(), new AbortController()];
  const done = serveTcp(listener, echoLines, { allow: [range], events, signal: stop.signal });
  while (events.all.length < 6) await events.next("refused");
  assertEquals(sockets.map(({ closed }) => closed).filter((closed) => closed).length, 6);
  stop.abort();
  for (const socket of sockets) socket.cut();
  assertEquals((await done).refused, 70);
});

Deno.test("serveTcp() survives a handler that throws", async () => {
  let first = true;
  await using server = serve(async (connection) => {
    if (!first) return await echoLines(connection);
    first = false;
    throw new TypeError("a fault of the handler");
  });
  using unlucky = await RawClient.connect(server.port);
  assertEquals(await unlucky.rest(), "");
  const error = server.events.all.find(({ event }) => event === "error");
  assertEquals(error, {
    event: "error",
    id: 1,
    peer: `127.0.0.1:${unlucky.port}`,
    code: 1,
    message: "a fault of the handler",
  });
  using next = await RawClient.connect(server.port);
  await next.send("hi\n");
  assertEquals(await next.until(/\n/), "hi\n");
});

Deno.test(
  "serveTcp() survives a handler that throws before it returns a promise",
  { permissions: "none" },
  async () => {
    const [events, stop] = [new RecordedEvents(), new AbortController()];
    const closed = events.next("closed");
    const done = serveTcp(new FakeListener([new FakeSocket()]), () => {
      throw new TypeError("a fault of the handler");
    }, { events, signal: stop.signal, drainTime: 20 });
    await closed;
    stop.abort();
    await done;
    assertEquals(events.names, ["accepted", "error", "closed"]);
  },
);

Deno.test("serveTcp() tells the client what it did wrong (S6)", async () => {
  await using server = serve(echoLines, { maxMessage: 10 });
  using client = await RawClient.connect(server.port);
  await client.send("x".repeat(5000));
  assertEquals(await client.rest(), "Cannot serve you: your message is longer than 10 bytes\n");
  assertEquals(server.events.refusals, ["your message is longer than 10 bytes"]);
  server.stop();
  const { connections, refused } = await server.done;
  assertEquals([connections, refused], [0, 1]);
  await using strict = serve(() => Promise.reject(new ProtocolError("Cannot continue: not polite")));
  using rude = await RawClient.connect(strict.port);
  assertEquals(await rude.rest(), "Cannot continue: not polite\n");
  const error = strict.events.all.find(({ event }) => event === "error");
  assertEquals(error?.event === "error" && error.code, 8);
});

Deno.test("totalsLine() reports a server's totals", { permissions: "none" }, () => {
  assertEquals(
    totalsLine({ connections: 1, refused: 0, bytesIn: 18, bytesOut: 2048 }),
    "Done: 1 connection served, 18 B in, 2.05 kB out",
  );
  assertEquals(
    totalsLine({ connections: 0, refused: 3, bytesIn: 0, bytesOut: 0 }),
    "Done: 0 connections served, 3 refused, 0 B in, 0 B out",
  );
});
