import { within } from "../../../lib/within.ts";
import { delay } from "@std/async/delay";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SocketLayer } from "../../../lib/net/layers.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { CutOffError, Failure, PlaintextError, TimedOutError } from "../../../lib/errors.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { writeAll } from "../../../lib/console/output.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { RawClient } from "../../support/sockets.ts";
import { pki, readAll, serverTls, socketPair, tlsListener, writeText } from "../../support/tls.ts";

/** Writes endlessly. */
function flooding(socket: TlsSocket): { sent: () => number; done: Promise<void> } {
  let sent = 0;
  const done = (async () => {
    for (;;) sent += await socket.write(new Uint8Array(65536));
  })();
  return { sent: () => sent, done };
}

/** A socket with some methods replaced. */
function around(raw: Deno.TcpConn, changed: Partial<StreamSocket>): StreamSocket {
  return Object.assign(new SocketLayer(streamSocket(raw, 1)), changed);
}

/** Waits until a counter that has started does not change between two checks. */
async function standstill(count: () => number): Promise<void> {
  for (let before = -1; before !== count() || before === 0;) {
    before = count();
    await delay(100);
  }
}

for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
  Deno.test(`TlsSocket reports what ${version} negotiated`, async () => {
    const options = { servername: "localhost", ALPNProtocols: ["b", "a"], maxVersion: version, ca: pki.ca.certificate };
    await using pair = await socketPair(serverTls(pki.server, { alpn: ["a", "b"] }), { kind: "client", options });
    const [client, server] = await Promise.all([pair.client.handshake(), pair.server.handshake()]);
    assertEquals([client.version, server.version, server.serverName], [version, version, "localhost"]);
    assertEquals([client.alpn, server.alpn], ["a", "a"]);
    assertMatch(client.cipher, /^TLS_(ECDHE_ECDSA_WITH_)?(AES|CHACHA20)/);
    assertEquals([client.subject, client.name, client.chainError], ["CN=localhost", "localhost", null]);
    assertMatch(client.fingerprint ?? "", /^sha256:[\da-f]{64}$/);
    assertEquals([server.subject, server.certificate, server.refusal], [null, null, null]);
  });
}

Deno.test("closeWrite() is a half-close: the peer reads the end and can still write (59)", async () => {
  await using pair = await socketPair();
  await writeText(pair.client, "ask");
  await pair.client.closeWrite();
  assertEquals(await readAll(pair.server), "ask");
  await writeText(pair.server, "answer");
  await pair.server.closeWrite();
  assertEquals(await readAll(pair.client), "answer");
  await pair.client.closeWrite();
});

Deno.test("close() sends close_notify: the peer reads the end of the stream, not an error", async () => {
  await using pair = await socketPair();
  await writeText(pair.client, "last");
  pair.client.close();
  assertEquals(await readAll(pair.server), "last");
  await assertRejects(() => pair.client.read(new Uint8Array(1)), Deno.errors.BadResource);
});

Deno.test("FIN without close_notify cuts the stream off, after the data before it (T5, 58)", async () => {
  await using pair = await socketPair();
  await writeText(pair.client, "half a mess");
  const buffer = new Uint8Array(64);
  assertEquals(await pair.server.read(buffer), 11);
  await pair.clientRaw.closeWrite();
  await assertRejects(() => pair.server.read(buffer), Deno.errors.UnexpectedEof);
});

Deno.test("a record that was changed on its way is answered with an alert", async () => {
  const listener = tlsListener();
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  let changed = 0;
  const line = around(raw, { write: (bytes) => raw.write(bytes.with(-1, (bytes.at(-1) ?? 0) ^ changed)) });
  const [client, server] = [new TlsSocket(line, { kind: "client", options: {} }), await listener.accept()];
  listener.close();
  await writeText(client, "sound");
  assertEquals(await server.read(new Uint8Array(64)), 5);
  await writeText(server, "answer");
  assertEquals(await client.read(new Uint8Array(64)), 6);
  changed = 1;
  await writeText(client, "forged");
  const failure = await assertRejects(() => client.read(new Uint8Array(64)), Failure);
  assertMatch(failure.message, /BadRecordMac/);
  await assertRejects(() => server.read(new Uint8Array(64)), Deno.errors.UnexpectedEof);
  client.close();
  server.close();
  await Promise.all([client.gone, server.gone]);
});

Deno.test("a slow reader gets all data and the end, even after FIN", async () => {
  await using pair = await socketPair();
  const text = "0123456789".repeat(30_000);
  await pair.server.handshake();
  await writeText(pair.client, text);
  await pair.client.closeWrite();
  // Everything is queued now, FIN too.
  await pair.clientRaw.closeWrite();
  assert(await readAll(pair.server) === text);
});

