import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { NetEvent, TlsSession } from "../../../lib/events.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { RunningScript, taskArgs } from "../../support/script.ts";
import { RawClient, RecordedEvents, sendAndReset } from "../../support/sockets.ts";
import { FakeListener, FakeSocket, tooManyOpenFiles } from "../fakes.ts";
import { echoLines, serve, type Served } from "./serving.ts";

/** Checks that the server still serves. */
async function assertServes(server: Served): Promise<void> {
  using client = await RawClient.connect(server.port);
  await client.send("still there?\n");
  assertEquals(await client.until(/\n/), "still there?\n");
}

const troubles = (events: RecordedEvents, name: NetEvent["event"]): string[] =>
  events.all.flatMap((event) => event.event === name && "message" in event ? [String(event.message)] : []);

Deno.test("a client resets mid-message and the next one is served (S9, S10)", async () => {
  await using server = serve(echoLines);
  const [accepted, reset] = [server.events.next("accepted"), server.events.next("reset")];
  await sendAndReset(server.port, "half a li", { before: () => accepted });
  await reset;
  assertMatch(
    troubles(server.events, "reset")[0] ?? "",
    /^Cannot read from 127\.0\.0\.1:\d+: connection reset by the peer/,
  );
  await assertServes(server);
});

/** A client whose TLS handshake ends with a refusal; its certificate makes the reason long. */
class UntrustedSocket extends FakeSocket {
  handshake(): Promise<TlsSession> {
    const refusal = `your certificate was not issued for clients by a CA that this server trusts (issuer: ${
      "x".repeat(200_000)
    })`;
    const session = { version: "TLSv1.3", cipher: "", alpn: null, serverName: null, subject: null };
    return Promise.resolve({ ...session, name: null, fingerprint: null, refusal });
  }
}

Deno.test("clients that TLS refuses cannot fill the log: beyond a burst they are counted", async () => {
  const sockets = Array.from({ length: 10 }, () => new UntrustedSocket());
  for (const { source } of sockets) source.end();
  const [events, stop] = [new RecordedEvents(), new AbortController()];
  const serving = serveTcp(new FakeListener([...sockets]), echoLines, { events, signal: stop.signal });
  while (events.names.filter((name) => name === "closed").length < sockets.length) await events.change;
  stop.abort();
  const { connections, refused } = await serving;
  assertEquals([connections, refused], [0, 10]);
  assert(events.refusals.length < 5, `${events.refusals.length} refusals in the log`);
  assertMatch(troubles(events, "notice")[0] ?? "", /^Suppressed in the last .* s: \d refused; from 1 peer$/);
});

Deno.test("a client resets while it is idle, between two messages (S9)", async () => {
  await using server = serve(echoLines);
  const [accepted, reset] = [server.events.next("accepted"), server.events.next("reset")];
  await sendAndReset(server.port, "whole line\n", { before: () => accepted });
  await reset;
  await assertServes(server);
});

Deno.test("a client resets while the server writes (S9)", async () => {
  await using server = serve(async (connection) => {
    if (await connection.readLine() === null) return;
    for (;;) await connection.write(new Uint8Array(1024 * 1024));
  });
  const [accepted, reset] = [server.events.next("accepted"), server.events.next("reset")];
  await sendAndReset(server.port, "go\n", { before: () => accepted });
  await reset;
  assertMatch(troubles(server.events, "reset")[0] ?? "", /^Cannot write to 127\.0\.0\.1:\d+: /);
  assertEquals(server.events.names.filter((name) => name === "error"), []);
});

Deno.test("300 clients that connect and reset at once do not end the server (S9, S30)", async () => {
  await using server = serve(echoLines);
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 30 }, () => sendAndReset(server.port, "")));
  }
  await assertServes(server);
  assertEquals(troubles(server.events, "warning"), []);
});

Deno.test("accept continues at once after it failed for a client that is gone", async () => {
  const gone = [new Deno.errors.NotConnected(), new Deno.errors.ConnectionReset(), new Deno.errors.ConnectionAborted()];
  const [socket, events, controller] = [new FakeSocket(), new RecordedEvents(), new AbortController()];
  socket.source.end();
  const listener = new FakeListener([...gone, socket]);
  const closed = events.next("closed");
  const done = serveTcp(listener, echoLines, { events, signal: controller.signal });
  await closed;
  controller.abort();
  assertEquals([(await done).connections, listener.accepts, listener.closes], [1, 5, 1]);
  assertEquals(troubles(events, "warning"), []);
});

Deno.test("out of file descriptors: one warning, growing pauses, then accept continues (S17)", async () => {
  const failures = Array.from({ length: 5 }, tooManyOpenFiles);
  const [socket, events, controller] = [new FakeSocket(), new RecordedEvents(), new AbortController()];
  socket.source.end();
  const listener = new FakeListener([...failures, socket, tooManyOpenFiles()]);
  const [closed, began] = [events.next("closed"), performance.now()];
  const done = serveTcp(listener, echoLines, { events, signal: controller.signal });
  await closed;
  const took = performance.now() - began;
  assert(took >= 5 + 10 + 20 + 40 + 80 - 5, `it paused for ${took} ms`);
  // A shortage comes and goes with every client: one that follows within seconds is not logged again.
  while (listener.accepts < 7) await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort();
  await done;
  assertEquals(troubles(events, "warning"), ["Cannot accept a connection: Too many open files; trying again"]);
  assertEquals(listener.accepts, 7);
});

