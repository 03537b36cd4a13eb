import { assert, assertEquals, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { serveTcp } from "../../../lib/stream/server.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { decodeText } from "../../../lib/text.ts";
import { RawClient, RecordedEvents } from "../../support/sockets.ts";
import { FakeListener, FakeSocket } from "../fakes.ts";
import { echoLines, serve } from "./serving.ts";

Deno.test("a stop closes idle connections at once", async () => {
  await using server = serve(echoLines);
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(server.port)));
  for (const client of clients) {
    await client.send("hi\n");
    await client.until(/\n/);
  }
  const began = performance.now();
  server.stop();
  assertEquals((await server.done).connections, 5);
  assert(performance.now() - began < 1000);
  for (const client of clients) {
    assertEquals(await client.rest(), "");
    client.close();
  }
});

Deno.test("a stop lets an open exchange finish, and admits no more clients", async () => {
  const [got, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = serve(async (connection) => {
    for (let line; (line = await connection.readLine()) !== null;) {
      const text = decodeText(line);
      got.resolve();
      await go.promise;
      await connection.write(`${text}\n`);
    }
    await connection.finish();
  });
  using client = await RawClient.connect(server.port);
  await client.send("under way\n");
  await got.promise;
  server.stop();
  // Refused, or accepted only by the system and then reset.
  const late = await RawClient.connect(server.port).then((other) => other.rest().finally(() => other.close()))
    .catch((error: Error) => error.name);
  assert(["", "ConnectionRefused", "ConnectionReset"].includes(late), late);
  go.resolve();
  assertEquals(await client.rest(), "under way\n");
  client.close();
  assertEquals((await server.done).connections, 1);
});

Deno.test("a stop lets a partly sent message be completed and answered", async () => {
  await using server = serve(echoLines, { gap: 0 });
  using client = await RawClient.connect(server.port);
  await client.send("first\nhalf");
  assertEquals(await client.until(/\n/), "first\n");
  server.stop();
  await client.send(" and half\n");
  assertEquals(await client.rest(), "half and half\n");
});

Deno.test("a stop closes what is still open after drainTime, and logs it", async () => {
  await using server = serve(echoLines, { gap: 0, drainTime: 30 });
  using client = await RawClient.connect(server.port);
  await client.send("first\nhalf of the second");
  await client.until(/\n/);
  const began = performance.now();
  server.stop();
  await server.done;
  assertGreaterOrEqual(performance.now() - began, 29);
  const warning = server.events.all.find(({ event }) => event === "warning");
  assertEquals(warning, {
    event: "warning",
    message: "Cannot wait any longer: 1 connection cut mid-exchange after 0.03 s",
  });
});

Deno.test("a stop also limits the single client of once", async () => {
  await using server = serve(echoLines, { once: true, gap: 0, drainTime: 30 });
  using client = await RawClient.connect(server.port);
  await client.send("first\nhalf of the second");
  await client.until(/\n/);
  server.stop();
  await server.done;
  assert(server.events.names.includes("warning"));
});

Deno.test("a stop ends an answer that the client does not read (S11)", async () => {
  await using server = serve(async (connection) => {
    if (await connection.readLine() !== null) await connection.write(new Uint8Array(64 * 1024 * 1024));
  }, { drainTime: 50 });
  using stalled = await RawClient.connect(server.port);
  await stalled.send("go\n");
  await stalled.read();
  server.stop();
  await server.done;
  const warning = server.events.all.find(({ event }) => event === "warning");
  assertStringIncludes(warning?.event === "warning" ? warning.message : "", "1 connection cut");
});

Deno.test("a stop waits for a refusal in progress", async () => {
  await using server = serve(echoLines, { allow: [{ network: "192.0.2.1", prefix: 32, family: "ipv4" }] });
  const refused = server.events.next("refused");
  using client = await RawClient.connect(server.port);
  await refused;
  server.stop();
  assertEquals(await client.rest(), "Cannot serve you: your address is not allowed here\n");
  client.close();
  assertEquals((await server.done).refused, 1);
});

Deno.test("a client accepted at the moment of the stop is closed, not served", async () => {
  const [socket, controller] = [new FakeSocket(), new AbortController()];
  const accepted = Promise.withResolvers<StreamSocket>();
  const listener = { addr: socket.localAddr, accept: () => accepted.promise, close: () => {} };
  const served: string[] = [];
  const done = serveTcp(listener, (connection) => Promise.resolve(void served.push(connection.peer)), {
    signal: controller.signal,
  });
  accepted.resolve(socket);
  controller.abort();
  assertEquals([(await done).connections, served, socket.closed], [0, [], true]);
});

Deno.test("a second stop does nothing, and the listener is closed once", async () => {
  const [listener, controller] = [new FakeListener([]), new AbortController()];
  const done = serveTcp(listener, echoLines, { signal: controller.signal });
  controller.abort();
  controller.abort();
  await done;
  assertEquals(listener.closes, 1);
});

Deno.test("the answer arrives although the client's further data is unread (S8, row 25)", async () => {
  await using server = serve(async (connection) => {
    const line = await connection.readLine();
    await connection.write(`${decodeText(line ?? new Uint8Array())}\n`);
    await connection.finish();
  });
  using client = await RawClient.connect(server.port);
  await client.send(`answer me\n${"unread ".repeat(30_000)}`);
  await client.end();
  assertEquals(await client.rest(), "answer me\n");
});

Deno.test("a client that half-closes after its message is still answered (S8)", async () => {
  await using server = serve(async (connection) => {
    for (let bytes; (bytes = await connection.readMessage()) !== null;) {
      await connection.write(`<${decodeText(bytes)}>`);
    }
    await connection.finish();
  });
  using client = await RawClient.connect(server.port);
  await client.send("one\ntwo");
  await client.end();
  assertEquals(await client.rest(), "<one><two>");
});

Deno.test("serveTcp() serves without a signal or events too", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = serveTcp(listener, echoLines, { once: true });
  using client = await RawClient.connect(listener.addr.port);
  await client.send("hi\n");
  await client.end();
  assertEquals([await client.rest(), (await done).bytesIn], ["hi\n", 3]);
});

Deno.test("a stop before any client connected completes at once", async () => {
  const events = new RecordedEvents();
  const controller = new AbortController();
  const done = serveTcp(Deno.listen({ hostname: "::1", port: 0 }), echoLines, { events, signal: controller.signal });
  controller.abort();
  assertEquals([await done, events.all], [{ connections: 0, refused: 0, bytesIn: 0, bytesOut: 0 }, []]);
});