Deno.test("a peer that does not read blocks the writer, and memory does not grow (17)", async () => {
  const listener = tlsListener();
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  let received = 0;
  const counting = around(raw, {
    async read(into) {
      const count = await raw.read(into);
      received += count ?? 0;
      return count;
    },
  });
  const [client, server] = [new TlsSocket(counting, { kind: "client", options: {} }), await listener.accept()];
  listener.close();
  const piece = new Uint8Array(65536).fill(7);
  let sent = 0;
  const total = 64 * 1024 * 1024;
  const sending = (async () => {
    while (sent < total) sent += await server.write(piece);
    await server.closeWrite();
  })();
  await standstill(() => sent);
  assert(sent < total / 2, `${sent} bytes were accepted for sending`);
  assert(received < 512 * 1024, `${received} bytes were received although the client does not read`);
  let got = 0;
  const buffer = new Uint8Array(65536);
  for (let count; (count = await client.read(buffer)) !== null;) got += count;
  await sending;
  assertEquals(got, total);
  client.close();
  server.close();
  await Promise.all([client.gone, server.gone]);
});

Deno.test("a pending write fails when the connection is lost, and so do later ones", async () => {
  const pair = await socketPair();
  await Promise.all([pair.client.handshake(), pair.server.handshake()]);
  const flood = flooding(pair.server);
  const failed = assertRejects(() => flood.done, Error);
  await standstill(flood.sent);
  pair.clientRaw.close();
  await failed;
  await assertRejects(() => pair.server.write(new Uint8Array(1)), Error);
  await pair[Symbol.asyncDispose]();
});

Deno.test("close() does not wait for a peer that does not read", async () => {
  await using pair = await socketPair();
  await Promise.all([pair.client.handshake(), pair.server.handshake()]);
  const flood = flooding(pair.server);
  const failed = assertRejects(() => flood.done, Error);
  await standstill(flood.sent);
  pair.server.close();
  await pair.server.gone;
  await failed;
});

Deno.test("close_notify is sent before the socket closes, however long its record is queued", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new TlsSocket(streamSocket(await Deno.connect({ port: listener.addr.port }), 1), {
    kind: "client",
    options: {},
  });
  const raw = await listener.accept();
  listener.close();
  const [held, waits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let writing: Promise<unknown> | null = null;
  const full = around(raw, {
    async write(bytes) {
      if (writing !== null) waits.resolve();
      await writing;
      return await raw.write(bytes);
    },
  });
  const { cert, key } = { cert: pki.server.certificate, key: pki.server.key };
  const server = new TlsSocket(full, {
    kind: "server",
    options: { cert, key },
    plaintextReply: () => new Uint8Array(),
    requireCertificate: false,
  });
  await Promise.all([client.handshake(), server.handshake()]);
  await writeText(server, "all of it");
  writing = held.promise;
  const ending = server.closeWrite().then(() => server.close());
  await waits.promise;
  await delay(10);
  held.resolve();
  await ending;
  assertEquals(await readAll(client), "all of it");
  client.close();
  await Promise.all([client.gone, server.gone]);
});

/** Which of the server's writes waits while the connection ends: the session tickets (RFC 8446 4.6.1), or `close_notify` itself. */
for (const [record, held] of [["the record before it", 2], ["its own record", 3]] as const) {
  Deno.test(`close_notify is sent although the peer has ended first, even if ${record} waits`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connecting = Deno.connect({ port: listener.addr.port });
    const client = new TlsSocket(streamSocket(await connecting, 1), { kind: "client", options: {} });
    const raw = await listener.accept();
    listener.close();
    const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let writes = 0;
    const slow = around(raw, {
      async write(bytes) {
        if (++writes === held) {
          begun.resolve();
          await released.promise;
        }
        return await raw.write(bytes);
      },
    });
    const server = tlsServer(serverTls())(slow) as TlsSocket;
    await client.closeWrite();
    assertEquals(await readAll(server), "");
    const ending = server.closeWrite().then(() => server.close());
    await begun.promise;
    // By then node:tls has ended both directions and closed.
    for (let turn = 0; turn < 20; turn++) await delay(0);
    released.resolve();
    await ending;
    assertEquals(await readAll(client), "");
    assertEquals(writes, 3);
    client.close();
    await Promise.all([client.gone, server.gone]);
  });
}

const PLAINTEXT_REPLY = "Cannot serve you: this port speaks TLS; try --tls (with ncat: --ssl)\n";

/** How a TLS server's handshake fails for a client that sends these bytes, and what the client receives. */
async function meet(
  bytes: Uint8Array | string,
  { handshakeTimeout = 2000, end = false } = {},
): Promise<{ failure: Error; answer: Uint8Array }> {
  const listener = tlsListener(serverTls(pki.server, { handshakeTimeout }));
  using client = await RawClient.connect(listener.port);
  const server = await listener.accept() as TlsSocket;
  listener.close();
  if (bytes.length > 0) await client.send(bytes);
  if (end) await client.end();
  const failure = await assertRejects(() => server.handshake(), Error);
  const answer = await client.restBytes();
  client.close();
  server.close();
  await server.gone;
  return { failure, answer };
}

Deno.test("a plaintext client gets a plaintext reply (T3, 56)", async () => {
  const { failure, answer } = await meet("hello\n");
  assertEquals((failure as Failure).code, 7);
  assert(failure instanceof PlaintextError);
  assertEquals([failure.bytesIn, failure.bytesOut], [6, answer.length]);
  assertEquals(new TextDecoder().decode(answer), PLAINTEXT_REPLY);
});