Deno.test("a stop does not wait for a pause between two accepts", async () => {
  const [events, controller] = [new RecordedEvents(), new AbortController()];
  const listener = new FakeListener(Array.from({ length: 100 }, tooManyOpenFiles));
  const done = serveTcp(listener, echoLines, { events, signal: controller.signal });
  await events.next("warning");
  // The next pause lasts 320 ms.
  while (listener.accepts < 7) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  controller.abort();
  await done;
  assert(performance.now() - began < 250);
});

Deno.test("a real server under ulimit -n continues when a file descriptor is free (S17)", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const limited = new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 48 && exec "$0" "$@"', Deno.execPath(), ...taskArgs("tcp:server"), "--port", "0", "--echo"],
    cwd: new URL("../../../", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  await using script = new RunningScript(limited.spawn(), false);
  const [, port] = await script.until(/Listening on \S+:(\d+)/);
  const held: RawClient[] = [];
  for (let count = 0; count < 60; count++) held.push(await RawClient.connect(Number(port)));
  await script.until(/Cannot accept a connection: Too many open files/, "stderr");
  for (const client of held) client.close();
  using next = await RawClient.connect(Number(port));
  await next.send("still there?\n");
  assertEquals(await next.until(/\n/), "still there?\n");
  next.close();
  const { code, stderr } = await script.stop();
  assertEquals(code, 0);
  assert(stderr.split("Too many open files").length <= 3, stderr);
});

Deno.test("the idle limit disconnects a silent client, not the others (S18)", async () => {
  await using server = serve(echoLines, { timeout: 30 });
  const failed = server.events.next("error");
  using silent = await RawClient.connect(server.port);
  const error = await failed;
  assert(error.event === "error");
  assertEquals([error.code, error.message], [5, `Cannot read from 127.0.0.1:${silent.port}: no data for 0.03 s`]);
  assertEquals(await silent.read(), null);
  await assertServes(server);
});

Deno.test("the stall limit disconnects a client that never reads, not the others (S11, S12)", async () => {
  await using server = serve(async (connection) => {
    const size = Number(await connection.readLine().then((line) => new TextDecoder().decode(line ?? undefined)));
    await connection.write(new Uint8Array(size || 13).fill(120));
  }, { stall: 100 });
  const failed = server.events.next("error");
  using stalled = await RawClient.connect(server.port);
  await stalled.send(`${64 * 1024 * 1024}\n`);
  using other = await RawClient.connect(server.port);
  await other.send("100\n");
  assertEquals((await other.rest()).length, 100);
  const error = await failed;
  assert(error.event === "error");
  assertEquals(error.code, 5);
  assertStringIncludes(error.message, `Cannot write to 127.0.0.1:${stalled.port}: it has not read for 0.1 s`);
});

Deno.test("300 connections, 20 exchanges each, are all served and nothing is lost (S16)", async () => {
  await using server = serve(echoLines, { report: false });
  await Promise.all(Array.from({ length: 300 }, async (_, client) => {
    using connection = await RawClient.connect(server.port);
    for (let exchange = 0; exchange < 20; exchange++) {
      const line = `client ${client}, exchange ${exchange}\n`;
      await connection.send(line);
      assertEquals(await connection.until(/\n/), line);
    }
  }));
  server.stop();
  const totals = await server.done;
  assertEquals([totals.connections, totals.bytesIn === totals.bytesOut], [300, true]);
});

Deno.test("closing the listener from outside stops the server", async () => {
  const [listener, events] = [Deno.listen({ hostname: "127.0.0.1", port: 0 }), new RecordedEvents()];
  const done = serveTcp(listener, echoLines, { events });
  using client = await RawClient.connect(listener.addr.port);
  await client.send("hi\n");
  await client.until(/\n/);
  listener.close();
  assertEquals(await client.rest(), "");
  assertEquals((await done).connections, 1);
});

Deno.test("incomplete messages share the server's memory; a client that needs more is told, and the others are served", async () => {
  const memory = new MemoryBudget(100_000);
  await using server = serve(echoLines, { memory });
  using holder = await RawClient.connect(server.port);
  await holder.send(new Uint8Array(60_000).fill(97));
  using late = await RawClient.connect(server.port);
  await late.send(new Uint8Array(60_000).fill(98));
  const refused = await Promise.race([holder.rest(), late.rest()]);
  assertEquals(refused, "Cannot serve you: the server has no memory for the message; try again later\n");
  await assertServes(server);
  assert(memory.used <= 100_000);
  server.stop();
  await server.done;
  assertEquals(memory.used, 0);
});