Deno.test("a silent client gets a plaintext reply in the end (T4, 57)", async () => {
  const { failure, answer } = await meet("", { handshakeTimeout: 50 });
  assert(failure instanceof PlaintextError);
  assertEquals([failure.bytesIn, failure.bytesOut], [0, answer.length]);
  assertEquals(new TextDecoder().decode(answer), PLAINTEXT_REPLY);
});

Deno.test("an unfinished handshake times out with an alert (T4, 57)", async () => {
  const { failure, answer } = await meet(Uint8Array.of(0x16, 3, 1, 2, 0, 1), { handshakeTimeout: 50 });
  assert(failure instanceof TimedOutError);
  assertMatch(failure.message, /^no TLS handshake within 0\.05 s/);
  assertEquals([...answer.subarray(0, 2), answer.length], [21, 3, 7]);
});

Deno.test("garbage in a handshake record ends the connection (T4)", async () => {
  const { failure } = await meet(Uint8Array.of(0x16, 3, 1, 0, 4, 0xff, 0xff, 0xff, 0xff, 9, 9));
  assertEquals((failure as Failure).code, 7);
});

Deno.test("a server that closes before a silent client has said anything is closed at once", async () => {
  const listener = tlsListener();
  using client = await RawClient.connect(listener.port);
  const server = await listener.accept() as TlsSocket;
  listener.close();
  server.close();
  // It waits neither for the client nor for a timer.
  assertEquals(await within(server.gone, 100), true);
  assertEquals((await client.restBytes()).length, 0);
});

Deno.test("a client that disconnects during the handshake cuts it off; the error names it", async () => {
  for (const bytes of ["", Uint8Array.of(0x16, 3, 1)]) {
    const { failure } = await meet(bytes, { end: true });
    assert(failure instanceof CutOffError);
    assertMatch(failure.message, /^Cannot speak TLS with 127\.0\.0\.1:\d+: it closed during the handshake$/);
  }
});

Deno.test("a ClientHello may arrive in single bytes (T4)", async () => {
  const listener = tlsListener();
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  raw.setNoDelay(true);
  const dribbling = around(raw, { write: (bytes) => raw.write(bytes.subarray(0, 1)) });
  const client = new TlsSocket(dribbling, { kind: "client", options: {} });
  const server = await listener.accept() as TlsSocket;
  listener.close();
  await writeText(client, "in pieces");
  await client.closeWrite();
  assertEquals(await readAll(server), "in pieces");
  client.close();
  server.close();
  await Promise.all([client.gone, server.gone]);
});

Deno.test("both sides report that they have no ALPN protocol in common", async () => {
  await using pair = await socketPair(serverTls(pki.server, { alpn: ["chat"] }), {
    kind: "client",
    options: { ALPNProtocols: ["http/1.1"] },
  });
  const said = await Promise.allSettled([pair.client.handshake(), pair.server.handshake()]);
  for (const each of said) {
    assert(each.status === "rejected" && each.reason instanceof Failure);
    assertEquals([each.reason.code, each.reason.message], [7, "no protocol in common (ALPN)"]);
  }
});

Deno.test("a client detects that the peer does not speak TLS (T3, 56)", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new TlsSocket(streamSocket(await Deno.connect({ port: listener.addr.port }), 1), {
    kind: "client",
    options: {},
  });
  using server = new RawClient(await listener.accept());
  listener.close();
  await server.send("220 ready\r\n");
  const failure = await assertRejects(() => client.handshake(), Failure);
  assertEquals([failure.code, failure.message], [7, "the peer does not speak TLS on this port"]);
  client.close();
  await client.gone;
});

Deno.test("a TLS socket counts large buffers against the memory limit and releases them", async () => {
  const memory = new MemoryBudget(10 * 1024 * 1024);
  await using pair = await socketPair();
  pair.server.countIn(memory);
  const bytes = new Uint8Array(1024 * 1024);
  const writing = writeAll(pair.client, bytes);
  const buffer = new Uint8Array(65536);
  let [total, most] = [0, 0];
  while (total < bytes.length) {
    total += await pair.server.read(buffer) ?? 0;
    most = Math.max(most, memory.used);
  }
  await writing;
  assertEquals(most, 8 * 65536);
  await writeText(pair.client, "little");
  await pair.server.read(buffer);
  assertEquals(memory.used, 0);
  const cutOff = writeAll(pair.client, bytes).catch(() => {});
  while (memory.used === 0) await pair.server.read(buffer);
  pair.server.close();
  await pair.server.gone;
  await cutOff;
  assertEquals(memory.used, 0);
});

Deno.test("a TLS socket still reads when the memory limit is exhausted", async () => {
  await using pair = await socketPair();
  pair.server.countIn(new MemoryBudget(1));
  const writing = writeAll(pair.client, new Uint8Array(100_000));
  const buffer = new Uint8Array(65536);
  for (let total = 0; total < 100_000;) total += await pair.server.read(buffer) ?? 0;
  await writing;
});
